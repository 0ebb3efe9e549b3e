import type { CheckResult, Evidence, VerifyReport } from "@tesslate/contract";
import { counted } from "../../../lib/counted.ts";

export const checkNames: Record<CheckResult["name"], string> = { typecheck: "Types", lint: "Lint", test: "Tests", build: "Build" };

/** The newest report of a check, with its earlier attempts. */
export interface Proof {
  key: string;
  evidence: Evidence;
  earlier: Evidence[];
}

/** One proof per verified flow, and one for the checks, in the order of their first report. */
export function proofsOf(evidence: readonly Evidence[]): Proof[] {
  const byKey = new Map<string, Evidence[]>();
  for (const one of evidence) {
    const key = one.verify ? `verify:${one.verify.container}:${one.verify.title}` : "checks";
    byKey.set(key, [one, ...(byKey.get(key) ?? [])]);
  }
  return [...byKey].flatMap(([key, [newest, ...earlier]]) => (newest ? [{ key, evidence: newest, earlier }] : []));
}

/** Passed before the run and failed after it. */
export const turnedRed = ({ before, after }: CheckResult): boolean =>
  before?.status === "passed" && after !== null && after.status !== "passed" && after.status !== "not_run";

export const isGood = ({ verify, checks }: Evidence): boolean => (verify ? verify.success : (checks?.success ?? true));
export const isAllGood = (evidence: readonly Evidence[]): boolean => proofsOf(evidence).every((proof) => isGood(proof.evidence));

export function stepsText({ steps }: VerifyReport): string {
  const passed = steps.filter(({ status }) => status === "passed").length;
  return `${passed} of ${counted(steps.length, "step")}`;
}

export function checksText(checks: readonly CheckResult[]): string {
  const red = checks.filter(turnedRed).length;
  const passed = checks.filter(({ after }) => after?.status === "passed").length;
  return `${passed} of ${counted(checks.length, "check")} passed${red > 0 ? `, ${red} newly failed` : ""}`;
}

/** The newest results of a run in a few words: its checks, or the steps of its flows if it has none. */
export function evidenceText(evidence: readonly Evidence[]): string {
  const newest = proofsOf(evidence).map((proof) => proof.evidence);
  const checks = newest.flatMap((one) => one.checks?.checks ?? []);
  if (checks.length > 0) return `${checks.filter(({ after }) => after?.status === "passed").length} of ${counted(checks.length, "check")}`;
  const steps = newest.flatMap(({ verify }) => verify?.steps ?? []);
  return `${steps.filter(({ status }) => status === "passed").length} of ${counted(steps.length, "step")}`;
}

/** Errors and accessibility findings to show below the steps. Empty lists are left out. */
export function findingsOf(report: VerifyReport): { key: string; title: string; isBad: boolean; lines: string[] }[] {
  const { console_errors: errors, failed_requests: requests, blocked, accessibility } = report;
  const serious = (accessibility ?? []).filter(({ impact }) => impact === "serious" || impact === "critical").length;
  return [
    { key: "console", title: counted(errors.length, "console error"), isBad: true, lines: errors },
    { key: "requests", title: counted(requests.length, "failed request"), isBad: true, lines: requests },
    {
      key: "accessibility",
      title: `${counted(accessibility?.length ?? 0, "accessibility finding")}${serious > 0 ? `, ${serious} serious` : ""}`,
      isBad: serious > 0,
      lines: (accessibility ?? []).map(({ impact, help, count, places }) => `${impact}, ${count}×: ${help} (${places.join(", ")})`),
    },
    {
      key: "blocked",
      title: `${counted(blocked.length, "external host")} blocked`,
      isBad: false,
      lines: blocked.map(({ host, count }) => `${host}, ${counted(count, "request")}. The agent's browser can only reach the app.`),
    },
  ].filter(({ lines }) => lines.length > 0);
}
