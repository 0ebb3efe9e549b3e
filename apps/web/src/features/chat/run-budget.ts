import type { Run } from "./chat.types.ts";

/** Share of the window at which room should be made. */
export const crowdedPercent = 90;

/** How full the model's window is after the last call, in per cent; undefined before the first. */
export function contextPercent(run: Run | undefined): number | undefined {
  const { contextUsed, contextWindow } = run?.usage ?? {};
  return contextUsed === undefined || !contextWindow ? undefined : Math.min(100, Math.round((contextUsed / contextWindow) * 100));
}

const pausing: ReadonlySet<string> = new Set(["resource_limit_exceeded", "max_iterations", "credits_exhausted", "credit_deduction_failed"]);

/** A run that a cap or a limit stopped; it goes on when somebody lets it. */
export const isPaused = (run: Run | undefined): run is Run => run?.status === "limited" && pausing.has(run.reason ?? "");
