export interface Definition {
  key: string;
  sql: string;
}

/** Definitions in an order in which each finds what it needs; where things need each other, the order they came in. */
export function inOrder(definitions: readonly Definition[], edges: readonly { from: string; to: string }[]): string[] {
  const byKey = new Map(definitions.map((definition) => [definition.key, definition]));
  const needs = new Map<string, string[]>();
  for (const { from, to } of edges) if (from !== to && byKey.has(from) && byKey.has(to)) needs.set(from, [...(needs.get(from) ?? []), to]);
  const out: string[] = [];
  const seen = new Set<string>();
  for (const { key: first } of definitions) {
    // Depth first without recursion: views on views may go deep.
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
