import type { LaunchFinding, LaunchReport, LaunchRule } from "@tesslate/contract";
import { formatBytes } from "../../lib/bytes.ts";
import { counted } from "../../lib/counted.ts";

export const launchRules: readonly LaunchRule[] = ["build", "pages", "secrets", "accessibility", "weight", "advisories"];
export const ruleName: Record<LaunchRule, string> = {
  build: "Clean build",
  pages: "Pages open",
  secrets: "Secrets in the bundle",
  accessibility: "Accessibility",
  weight: "Weight",
  advisories: "Dependencies",
};
/** What each rule looks at, for whoever chooses whether it blocks. */
export const ruleHint: Record<LaunchRule, string> = {
  build: "It builds from scratch, without an error.",
  pages: "Its pages open in a browser without an error.",
  secrets: "No value of a secret lies in what visitors load.",
  accessibility: "Its pages have no serious fault for keyboards and screen readers.",
  weight: "The first page loads no more than the budget.",
  advisories: "No package has a known hole with a fix.",
};

type Rule = LaunchReport["rules"][number];
export interface ReportRow extends Rule {
  findings: LaunchFinding[];
}
const weights: Record<LaunchFinding["severity"], number> = { critical: 0, serious: 1, minor: 2, info: 3 };
export const severityName: Record<LaunchFinding["severity"], string> = {
  critical: "Critical",
  serious: "Serious",
  minor: "Minor",
  info: "Note",
};

/** Each rule with what it found, the gravest first; in the order of the rules. */
export function rowsOf(report: LaunchReport): ReportRow[] {
  const byRule = Map.groupBy(report.findings, ({ rule }) => rule);
  return report.rules.map((rule) => ({
    ...rule,
    findings: (byRule.get(rule.rule) ?? []).toSorted((a, b) => weights[a.severity] - weights[b.severity]),
  }));
}

/** Rules that keep it from going out. */
export const blockersOf = (report: LaunchReport): LaunchRule[] =>
  report.rules.filter(({ status, is_blocking }) => status === "failed" && is_blocking).map(({ rule }) => rule);

/** "Passed, 1 warning", "Blocked by 2 rules". */
export function verdictOf(report: LaunchReport): { word: string; tone: "ok" | "warn" | "err" } {
  const blockers = blockersOf(report).length;
  if (report.is_blocked) return { word: blockers === 1 ? "Blocked by 1 rule" : `Blocked by ${blockers} rules`, tone: "err" };
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
