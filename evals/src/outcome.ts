import { stripVTControlCharacters } from "node:util";

/** A check of what a run made. Checks that could not run, because the app did not start for example, are `skipped`; they do not count as passed. */
export interface CheckResult {
  kind: "types" | "build" | "command" | "start" | "browser" | "errors" | "accessibility" | "test" | "spec";
  name: string;
  status: "passed" | "failed" | "skipped";
  /** Why it failed or was skipped. */
  detail?: string;
  ms: number;
}

/** The result of one task. */
export interface Outcome {
  name: string;
  title: string;
  checks: CheckResult[];
  /** How the agent's run ended: a completion reason, and the error if there was one. */
  ended: string;
  steps: number;
  /** Includes `tokens_cached`. */
  tokens_in: number;
  tokens_cached: number;
  tokens_out: number;
  /** Milliseconds of the agent's run. */
  run_ms: number;
  /** Milliseconds of preparing, running and judging. */
  ms: number;
}

export const hasPassed = ({ checks }: Outcome): boolean => checks.length > 0 && checks.every(({ status }) => status === "passed");

const maxDetail = 1500;
/** The end of an output, where programs print their errors, without colors. */
export const shortened = (text: string): string => stripVTControlCharacters(text).trim().slice(-maxDetail);

/** Runs a check; an error is its failure. */
export async function attempt(kind: CheckResult["kind"], name: string, work: () => Promise<void>): Promise<CheckResult> {
  const started = performance.now();
  const result = await work().then(
    (): Pick<CheckResult, "status" | "detail"> => ({ status: "passed" }),
    (error: unknown) => ({ status: "failed" as const, detail: shortened(error instanceof Error ? error.message : String(error)) }),
  );
  return { kind, name, ...result, ms: Math.round(performance.now() - started) };
}

export const skipped = (kind: CheckResult["kind"], name: string, why: string): CheckResult => ({
  kind,
  name,
  status: "skipped",
  detail: why,
  ms: 0,
});
