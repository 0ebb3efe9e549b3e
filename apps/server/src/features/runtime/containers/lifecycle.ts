import type { StopReason } from "@tesslate/contract";
import type { RuntimeDriver } from "@tesslate/runtime";
import { AppError, badRequest, conflict } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import {
  findExclusiveTask,
  refuseDuringExclusiveTask,
  taskLinks,
  type NewTask,
  type TaskContext,
  type TaskRow,
  type Tasks,
} from "../../core/tasks/index.ts";
import { urlOf, type PreviewAddress } from "./present.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import { setUpKey } from "./container-setup.ts";
import type { IdlePolicy } from "./idle-policy.ts";
import type { Restarts } from "./restarts.ts";
import type { RunningLimit } from "./running-limit.ts";
import { isAlive, isOurs, isUp, type Services } from "./services.ts";
import type { Starting } from "./startup.ts";

/** Of a whole chain of containers, each of which waits for those before it. */
const startTimeoutMs = 600_000;

/** The answer of every start and restart (accounts-projects 0.8). */
export interface StartAnswer {
  task_id: string | null;
  status_url: string | null;
  already_running?: boolean;
  already_started?: boolean;
}
/** Starting and stopping, of one container or of a whole project (accounts-projects 4.2). */
export type Power = ReturnType<typeof createPower>;

