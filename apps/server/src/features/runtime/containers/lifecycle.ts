import type { ContainerContext } from "./context.ts";
import type { StopReason } from "@tesslate/contract";
import { AppError, badRequest, conflict } from "../../../platform/errors.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import {
  findExclusiveTask,
  refuseDuringExclusiveTask,
  taskLinks,
  type NewTask,
  type TaskContext,
  type TaskRow,
} from "../../core/tasks/index.ts";
import { containerUrl } from "./present.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import { setupTaskKey } from "./container-setup.ts";
import type { IdlePolicy } from "./idle-policy.ts";
import type { Restarts } from "./restarts.ts";
import type { RunningLimit } from "./running-limit.ts";
import { isActive, isManaged, isServiceUp, type Services } from "./services.ts";
import type { ContainerStartup } from "./startup.ts";

/** For a whole chain of containers that wait for each other. */
const startTimeoutMs = 600_000;

/** The response of every start and restart. */
export interface StartAnswer {
  task_id: string | null;
  status_url: string | null;
  already_running?: boolean;
  already_started?: boolean;
}
/** Starts, stops and restarts one container or a whole project. */
export type ContainerLifecycle = ReturnType<typeof createContainerLifecycle>;

export function createContainerLifecycle(
  context: ContainerContext,
  {
    services,
    startup,
    idle,
    running,
    restarts,
  }: {
    services: Services;
    startup: ContainerStartup;
    idle: IdlePolicy;
    running: RunningLimit;
    restarts: Restarts;
  },
) {
  const { store, projects, tasks, runtime, address, log } = context;
  const { stop, stateOf, settleEnvironment } = services;

  const keysOf = (project: ProjectRow, rows: ContainerRow[]) => [
    `project_start:${project.id}`,
    `project_restart:${project.id}`,
    ...rows.flatMap((r) => [`container_start:${r.id}`, `container_restart:${r.id}`]),
  ];
  /** Holds the project until its status is settled: what its services do in between is neither idleness nor use. */
  const holdFor = (project: ProjectRow) => idle.hold(project.id, { isUse: false });
  /** A stop cancels starts in progress. */
  const cancelStarts = async (keys: string[]) => {
    for (const key of keys) {
      const task = await tasks.findUnfinished(key);
      if (!task) continue;
      await tasks.requestCancel(task.id);
      await tasks.settled(task.id);
    }
  };

  // --- one container ---

  const containerTask = (kind: "container_start" | "container_restart", project: ProjectRow, row: ContainerRow, isUse = true) => ({
    user_id: project.owner_id,
    project_id: project.id,
    type: kind,
    unique_key: `${kind}:${row.id}`,
    metadata: { project_slug: project.slug, project_id: project.id, container_id: row.id, container_name: row.container_name },
    input: { container_id: row.id, is_use: isUse },
    message: isUse ? "Waiting to start" : "Restarting after a failure",
  });
  const loadBoth = async (task: TaskRow, containerId: string) => {
    const project = await projects.find(task.project_id ?? "");
    const row = project && (await store.find(project.id, containerId));
    if (!project || project.environment_status === "deleting" || !row) throw new AppError("not_found", "The container was deleted.");
    return { project, row };
  };
  const runContainer =
    (isRestart: boolean) =>
    async ({ task, input, signal, progress }: TaskContext<{ container_id: string; is_use: boolean }>) => {
      const { project, row } = await loadBoth(task, input.container_id);
      const release = holdFor(project);
      try {
        if (isRestart) {
          await progress(5, `Stopping ${row.name}`);
          await stop(project, row);
        }
        if (project.environment_status !== "active") await projects.setEnvironment(project.id, "starting");
        await startup.startOne(project, row, signal, progress, { isUse: input.is_use });
      } finally {
        if (signal.reason !== "shutdown") await settleEnvironment(project);
        release();
      }
      return { container_id: row.id, container_name: row.container_name, url: containerUrl(row, address), status: "running" };
    };
  /** A cancelled or crashed start leaves the project in `starting`. */
  const settle = async ({ project_id }: TaskRow) => {
    if (project_id) await settleEnvironment({ id: project_id });
  };
  tasks.define("container_start", { timeoutMs: startTimeoutMs, run: runContainer(false), ended: settle, interrupted: settle });
  tasks.define("container_restart", { timeoutMs: startTimeoutMs, run: runContainer(true), ended: settle, interrupted: settle });

  const refuseIfBusy = async (project: ProjectRow) => {
    await refuseDuringExclusiveTask(tasks, project.id);
    if (project.environment_status === "provisioning" || project.environment_status === "stopping")
      throw conflict(
        "project_busy",
        `This project is being ${project.environment_status === "stopping" ? "stopped" : "set up"}. Try again in a moment.`,
      );
  };
  const refuseExternal = (row: ContainerRow) => {
    if (!isManaged(row)) throw badRequest("This is an external service and cannot be started or stopped here.", "external_service");
  };
  const answer = ({ row, isNew }: { row: TaskRow; isNew: boolean }): StartAnswer => ({
    ...taskLinks(row),
    ...(!isNew && { already_started: true }),
  });
  /** Claims a running slot, then starts; a manual start resets the crash backoff. */
  const begin = async (project: ProjectRow, task: NewTask & { unique_key: string }, key?: string): Promise<StartAnswer> => {
    await running.claim(project);
    restarts.forget(project.id, key);
    try {
      return answer(await tasks.createOnce(task));
    } catch (error) {
      await settleEnvironment(project);
      throw error;
    }
  };
  const nothingToDo: StartAnswer = { task_id: null, status_url: null, already_running: true };
  const findUnfinished = async (keys: string[]): Promise<StartAnswer | undefined> => {
    for (const key of keys) {
      const row = await tasks.findUnfinished(key);
      if (row) return answer({ row, isNew: false });
    }
    return undefined;
  };

  // --- whole project ---

  const projectTask = (kind: "project_start" | "project_restart", project: ProjectRow) => ({
    user_id: project.owner_id,
    project_id: project.id,
    type: kind,
    unique_key: `${kind}:${project.id}`,
    metadata: { project_id: project.id, project_slug: project.slug, project_name: project.name },
    message: "Waiting to start",
  });
  const urlsOf = (rows: ContainerRow[]) => Object.fromEntries(rows.map((r) => [r.service_key, containerUrl(r, address)]));
  /** Waking skips containers that were stopped by hand. */
  const runProject =
    (isRestart: boolean) =>
    async ({ task, input, signal, progress }: TaskContext<{ is_wake?: boolean } | null>) => {
      const project = await projects.find(task.project_id ?? "");
      if (!project || project.environment_status === "deleting") throw new AppError("not_found", "The project was deleted.");
      const rows = (await store.listAll(project.id)).filter((row) => isManaged(row) && !(input?.is_wake && row.is_stop_held));
      const release = holdFor(project);
      try {
        if (isRestart) {
          await progress(5, "Stopping everything");
          await stop(project);
          await projects.release({ project_id: project.id, reason: "stopped" });
        }
        await projects.setEnvironment(project.id, "starting");
        await startup.startAll(project, rows, signal, progress);
      } finally {
        if (signal.reason !== "shutdown") await settleEnvironment(project);
        release();
      }
      return { containers: urlsOf(rows), status: "running" };
    };
  tasks.define("project_start", { timeoutMs: startTimeoutMs, run: runProject(false), ended: settle, interrupted: settle });
  tasks.define("project_restart", { timeoutMs: startTimeoutMs, run: runProject(true), ended: settle, interrupted: settle });

  /** Started by a person or the agent: includes containers they stopped before. */
  const startProject = async (project: ProjectRow): Promise<StartAnswer & { containers: Record<string, string | null> }> => {
    const rows = (await store.listAll(project.id)).filter(isManaged);
    const containers = urlsOf(rows);
    await refuseIfBusy(project);
    if (rows.length === 0) throw badRequest("This project has no containers to start.", "no_containers");
    const held = rows.filter((row) => row.is_stop_held);
    await store.holdStops(
      held.map(({ id }) => id),
      false,
    );
    const pending = await findUnfinished([`project_restart:${project.id}`, `project_start:${project.id}`]);
    if (pending) {
      // A wake in progress skips them.
      for (const row of held) await begin(project, containerTask("container_start", project, row), row.service_key);
      return { ...pending, containers };
    }
    const sandbox = await projects.sandboxOf(project);
    if (rows.every((row) => isServiceUp(stateOf(sandbox, row)))) {
      await idle.awake(project.id);
      return { ...nothingToDo, containers };
    }
    return { ...(await begin(project, projectTask("project_start", project))), containers };
  };

  /** A project stopped by a person stays stopped until a person or the agent starts it. */
  const isHeld = (project: ProjectRow, row?: ContainerRow): boolean =>
    (project.environment_status === "stopped" && (project.stop_reason === "user" || project.stop_reason === "admin")) ||
    row?.is_stop_held === true;
  /** Starts what was stopped because of idleness or limits, and nothing that was stopped by hand. */
  const wakeProject = async (project: ProjectRow): Promise<void> => {
    const rows = (await store.listAll(project.id)).filter((row) => isManaged(row) && !row.is_stop_held);
    if (isHeld(project) || rows.length === 0) return;
    await refuseIfBusy(project);
    if (await findUnfinished([`project_restart:${project.id}`, `project_start:${project.id}`])) return;
    const sandbox = await projects.sandboxOf(project);
    if (rows.every((row) => isServiceUp(stateOf(sandbox, row)))) await idle.awake(project.id);
    else await begin(project, { ...projectTask("project_start", project), input: { is_wake: true } });
  };

  /** `reason`: stored with the project. */
  const stopProject = async (project: ProjectRow, reason: StopReason = "user"): Promise<void> => {
    // Nothing can run yet.
    if (project.environment_status === "provisioning" || project.environment_status === "setup_failed") return;
    const rows = await store.listAll(project.id);
    await cancelStarts(keysOf(project, rows));
    const sandbox = await projects.sandboxOf(project);
    const isNeeded =
      sandbox.services().some(isActive) ||
      project.environment_status !== "stopped" ||
      rows.some((r) => isManaged(r) && r.status !== "stopped") ||
      // So far only idle: from now on previews must not wake it.
      ((reason === "user" || reason === "admin") && project.stop_reason !== reason);
    if (isNeeded) await projects.setEnvironment(project.id, "stopping");
    const release = holdFor(project);
    try {
      await stop(project);
      await projects.release({ project_id: project.id, reason: "stopped" });
    } finally {
      await settleEnvironment(project, reason);
      release();
    }
  };
  /** Stops a project while its files are replaced, keeping its stop reason. */
  const stopForExchange = (project: ProjectRow): Promise<void> => stopProject(project, project.stop_reason ?? "idle");
  /** Stops a project for a reason of the server's, such as idleness or memory. */
  const stopUnattended = async (projectId: string, reason: StopReason): Promise<void> => {
    const project = await projects.find(projectId);
    if (project && project.environment_status !== "deleting") await stopProject(project, reason);
    else idle.forget(projectId);
  };
  /** Restarts one service after a failure, unless an exchange will restart it. */
  const restartFailed = async (projectId: string, key: string): Promise<void> => {
    const [project, row] = await Promise.all([projects.find(projectId), store.findByKey(projectId, key)]);
    if (!project || project.environment_status === "deleting" || !row || !isManaged(row)) return;
    if (await findExclusiveTask(tasks, projectId)) return;
    await tasks.createOnce(containerTask("container_start", project, row, false));
  };

  return {
    startProject,
    wakeProject,
    isHeld,
    stopProject,
    stopForExchange,
    stopUnattended,
    restartFailed,
    restartProject: async (project: ProjectRow): Promise<StartAnswer> => {
      const rows = (await store.listAll(project.id)).filter(isManaged);
      await refuseIfBusy(project);
      if (rows.length === 0) throw badRequest("This project has no containers to start.", "no_containers");
      // A start in progress already read the configuration; a restart must use the current one.
      await cancelStarts(keysOf(project, rows).filter((key) => !key.startsWith("project_restart:")));
      await store.holdStops(
        rows.map(({ id }) => id),
        false,
      );
      return begin(project, projectTask("project_restart", project));
    },
    startContainer: async (project: ProjectRow, row: ContainerRow): Promise<StartAnswer> => {
      refuseExternal(row);
      await refuseIfBusy(project);
      await store.holdStops([row.id], false);
      const pending = await findUnfinished([
        `container_restart:${row.id}`,
        `container_start:${row.id}`,
        `project_restart:${project.id}`,
        `project_start:${project.id}`,
      ]);
      if (pending) return pending;
      if (isServiceUp(stateOf(await projects.sandboxOf(project), row))) {
        await idle.awake(project.id);
        return nothingToDo;
      }
      return begin(project, containerTask("container_start", project, row), row.service_key);
    },
    restartContainer: async (project: ProjectRow, row: ContainerRow): Promise<StartAnswer> => {
      refuseExternal(row);
      await refuseIfBusy(project);
      await cancelStarts([`container_start:${row.id}`]);
      await store.holdStops([row.id], false);
      return begin(project, containerTask("container_restart", project, row), row.service_key);
    },
    stopContainer: async (project: ProjectRow, row: ContainerRow): Promise<void> => {
      if (!isManaged(row) || project.environment_status === "provisioning") return;
      const release = holdFor(project);
      try {
        await store.holdStops([row.id], true);
        await cancelStarts([`container_start:${row.id}`, `container_restart:${row.id}`]);
        await stop(project, row);
        await projects.release({ project_id: project.id, container_id: row.id, reason: "stopped" });
      } finally {
        await settleEnvironment(project, "user");
        release();
      }
    },
    /** Cancels copying files into the container's folder, before it is deleted. */
    cancelSetUp: (row: ContainerRow): Promise<void> => cancelStarts([setupTaskKey(row.id)]),
    /** Service keys of active services. */
    running: async (project: ProjectRow): Promise<string[]> => {
      const sandbox = await projects.peekSandbox(project.id);
      return (
        sandbox
          ?.services()
          .filter(isActive)
          .map((state) => state.name) ?? []
      );
    },
    /** Restarts these without a task, after an operation that had to stop them. Returns the names of those that did not start. */
    startAgain: async (project: ProjectRow, serviceKeys: readonly string[], signal: AbortSignal): Promise<string[]> => {
      const rows = (await store.listAll(project.id)).filter((row) => isManaged(row) && serviceKeys.includes(row.service_key));
      await projects.setEnvironment(project.id, "starting");
      await startup
        .startAll(project, rows, signal, async () => undefined)
        .catch((err: unknown) => log.warn({ err, project_id: project.id }, "some containers did not restart"));
      await settleEnvironment(project);
      const sandbox = await projects.sandboxOf(project);
      return rows.filter((row) => !isServiceUp(stateOf(sandbox, row))).map((row) => row.name);
    },
    /** Before a project is deleted: stops everything without writing rows. */
    shutDown: async (project: ProjectRow): Promise<void> => {
      restarts.forget(project.id);
      await cancelStarts(keysOf(project, await store.listAll(project.id)));
      await idle.awake(project.id).catch((err: unknown) => log.warn({ err, project_id: project.id }, "project not thawed"));
      idle.forget(project.id);
      const sandbox = await runtime.find(project.id);
      await sandbox?.stop();
    },
  };
}
