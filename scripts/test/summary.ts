import type { PartResult, Timed } from "./run-part.ts";

export interface RunSummary {
  results: readonly PartResult[];
  notRun: readonly string[];
  /** Seconds for fetching packages before the run. */
  fetchSeconds: number;
  wallSeconds: number;
}

const table = (rows: readonly (readonly string[])[]) => {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ")}`.trimEnd(),
  );
};
const slowest = (entries: readonly Timed[]) =>
  entries
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, 10)
    .map(({ name, seconds }) => `  ${seconds.toFixed(1).padStart(6)} s  ${name.slice(0, 150)}`);

/** The tables at the end of a run. The last line is `Total: N passed, N failed, N skipped`. */
export function summarize({ results, notRun, fetchSeconds, wallSeconds }: RunSummary): string {
  const sum = (count: "passed" | "failed" | "skipped" | "cpuSeconds") => results.reduce((all, result) => all + (result[count] ?? 0), 0);
  const row = ({
    name,
    passed,
    failed,
    skipped,
    wallSeconds: wall,
    cpuSeconds,
  }: Pick<PartResult, "name" | "passed" | "failed" | "skipped" | "wallSeconds" | "cpuSeconds">) => [
    name,
    ...[passed, failed, skipped].map(String),
    wall.toFixed(1),
    cpuSeconds?.toFixed(1) ?? "?",
  ];
  const total = {
    name: "total",
    passed: sum("passed"),
    failed: sum("failed"),
    skipped: sum("skipped"),
    wallSeconds,
    cpuSeconds: sum("cpuSeconds"),
  };
  const reasons = new Map<string, string[]>();
  for (const { name, reason } of results.flatMap(({ skips }) => skips)) reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
  const tests = slowest(results.flatMap((result) => result.tests));
  const files = slowest(results.flatMap((result) => result.files));
  return [
    ...(tests.length > 0 ? ["", "The slowest tests:", ...tests] : []),
    ...(files.length > 0 ? ["", "The slowest files and journeys:", ...files] : []),
    ...(reasons.size > 0 ? ["", "Skipped:"] : []),
    ...[...reasons].map(([reason, names]) =>
      `  ${names.length} because ${reason || "it is marked as skipped"}: ${names.slice(0, 3).join("; ")}${names.length > 3 ? "; …" : ""}`.slice(
        0,
        300,
      ),
    ),
    "",
    ...table([["", "passed", "failed", "skipped", "wall s", "CPU s"], ...results.map(row), row(total)]),
    ...(fetchSeconds > 0 ? [`  Fetching packages took ${fetchSeconds} s before that.`] : []),
    ...(total.failed > 0 ? ["", "Failed:"] : []),
    ...results.flatMap(({ failures }) => failures.map(({ name, reason }) => `  ${name}: ${reason}`.slice(0, 300))),
    ...notRun.map((name) => `not run: ${name}`),
    "",
    `Total: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`,
  ].join("\n");
}
