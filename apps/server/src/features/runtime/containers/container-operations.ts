import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { EarlyServices } from "./early-services.ts";
import type { ProjectHolds } from "./project-holds.ts";
import { isManaged, isServiceUp, stateOf } from "./service-state.ts";
import type { StopServices } from "./service-stop.ts";
import { setupTaskKey } from "./names.ts";
import { nothingToDo, refuseExternal, type StartResult, type StartRequests } from "./start-requests.ts";
import { containerTask } from "./start-tasks.ts";

export type ContainerOperations = ReturnType<typeof createContainerOperations>;
/** Starts, stops and restarts single containers. */
export function createContainerOperations({
  store,
  projects,
  stop,
  requests,
  holds,
  early,
}: {
  store: Pick<ContainersStore, "holdStops">;
  projects: Pick<Projects, "sandboxOf" | "release">;
  stop: StopServices;
  requests: StartRequests;
  holds: ProjectHolds;
  early: Pick<EarlyServices, "has">;
}) {
  return {
    startContainer: async (project: ProjectRow, row: ContainerRow): Promise<StartResult> => {
      refuseExternal(row);
      await requests.refuseIfBusy(project);
      await store.holdStops([row.id], false);
      const pending = await requests.findUnfinished([
        `container_restart:${row.id}`,
        `container_start:${row.id}`,
        `project_restart:${project.id}`,
        `project_start:${project.id}`,
      ]);
      if (pending) return pending;
      if (!early.has(project.id) && isServiceUp(await stateOf(await projects.sandboxOf(project), row))) {
        await holds.awake(project.id);
        return nothingToDo;
      }
      return requests.begin(project, containerTask("container_start", project, row), row.service_key);
    },
    restartContainer: async (project: ProjectRow, row: ContainerRow): Promise<StartResult> => {
      refuseExternal(row);
      await requests.refuseIfBusy(project);
      await requests.cancel([`container_start:${row.id}`]);
      await store.holdStops([row.id], false);
      return requests.begin(project, containerTask("container_restart", project, row), row.service_key);
    },
    stopContainer: async (project: ProjectRow, row: ContainerRow): Promise<void> => {
      if (!isManaged(row) || project.environment_status === "provisioning") return;
      const work = async () => {
        await store.holdStops([row.id], true);
        await requests.cancel([`container_start:${row.id}`, `container_restart:${row.id}`]);
        await stop(project, row);
        await projects.release({ project_id: project.id, container_id: row.id, reason: "stopped" });
      };
      await holds.during(project, work, { reason: "user" });
    },
    /** Cancels copying files into the container's folder, before it is deleted. */
    cancelSetUp: (row: ContainerRow): Promise<void> => requests.cancel([setupTaskKey(row.id)]),
  };
}
