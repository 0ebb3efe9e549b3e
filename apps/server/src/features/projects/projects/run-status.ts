import type { EnvironmentStatus, RunStatus } from "@tesslate/contract";

/** Whatever the containers say. */
export const fixedRunStatus: Partial<Record<EnvironmentStatus, RunStatus>> = {
  provisioning: "creating",
  setup_failed: "error",
  corrupted: "error",
  starting: "starting",
  stopping: "stopping",
  hibernating: "stopping",
  hibernated: "hibernated",
  deleting: "stopping",
};

/**
 * What a project is doing, from its stored status and the statuses of its non-external containers (accounts-projects 1).
 * A frozen container counts as running: it answers the next request.
 */
export function runStatusOf(environment: EnvironmentStatus, containers: readonly string[]): RunStatus {
  const known = fixedRunStatus[environment];
  if (known) return known;
  const up = containers.filter((s) => s === "running" || s === "frozen").length;
  if (up > 0) return up === containers.length ? "running" : "partial";
  if (containers.includes("starting")) return "starting";
  return containers.includes("failed") ? "error" : "stopped";
}
