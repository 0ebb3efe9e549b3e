import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { EarlyServices } from "./early-services.ts";
import type { IdlePolicy } from "./idle-policy.ts";
import type { Restarts } from "./restarts.ts";
import { isManaged } from "./service-state.ts";
import type { ContainerStatusWriter } from "./status.ts";

export type StopServices = ReturnType<typeof createStopServices>;
/** Stops one service, or all of a project. */
export const createStopServices =
  ({
    store,
    projects,
    statusWriter,
    idle,
    restarts,
    early,
  }: {
    store: Pick<ContainersStore, "listAll">;
    projects: Pick<Projects, "sandboxOf">;
    statusWriter: Pick<ContainerStatusWriter, "stopped">;
    idle: Pick<IdlePolicy, "awake">;
    restarts: Pick<Restarts, "forget">;
    early: Pick<EarlyServices, "stop">;
  }) =>
  async (project: ProjectRow, row?: ContainerRow): Promise<void> => {
    restarts.forget(project.id, row?.service_key);
    await early.stop(project.id);
    const sandbox = await projects.sandboxOf(project);
    // A frozen process cannot handle signals.
    await idle.awake(project.id);
    await sandbox.stop(row?.service_key);
    for (const each of row ? [row] : await store.listAll(project.id)) if (isManaged(each)) await statusWriter.stopped(each);
  };