export function createPower({
  store,
  projects,
  tasks,
  services,
  starting,
  idle,
  running,
  restarts,
  runtime,
  address,
  log,
}: {
  store: ContainersStore;
  projects: Projects;
  tasks: Tasks;
  services: Services;
  starting: Starting;
  idle: IdlePolicy;
  running: RunningLimit;
  restarts: Restarts;
  runtime: RuntimeDriver;
  address: PreviewAddress;
  log: Logger;
}) {
  const { stop, stateOf, settleEnvironment } = services;

  const keysOf = (project: ProjectRow, rows: ContainerRow[]) => [
    `project_start:${project.id}`,
    `project_restart:${project.id}`,
    ...rows.flatMap((r) => [`container_start:${r.id}`, `container_restart:${r.id}`]),
  ];
  /** Until we have settled the project ourselves: what its services do meanwhile is our doing, and neither sleep nor use. */
  const holdFor = (project: ProjectRow) => idle.hold(project.id, { isUse: false });
  /** Starts under way make room for a stop. */
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
    message: isUse ? "Waiting to start" : "Starting again after a failure",
  });
  const loadBoth = async (task: TaskRow, containerId: string) => {
    const project = await projects.find(task.project_id ?? "");
    const row = project && (await store.find(project.id, containerId));
    if (!project || project.environment_status === "deleting" || !row) throw new AppError("not_found", "The container is gone.");
    return { project, row };
  };
  const runContainer =
    (isRestart: boolean) =>
    async ({ task, input, signal, progress }: TaskContext<{ container_id: string; is_use: boolean }>) => {
      const { project, row } = await loadBoth(task, input.container_id);
      const letGo = holdFor(project);
      try {
        if (isRestart) {
          await progress(5, `Stopping ${row.name}`);
          await stop(project, row);
        }
        if (project.environment_status !== "active") await projects.setEnvironment(project.id, "starting");
        await starting.startOne(project, row, signal, progress, { isUse: input.is_use });
      } finally {
        if (signal.reason !== "shutdown") await settleEnvironment(project);
        letGo();
      }
      return { container_id: row.id, container_name: row.container_name, url: urlOf(row, address), status: "running" };
    };
  /** What was called off before it began, and what a dead process had begun, leave a project that says it starts. */
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
    if (!isOurs(row)) throw badRequest("This is an external service; it is not started here.", "external_service");
  };
  const answer = ({ row, isNew }: { row: TaskRow; isNew: boolean }): StartAnswer => ({
    ...taskLinks(row),
    ...(!isNew && { already_started: true }),
  });
  /** Takes a place among the running projects, then starts; a person who starts something ends its loop of failures. */
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

  // --- all of a project ---

  const projectTask = (kind: "project_start" | "project_restart", project: ProjectRow) => ({
    user_id: project.owner_id,
    project_id: project.id,
    type: kind,
    unique_key: `${kind}:${project.id}`,
    metadata: { project_id: project.id, project_slug: project.slug, project_name: project.name },
    message: "Waiting to start",
  });
  const urlsOf = (rows: ContainerRow[]) => Object.fromEntries(rows.map((r) => [r.service_key, urlOf(r, address)]));
  /** A wake leaves out what was stopped by hand. */
  const runProject =
    (isRestart: boolean) =>
    async ({ task, input, signal, progress }: TaskContext<{ is_wake?: boolean } | null>) => {
      const project = await projects.find(task.project_id ?? "");
      if (!project || project.environment_status === "deleting") throw new AppError("not_found", "The project is gone.");
      const rows = (await store.listAll(project.id)).filter((row) => isOurs(row) && !(input?.is_wake && row.is_stop_held));
      const letGo = holdFor(project);
      try {
        if (isRestart) {
          await progress(5, "Stopping everything");
          await stop(project);
          await projects.release({ project_id: project.id, reason: "stopped" });
        }
        await projects.setEnvironment(project.id, "starting");
        await starting.startAll(project, rows, signal, progress);
      } finally {
        if (signal.reason !== "shutdown") await settleEnvironment(project);
        letGo();
      }
      return { containers: urlsOf(rows), status: "running" };
    };
  tasks.define("project_start", { timeoutMs: startTimeoutMs, run: runProject(false), ended: settle, interrupted: settle });
  tasks.define("project_restart", { timeoutMs: startTimeoutMs, run: runProject(true), ended: settle, interrupted: settle });

  /** By a person or the agent: starts also what they stopped before. */
  const startProject = async (project: ProjectRow): Promise<StartAnswer & { containers: Record<string, string | null> }> => {
    const rows = (await store.listAll(project.id)).filter(isOurs);
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
      // A wake that has begun leaves them out.
      for (const row of held) await begin(project, containerTask("container_start", project, row), row.service_key);
      return { ...pending, containers };
    }
    const sandbox = await projects.sandboxOf(project);
    if (rows.every((row) => isUp(stateOf(sandbox, row)))) {
      await idle.awake(project.id);
      return { ...nothingToDo, containers };
    }
    return { ...(await begin(project, projectTask("project_start", project))), containers };
  };

  /** A project stopped by a person stays stopped until a person or the agent starts it. */
  const isHeld = (project: ProjectRow, row?: ContainerRow): boolean =>
    (project.environment_status === "stopped" && (project.stop_reason === "user" || project.stop_reason === "admin")) ||
    row?.is_stop_held === true;
  /** Starts what idleness or a lack of room put to rest, and nothing that was stopped by hand. */
  const wakeProject = async (project: ProjectRow): Promise<void> => {
    const rows = (await store.listAll(project.id)).filter((row) => isOurs(row) && !row.is_stop_held);
    if (isHeld(project) || rows.length === 0) return;
    await refuseIfBusy(project);
    if (await findUnfinished([`project_restart:${project.id}`, `project_start:${project.id}`])) return;
    const sandbox = await projects.sandboxOf(project);
    if (rows.every((row) => isUp(stateOf(sandbox, row)))) await idle.awake(project.id);
    else await begin(project, { ...projectTask("project_start", project), input: { is_wake: true } });
  };

  /** `reason`: who or what wants it. */
  const stopProject = async (project: ProjectRow, reason: StopReason = "user"): Promise<void> => {
    // Nothing of it can run yet.
    if (project.environment_status === "provisioning" || project.environment_status === "setup_failed") return;
    const rows = await store.listAll(project.id);
    await cancelStarts(keysOf(project, rows));
    const sandbox = await projects.sandboxOf(project);
    const isNeeded =
      sandbox.services().some(isAlive) ||
      project.environment_status !== "stopped" ||
      rows.some((r) => isOurs(r) && r.status !== "stopped") ||
      // Asleep so far: from now on previews do not wake it either.
      ((reason === "user" || reason === "admin") && project.stop_reason !== reason);
    if (isNeeded) await projects.setEnvironment(project.id, "stopping");
    const letGo = holdFor(project);
    try {
      await stop(project);
      await projects.release({ project_id: project.id, reason: "stopped" });
    } finally {
      await settleEnvironment(project, reason);
      letGo();
    }
  };
  /** Stops a project while its files are replaced. Keeps the stop reason it had. */
  const stopForExchange = (project: ProjectRow): Promise<void> => stopProject(project, project.stop_reason ?? "idle");
  /** Stops a project nobody asked to stop. */
  const putToRest = async (projectId: string, reason: StopReason): Promise<void> => {
    const project = await projects.find(projectId);
    if (project && project.environment_status !== "deleting") await stopProject(project, reason);
    else idle.forget(projectId);
  };
  idle.onIdle((projectId) => putToRest(projectId, "idle"));
  running.onFull((projectId) => putToRest(projectId, "limit"));
  restarts.onDue(async (projectId, key) => {
    const [project, row] = await Promise.all([projects.find(projectId), store.findByKey(projectId, key)]);
    if (!project || project.environment_status === "deleting" || !row || !isOurs(row)) return;
    // It starts what ran before.
    if (await findExclusiveTask(tasks, projectId)) return;
    await tasks.createOnce(containerTask("container_start", project, row, false));
  });

  return {
    startProject,
    wakeProject,
    isHeld,
    stopProject,
    stopForExchange,
    putToRest,
    restartProject: async (project: ProjectRow): Promise<StartAnswer> => {
      const rows = (await store.listAll(project.id)).filter(isOurs);
      await refuseIfBusy(project);
      if (rows.length === 0) throw badRequest("This project has no containers to start.", "no_containers");
      // A start under way read its configuration already; a restart means the one of now.
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
      if (isUp(stateOf(await projects.sandboxOf(project), row))) {
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
      if (!isOurs(row) || project.environment_status === "provisioning") return;
      const letGo = holdFor(project);
      try {
        await store.holdStops([row.id], true);
        await cancelStarts([`container_start:${row.id}`, `container_restart:${row.id}`]);
        await stop(project, row);
        await projects.release({ project_id: project.id, container_id: row.id, reason: "stopped" });
      } finally {
        await settleEnvironment(project, "user");
        letGo();
      }
    },
    /** Before it goes: what still puts its files into its folder ends. */
    cancelSetUp: (row: ContainerRow): Promise<void> => cancelStarts([setUpKey(row.id)]),
    /** Service keys of what runs or starts. */
    running: async (project: ProjectRow): Promise<string[]> => {
      const sandbox = await projects.peekSandbox(project.id);
      return (
        sandbox
          ?.services()
          .filter(isAlive)
          .map((state) => state.name) ?? []
      );
    },
    /** Starts these again, without a task of its own: for work that had to stop them. Names of those that did not come up. */
    startAgain: async (project: ProjectRow, serviceKeys: readonly string[], signal: AbortSignal): Promise<string[]> => {
      const rows = (await store.listAll(project.id)).filter((row) => isOurs(row) && serviceKeys.includes(row.service_key));
      await projects.setEnvironment(project.id, "starting");
      await starting
        .startAll(project, rows, signal, async () => undefined)
        .catch((err: unknown) => log.warn({ err, project_id: project.id }, "not everything started again"));
      await settleEnvironment(project);
      const sandbox = await projects.sandboxOf(project);
      return rows.filter((row) => !isUp(stateOf(sandbox, row))).map((row) => row.name);
    },
    /** For the deletion of a project: nothing runs afterwards, and no row is written for it. */
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
