/** Beginnings that tell readers, and release tools, what kind of change it is. */
export const prefixes = [
  { prefix: "feat", hint: "Something new" },
  { prefix: "fix", hint: "Something that was wrong" },
  { prefix: "docs", hint: "Texts alone" },
  { prefix: "style", hint: "Looks of the code alone" },
  { prefix: "refactor", hint: "The same, built better" },
  { prefix: "perf", hint: "The same, faster" },
  { prefix: "test", hint: "Tests alone" },
  { prefix: "chore", hint: "Tools, dependencies, upkeep" },
] as const;

/** The message with this beginning in the place of the one it had; a scope in brackets stays. */
export function withPrefix(message: string, prefix: string): string {
  const had = /^(?:feat|fix|docs|style|refactor|perf|test|chore)(\([^)]*\))?(!)?:\s*/.exec(message);
  return `${prefix}${had?.[1] ?? ""}${had?.[2] ?? ""}: ${message.slice(had?.[0].length ?? 0)}`;
}
