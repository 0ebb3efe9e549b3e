import type { LaunchFinding, LaunchReport, LaunchCheck } from "@tesslate/contract";
import { formatBytes } from "../../lib/bytes.ts";
import { counted } from "../../lib/counted.ts";

export const launchChecks: readonly LaunchCheck[] = ["build", "pages", "secrets", "accessibility", "weight", "advisories"];
export const checkName: Record<LaunchCheck, string> = {
  build: "Clean build",
  pages: "Pages open",
  secrets: "Secrets in the bundle",
  accessibility: "Accessibility",
  weight: "Page weight",
  advisories: "Dependencies",
};
/** What each check requires. */
export const checkHint: Record<LaunchCheck, string> = {
  build: "The app builds from scratch without errors.",
  pages: "Pages open in a browser without errors.",
  secrets: "Files sent to visitors contain no secret values.",
  accessibility: "Pages have no serious issues for keyboard and screen reader users.",
  weight: "The first page doesn't exceed the budget.",
  advisories: "No dependencies have known critical or high vulnerabilities.",
};

type Check = LaunchReport["rules"][number];
export interface ReportRow extends Check {
  findings: LaunchFinding[];
}
const weights: Record<LaunchFinding["severity"], number> = { critical: 0, serious: 1, minor: 2, info: 3 };
export const severityName: Record<LaunchFinding["severity"], string> = {
  critical: "Critical",
  serious: "Serious",
  minor: "Minor",
  info: "Note",
};

/** Each check with its issues, the most severe first; in the order of the report. */
export function reportRowsOf(report: LaunchReport): ReportRow[] {
  const byCheck = Map.groupBy(report.findings, ({ rule }) => rule);
  return report.rules.map((check) => ({
    ...check,
    findings: (byCheck.get(check.rule) ?? []).toSorted((a, b) => weights[a.severity] - weights[b.severity]),
  }));
}

/** Failed checks that block. */
export const blockersOf = (report: LaunchReport): LaunchCheck[] =>
  report.rules.filter(({ status, is_blocking }) => status === "failed" && is_blocking).map(({ rule }) => rule);

/** "Passed, 1 warning", "Blocked by 2 checks". */
export function verdictOf(report: LaunchReport): { word: string; tone: "ok" | "warn" | "err" } {
  const blockers = blockersOf(report).length;
  if (report.is_blocked) return { word: `Blocked by ${counted(blockers, "check")}`, tone: "err" };
  const warned = report.rules.filter(({ status }) => status === "warned" || status === "failed").length;
  if (warned > 0) return { word: `Passed, ${counted(warned, "warning")}`, tone: "warn" };
  return { word: "Passed", tone: "ok" };
}

/** "2.3 MB, scripts 480 kB, first page 151 kB". */
export function weightText({ total, scripts, first_page }: NonNullable<LaunchReport["weight"]>): string {
  return [formatBytes(total), `scripts ${formatBytes(scripts)}`, first_page === null ? "" : `first page ${formatBytes(first_page)}`]
    .filter(Boolean)
    .join(", ");
}
