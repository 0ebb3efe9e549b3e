import type { EnvironmentStatus, RunStatus } from "@tesslate/contract";

/** Regardless of the containers. */
export const fixedRunStatus: Partial<Record<EnvironmentStatus, RunStatus>> = {
  provisioning: "creating",
  setup_failed: "error",
  corrupted: "error",
  files_missing: "error",
  starting: "starting",
  stopping: "stopping",
  hibernating: "stopping",
  hibernated: "hibernated",
  deleting: "stopping",
};

/**
 * The run status of a project, derived from its stored status and the statuses of its non-external containers.
 * A frozen container counts as running, because it serves the next request.
 */
export function runStatusOf(environment: EnvironmentStatus, containers: readonly string[]): RunStatus {
  const known = fixedRunStatus[environment];
  if (known) return known;
  const up = containers.filter((s) => s === "running" || s === "frozen").length;
  if (up > 0) return up === containers.length ? "running" : "partial";
  if (containers.includes("starting")) return "starting";
  return containers.includes("failed") ? "error" : "stopped";
}
