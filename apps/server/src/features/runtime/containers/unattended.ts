import type { StopReason } from "@tesslate/contract";
import type { RuntimeDriver } from "@tesslate/runtime";
import type { Logger } from "../../../platform/logger.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { findExclusiveTask, type Tasks } from "../../core/tasks/index.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { EarlyServices } from "./early-services.ts";
import type { ProjectHolds } from "./project-holds.ts";
import type { ProjectOperations } from "./project-operations.ts";
import type { Restarts } from "./restarts.ts";
import { isActive, isManaged, isServiceUp, readStates } from "./service-state.ts";
import { startKeysOf, type StartRequests } from "./start-requests.ts";
import { containerTask } from "./start-tasks.ts";
import type { ContainerStartup } from "./startup.ts";

export type StopUnattended = ReturnType<typeof createStopUnattended>;
/** Stops a project for a reason of the server's, such as idleness or memory. */
export const createStopUnattended =
  ({
    projects,
    stopProject,
    holds,
  }: {
    projects: Pick<Projects, "find">;
    stopProject: ProjectOperations["stopProject"];
    holds: Pick<ProjectHolds, "forget">;
  }) =>
  async (projectId: string, reason: StopReason): Promise<void> => {
    const project = await projects.find(projectId);
    if (project && project.environment_status !== "deleting") await stopProject(project, reason);
    else holds.forget(projectId);
  };

export type RestartFailed = ReturnType<typeof createRestartFailed>;
/** Restarts one service after a failure, unless an exchange will restart it. */
export const createRestartFailed =
  ({ store, projects, tasks }: { store: Pick<ContainersStore, "findByKey">; projects: Pick<Projects, "find">; tasks: Tasks }) =>
  async (projectId: string, key: string): Promise<void> => {
    const [project, row] = await Promise.all([projects.find(projectId), store.findByKey(projectId, key)]);
    if (!project || project.environment_status === "deleting" || !row || !isManaged(row)) return;
    if (await findExclusiveTask(tasks, projectId)) return;
    await tasks.createOnce(containerTask("container_start", project, row, false));
  };

export type ExchangeRestart = ReturnType<typeof createExchangeRestart>;
/** What ran before an operation that had to stop a project, and starting it again. */
export const createExchangeRestart = ({
  store,
  projects,
  startup,
  holds,
  early,
  log,
}: {
  store: Pick<ContainersStore, "listAll">;
  projects: Pick<Projects, "peekSandbox" | "sandboxOf" | "setEnvironment">;
  startup: Pick<ContainerStartup, "startAll">;
  holds: Pick<ProjectHolds, "updateStatus">;
  early: Pick<EarlyServices, "has">;
  log: Logger;
}) => ({
  /** Service keys of active services. */
  running: async (project: ProjectRow): Promise<string[]> => {
    if (early.has(project.id)) return [];
    const sandbox = await projects.peekSandbox(project.id);
    const states = (await sandbox?.services()) ?? [];
    return states.filter(isActive).map((state) => state.name);
  },
  /** Restarts these without a task, after an operation that had to stop them. Returns the names of those that did not start. */
  startAgain: async (project: ProjectRow, serviceKeys: readonly string[], signal: AbortSignal): Promise<string[]> => {
    const rows = (await store.listAll(project.id)).filter((row) => isManaged(row) && serviceKeys.includes(row.service_key));
    await projects.setEnvironment(project.id, "starting");
    await startup
      .startAll(project, rows, signal, async () => undefined)
      .catch((err: unknown) => log.warn({ err, project_id: project.id }, "some containers did not restart"));
    await holds.updateStatus(project.id);
    const stateOf = await readStates(await projects.sandboxOf(project));
    return rows.filter((row) => !isServiceUp(stateOf(row))).map((row) => row.name);
  },
});

export type ShutDown = ReturnType<typeof createShutDown>;
/** Before a project is deleted: stops everything without writing rows. */
export const createShutDown =
  ({
    store,
    requests,
    restarts,
    holds,
    early,
    runtime,
    log,
  }: {
    store: Pick<ContainersStore, "listAll">;
    requests: Pick<StartRequests, "cancel">;
    restarts: Pick<Restarts, "forget">;
    holds: Pick<ProjectHolds, "awake" | "forget">;
    early: Pick<EarlyServices, "stop">;
    runtime: Pick<RuntimeDriver, "find">;
    log: Logger;
  }) =>
  async (project: ProjectRow): Promise<void> => {
    restarts.forget(project.id);
    await requests.cancel(startKeysOf(project, await store.listAll(project.id)));
    await holds.awake(project.id).catch((err: unknown) => log.warn({ err, project_id: project.id }, "project not thawed"));
    holds.forget(project.id);
    await early.stop(project.id);
    const sandbox = await runtime.find(project.id);
    await sandbox?.stop();
  };
