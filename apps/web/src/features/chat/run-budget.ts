import type { Run } from "./chat.types.ts";

/** Use of the context window at which compaction is offered. */
export const crowdedPercent = 90;

/** Use of the context window after the last model call, in percent; undefined before the first. */
export function contextPercent(run: Pick<Run, "usage"> | undefined): number | undefined {
  const { contextUsed, contextWindow } = run?.usage ?? {};
  return contextUsed === undefined || !contextWindow ? undefined : Math.min(100, Math.round((contextUsed / contextWindow) * 100));
}

const pausing: ReadonlySet<string> = new Set(["resource_limit_exceeded", "max_iterations", "credits_exhausted", "credit_deduction_failed"]);

/** A run that a limit has paused; it can be continued. */
export const isPaused = (run: Run | undefined): run is Run => run?.status === "limited" && pausing.has(run.reason ?? "");
