/** Conventional Commits prefixes. */
export const prefixes = [
  { prefix: "feat", hint: "New feature" },
  { prefix: "fix", hint: "Bug fix" },
  { prefix: "docs", hint: "Documentation only" },
  { prefix: "style", hint: "Formatting only" },
  { prefix: "refactor", hint: "Code change, same behavior" },
  { prefix: "perf", hint: "Performance improvement" },
  { prefix: "test", hint: "Tests only" },
  { prefix: "chore", hint: "Tools, dependencies, maintenance" },
] as const;

/** Sets or replaces the prefix of a message. Keeps its scope. */
export function withPrefix(message: string, prefix: string): string {
  const had = /^(?:feat|fix|docs|style|refactor|perf|test|chore)(\([^)]*\))?(!)?:\s*/.exec(message);
  return `${prefix}${had?.[1] ?? ""}${had?.[2] ?? ""}: ${message.slice(had?.[0].length ?? 0)}`;
}
