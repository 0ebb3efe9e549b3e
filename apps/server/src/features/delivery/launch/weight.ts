import type { LaunchReport } from "@tesslate/contract";
import type { LaunchArtifact } from "./artifact.ts";
import { finding, skipped, verdictOf, type Verdict, type LaunchInput } from "./report.ts";
import type { MeasuredResponse } from "./traffic.ts";

const heaviest = 5;

/** Compares what visitors load with the budget. `firstPage`: empty when no page was opened. */
export function inspectWeight(
  artifact: LaunchArtifact,
  { settings }: Pick<LaunchInput, "settings">,
  firstPage: readonly MeasuredResponse[],
  reason: string | undefined,
): { verdict: Verdict; weight: NonNullable<LaunchReport["weight"]> } {
  const scripts = [...artifact.files].filter(([path]) => /\.[cm]?js$/.test(path)).reduce((sum, [, { size }]) => sum + size, 0);
  const first = firstPage.reduce((sum, { bytes }) => sum + bytes, 0);
  const weight = { total: artifact.totalBytes, scripts, first_page: firstPage.length === 0 ? null : first };
  if (weight.first_page === null) return { verdict: skipped("weight", reason ?? "No page was opened."), weight };
  const budget = settings.weight_budget;
  if (first <= budget) return { verdict: verdictOf("weight", `the first page loads ${sizeOf(first)} of ${sizeOf(budget)}`, []), weight };
  const summary = `the first page loads ${sizeOf(first)}, the budget is ${sizeOf(budget)}`;
  const findings = [finding("weight", "serious", `T${summary.slice(1)}.`, { page: "/" })];
  for (const { path, bytes } of firstPage.toSorted((a, b) => b.bytes - a.bytes).slice(0, heaviest))
    findings.push(
      finding("weight", "minor", `${path} weighs ${sizeOf(bytes)}.`, { page: "/", path: path.replace(/^\//, "") || "index.html" }),
    );
  return { verdict: verdictOf("weight", summary, findings), weight };
}

const sizeOf = (bytes: number): string => (bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`);
