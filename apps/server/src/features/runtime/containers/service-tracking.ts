import type { StopReason } from "@tesslate/contract";
import type { RuntimeDriver, ServiceState } from "@tesslate/runtime";
import type { Logger } from "../../../platform/logger.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { EarlyServices } from "./early-services.ts";
import type { IdlePolicy } from "./idle-policy.ts";
import type { Restarts } from "./restarts.ts";
import { hasActive, isActive } from "./service-state.ts";
import type { ContainerStatusWriter } from "./status.ts";
import type { StylesheetRefresh } from "./stylesheet-refresh.ts";

export type ServiceTracking = ReturnType<typeof createServiceTracking>;
/** Follows the states of services: rows, restarts, idleness, styles of new files and the status of the project. */
export function createServiceTracking({
  projects,
  runtime,
  statusWriter,
  idle,
  restarts,
  stylesheets,
  early,
  log,
}: {
  projects: Pick<Projects, "peekSandbox" | "onServiceState" | "setEnvironment">;
  runtime: Pick<RuntimeDriver, "find">;
  statusWriter: Pick<ContainerStatusWriter, "note">;
  idle: IdlePolicy;
  restarts: Restarts;
  stylesheets: Pick<StylesheetRefresh, "seen">;
  early: Pick<EarlyServices, "has">;
  log: Logger;
}) {
  const adopt = (projectId: string, state: ServiceState) => {
    restarts.seen(projectId, state);
    stylesheets.seen(projectId, state);
    const written = statusWriter.note(projectId, state);
    if (isActive(state)) idle.watch(projectId, state.status === "frozen");
    else
      void written
        .then(() => updateWhenNothingRuns(projectId))
        .catch((err: unknown) => log.warn({ err, project_id: projectId }, "environment status not updated"));
  };
  /** The last service ended and no restart is due. A holder of the project updates the status itself. */
  const updateWhenNothingRuns = async (projectId: string) => {
    if (restarts.isPending(projectId) || idle.isHeld(projectId)) return;
    const sandbox = await projects.peekSandbox(projectId);
    if (sandbox && !(await hasActive(sandbox))) await updateEnvironmentStatus({ id: projectId });
  };
  /** Updates the project's stored status after its containers changed. `reason`: stored when nothing runs anymore. */
  const updateEnvironmentStatus = async (project: Pick<ProjectRow, "id">, reason?: StopReason): Promise<void> => {
    const sandbox = await (projects.peekSandbox(project.id) ?? runtime.find(project.id));
    const runs = sandbox !== undefined && !early.has(project.id) && (await hasActive(sandbox));
    const isAwake = runs || restarts.isPending(project.id);
    if (!isAwake) idle.forget(project.id);
    await projects.setEnvironment(project.id, isAwake ? "active" : "stopped", reason);
  };

  projects.onServiceState(adopt);

  return {
    updateEnvironmentStatus,
    /** Starts tracking a service that already runs. */
    adopt,
  };
}
