export interface Definition {
  key: string;
  sql: string;
}

/** Sorts definitions by dependency; cycles keep their original order. */
export function sortByDependency(definitions: readonly Definition[], edges: readonly { from: string; to: string }[]): string[] {
  const byKey = new Map(definitions.map((definition) => [definition.key, definition]));
  const needs = new Map<string, string[]>();
  for (const { from, to } of edges) if (from !== to && byKey.has(from) && byKey.has(to)) needs.set(from, [...(needs.get(from) ?? []), to]);
  const out: string[] = [];
  const seen = new Set<string>();
  for (const { key: first } of definitions) {
    // Iterative depth-first search, because views can be nested deeply.
    const stack = [{ key: first, isDone: false }];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      if (top.isDone) {
        out.push(byKey.get(top.key)?.sql ?? "");
        continue;
      }
      if (seen.has(top.key)) continue;
      seen.add(top.key);
      stack.push({ key: top.key, isDone: true });
      for (const key of needs.get(top.key) ?? []) if (!seen.has(key)) stack.push({ key, isDone: false });
    }
  }
  return out;
}
