import type { ProjectStatus } from "@tesslate/contract";
import { RuntimeError, type RuntimeDriver, type Sandbox, type ServiceState } from "@tesslate/runtime";
import { AppError, badRequest, conflict } from "../../platform/errors.ts";
import type { Logger } from "../../platform/logger.ts";
import { runStatusOf, type Projects } from "../projects/index.ts";
import type { ProjectRow } from "../projects/projects.table.ts";
import { taskLinks, type TaskContext, type TaskRow, type Tasks } from "../tasks/index.ts";
import { urlOf, type PreviewAddress } from "./container-shape.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { ContainerRow } from "./containers.table.ts";
import { maskSecrets, type EnvironmentVault } from "./environment.ts";
import type { IdlePolicy } from "./idle-policy.ts";
import { failureOf, type StatusKeeper } from "./status-keeper.ts";

/** How long a service may take until something inside listens. */
const readyMs = 120_000;
const startTimeoutMs = 180_000;

/** The answer of every start and restart (accounts-projects 0.8). */
export interface StartAnswer {
  task_id: string | null;
  status_url: string | null;
  already_running?: boolean;
  already_started?: boolean;
}
type Report = (percent: number, message: string) => Promise<void>;

export const isUp = (state: Pick<ServiceState, "status"> | undefined): boolean => state?.status === "running" || state?.status === "frozen";
const isAlive = (state: Pick<ServiceState, "status"> | undefined): boolean => isUp(state) || state?.status === "starting";
/** The port a container is told to listen on (accounts-projects 4.2). */
export const portOf = (row: Pick<ContainerRow, "internal_port" | "port">): number => row.internal_port ?? row.port ?? 3000;
const isOurs = (row: ContainerRow) => row.deployment_mode === "container";

/** Starting and stopping, of one container or of a whole project (accounts-projects 4.2). */
export type Power = ReturnType<typeof createPower>;

export function createPower({
  store,
  projects,
  tasks,
  keeper,
  idle,
  vault,
  runtime,
  address,
  log,
}: {
  store: ContainersStore;
  projects: Projects;
  tasks: Tasks;
  keeper: StatusKeeper;
  idle: IdlePolicy;
  vault: EnvironmentVault;
  runtime: RuntimeDriver;
  address: PreviewAddress;
  log: Logger;
}) {
  const adopt = (projectId: string, state: ServiceState) => {
    void keeper.note(projectId, state);
    if (isAlive(state)) idle.watch(projectId, state.status === "frozen");
    else void forgetIfStill(projectId);
  };
  /** What crashed stays as it is: there is nothing left to put to sleep, and its failure must not turn into a plain stop. */
  const forgetIfStill = async (projectId: string) => {
    const sandbox = await projects.peekSandbox(projectId)?.catch(() => undefined);
    if (!sandbox?.services().some(isAlive)) idle.forget(projectId);
  };
  projects.onServiceState(adopt);

  const stateOf = (sandbox: Sandbox, row: ContainerRow) => sandbox.services().find((s) => s.name === row.service_key);
  /** Right wins: the container's variables, then what it cannot choose itself. */
  const environmentOf = (project: ProjectRow, row: ContainerRow): Record<string, string> => ({
    // Vite refuses unknown host names; the preview's is ours to know.
    __VITE_ADDITIONAL_SERVER_ALLOWED_HOSTS: `.${address.domain}`,
    ...vault.open(row),
    PROJECT_ID: project.id,
    CONTAINER_ID: row.id,
    CONTAINER_NAME: row.container_name,
    PORT: String(portOf(row)),
    HOST: "0.0.0.0",
  });
  const startError = (row: ContainerRow, error: unknown): unknown => {
    if (!(error instanceof RuntimeError)) return error;
    // The driver's message quotes the program's output: masked for people, and left out of the log altogether.
    return new AppError("start_failed", maskSecrets(error.message, vault.open(row)), { cause: error.cause });
  };

  /** Starts one service and waits until something inside listens. Throws `start_failed` with the last lines. */
  const startOne = async (project: ProjectRow, row: ContainerRow, signal: AbortSignal, report: Report): Promise<void> => {
    await report(10, `Checking ${row.name}`);
    if (!row.start_command || row.start_command.length === 0) throw new AppError("start_failed", `${row.name} has no start command.`);
    await report(25, "Opening the project");
    const sandbox = await projects.sandboxOf(project);
    // A slow start is not idleness.
    const release = await idle.keepAwake(project.id);
    try {
      await report(40, "Reading the configuration");
      const env = environmentOf(project, row);
      await report(55, `Starting ${row.name}`);
      if (!isAlive(stateOf(sandbox, row))) await store.update(row.id, { needs_restart: false });
      await sandbox.start({ name: row.service_key, command: row.start_command, cwd: row.directory, env, port: portOf(row) });
      await report(70, `${row.name} is reachable at its address`);
      await report(85, `Waiting until ${row.name} answers`);
      await sandbox.ready(row.service_key, { timeoutMs: readyMs, signal });
    } catch (error) {
      if (signal.aborted) {
        // At shutdown it stays for the next start to adopt.
        if (signal.reason !== "shutdown") await sandbox.stop(row.service_key);
      } else if (error instanceof RuntimeError && error.code === "start_timeout") {
        const lines = stateOf(sandbox, row)?.lastLines ?? [];
        await sandbox.stop(row.service_key);
        await keeper.fail(row, `Nothing listened on a port within ${readyMs / 1000} s, so it was stopped.`, lines);
      } else {
        await keeper.written(project.id);
        const state = stateOf(sandbox, row);
        // What never came to life has told the keeper nothing.
        if (state?.status !== "failed")
          await keeper.fail(row, error instanceof RuntimeError ? maskSecrets(error.message, vault.open(row)) : "It could not be started.");
      }
      throw startError(row, error);
    } finally {
      release();
    }
  };

  /** The stored status of the project after its containers changed. */
  const settleEnvironment = async (project: Pick<ProjectRow, "id">): Promise<void> => {
    const sandbox = await projects.peekSandbox(project.id);
    const isActive = sandbox?.services().some(isAlive) ?? false;
    if (!isActive) idle.forget(project.id);
    await projects.setEnvironment(project.id, isActive ? "active" : "stopped");
  };

  const stopService = async (project: ProjectRow, row?: ContainerRow) => {
    const sandbox = await projects.sandboxOf(project);
    // A frozen process cannot hear that it should end.
    await idle.awake(project.id);
    await sandbox.stop(row?.service_key);
    for (const each of row ? [row] : await store.listAll(project.id)) if (isOurs(each)) await keeper.stopped(each);
  };
  const keysOf = (project: ProjectRow, rows: ContainerRow[]) => [
    `project_start:${project.id}`,
    `project_restart:${project.id}`,
    ...rows.flatMap((r) => [`container_start:${r.id}`, `container_restart:${r.id}`]),
  ];
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

  const containerTask = (kind: "container_start" | "container_restart", project: ProjectRow, row: ContainerRow) => ({
    user_id: project.owner_id,
    project_id: project.id,
    type: kind,
    unique_key: `${kind}:${row.id}`,
    metadata: { project_slug: project.slug, project_id: project.id, container_id: row.id, container_name: row.container_name },
    input: { container_id: row.id },
    message: "Waiting to start",
  });
  const loadBoth = async (task: TaskRow, containerId: string) => {
    const project = await projects.find(task.project_id ?? "");
    const row = project && (await store.find(project.id, containerId));
    if (!project || project.environment_status === "deleting" || !row) throw new AppError("not_found", "The container is gone.");
    return { project, row };
  };
  const runContainer =
    (isRestart: boolean) =>
    async ({ task, input, signal, progress }: TaskContext<{ container_id: string }>) => {
      const { project, row } = await loadBoth(task, input.container_id);
      try {
        if (isRestart) {
          await progress(5, `Stopping ${row.name}`);
          await stopService(project, row);
        }
        if (project.environment_status !== "active") await projects.setEnvironment(project.id, "starting");
        await startOne(project, row, signal, progress);
      } finally {
        if (signal.reason !== "shutdown") await settleEnvironment(project);
      }
      return { container_id: row.id, container_name: row.container_name, url: urlOf(row, address), status: "running" };
    };
  tasks.define("container_start", { timeoutMs: startTimeoutMs, run: runContainer(false) });
  tasks.define("container_restart", { timeoutMs: startTimeoutMs, run: runContainer(true) });

  const refuseIfBusy = (project: ProjectRow) => {
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
  const runProject =
    (isRestart: boolean) =>
    async ({ task, signal, progress }: TaskContext) => {
      const project = await projects.find(task.project_id ?? "");
      if (!project || project.environment_status === "deleting") throw new AppError("not_found", "The project is gone.");
      const rows = (await store.listAll(project.id)).filter(isOurs);
      try {
        if (isRestart) {
          await progress(5, "Stopping everything");
          await stopService(project);
          await projects.release({ project_id: project.id, reason: "stopped" });
        }
        await projects.setEnvironment(project.id, "starting");
        let done = 0;
        const outcomes = await Promise.allSettled(
          rows.map((row) =>
            startOne(project, row, signal, async (percent, message) =>
              progress(((done + percent / 100) / rows.length) * 100, message),
            ).finally(() => done++),
          ),
        );
        for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
      } finally {
        if (signal.reason !== "shutdown") await settleEnvironment(project);
      }
      return { containers: urlsOf(rows), status: "running" };
    };
  tasks.define("project_start", { timeoutMs: startTimeoutMs, run: runProject(false) });
  tasks.define("project_restart", { timeoutMs: startTimeoutMs, run: runProject(true) });

  const startProject = async (project: ProjectRow): Promise<StartAnswer & { containers: Record<string, string | null> }> => {
    const rows = (await store.listAll(project.id)).filter(isOurs);
    const containers = urlsOf(rows);
    refuseIfBusy(project);
    if (rows.length === 0) throw badRequest("This project has no containers to start.", "no_containers");
    const pending = await findUnfinished([`project_restart:${project.id}`, `project_start:${project.id}`]);
    if (pending) return { ...pending, containers };
    const sandbox = await projects.sandboxOf(project);
    if (rows.every((row) => isUp(stateOf(sandbox, row)))) {
      await idle.awake(project.id);
      return { ...nothingToDo, containers };
    }
    return { ...answer(await tasks.createOnce(projectTask("project_start", project))), containers };
  };

  const stopProject = async (project: ProjectRow): Promise<void> => {
    // Nothing of it can run yet.
    if (project.environment_status === "provisioning" || project.environment_status === "setup_failed") return;
    const rows = await store.listAll(project.id);
    await cancelStarts(keysOf(project, rows));
    const sandbox = await projects.sandboxOf(project);
    const isNeeded =
      sandbox.services().some(isAlive) || project.environment_status !== "stopped" || rows.some((r) => isOurs(r) && r.status !== "stopped");
    if (isNeeded) await projects.setEnvironment(project.id, "stopping");
    try {
      await stopService(project);
      await projects.release({ project_id: project.id, reason: "stopped" });
    } finally {
      await settleEnvironment(project);
    }
  };
  idle.onIdle(async (projectId) => {
    const project = await projects.find(projectId);
    if (project && project.environment_status !== "deleting") await stopProject(project);
    else idle.forget(projectId);
  });

  return {
    environmentOf,
    stateOf,
    isOurs,
    settleEnvironment,
    /** Takes a service that runs already into our care. */
    adopt,
    startProject,
    stopProject,
    restartProject: async (project: ProjectRow): Promise<StartAnswer> => {
      const rows = (await store.listAll(project.id)).filter(isOurs);
      refuseIfBusy(project);
      if (rows.length === 0) throw badRequest("This project has no containers to start.", "no_containers");
      // A start under way read its configuration already; a restart means the one of now.
      await cancelStarts(keysOf(project, rows).filter((key) => !key.startsWith("project_restart:")));
      return answer(await tasks.createOnce(projectTask("project_restart", project)));
    },
    startContainer: async (project: ProjectRow, row: ContainerRow): Promise<StartAnswer> => {
      refuseExternal(row);
      refuseIfBusy(project);
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
      return answer(await tasks.createOnce(containerTask("container_start", project, row)));
    },
    restartContainer: async (project: ProjectRow, row: ContainerRow): Promise<StartAnswer> => {
      refuseExternal(row);
      refuseIfBusy(project);
      await cancelStarts([`container_start:${row.id}`]);
      return answer(await tasks.createOnce(containerTask("container_restart", project, row)));
    },
    stopContainer: async (project: ProjectRow, row: ContainerRow): Promise<void> => {
      if (!isOurs(row) || project.environment_status === "provisioning") return;
      await cancelStarts([`container_start:${row.id}`, `container_restart:${row.id}`]);
      await stopService(project, row);
      await projects.release({ project_id: project.id, container_id: row.id, reason: "stopped" });
      await settleEnvironment(project);
    },
    /** For the deletion of a project: nothing runs afterwards, and no row is written for it. */
    shutDown: async (project: ProjectRow): Promise<void> => {
      await cancelStarts(keysOf(project, await store.listAll(project.id)));
      await idle.awake(project.id).catch((err: unknown) => log.warn({ err, project_id: project.id }, "project not thawed"));
      idle.forget(project.id);
      const sandbox = await runtime.find(project.id);
      await sandbox?.stop();
    },
    /** What runs, asked of the runtime (accounts-projects 4.1, status). A runtime that does not answer is part of the answer. */
    status: async (project: ProjectRow): Promise<ProjectStatus> => {
      const rows = await store.listAll(project.id);
      const hasTree = project.environment_status !== "provisioning" && project.environment_status !== "setup_failed";
      let states: ServiceState[] = [];
      let error: string | undefined;
      if (hasTree)
        try {
          states = (await projects.sandboxOf(project)).services();
        } catch (err) {
          log.warn({ err, project_id: project.id }, "runtime did not answer");
          error = err instanceof AppError || err instanceof RuntimeError ? err.message : "The runtime does not answer.";
        }
      const live = (row: ContainerRow) =>
        isOurs(row) ? (states.find((s) => s.name === row.service_key)?.status ?? "stopped") : row.status;
      return {
        project_id: project.id,
        project_slug: project.slug,
        status: error === undefined ? runStatusOf(project.environment_status, rows.filter(isOurs).map(live)) : "error",
        environment_status: project.environment_status,
        deployment_mode: runtime.name,
        namespace: null,
        hibernated_at: project.hibernated_at,
        last_activity: project.last_activity,
        ...(error !== undefined && { error }),
        containers: Object.fromEntries(
          rows.map((row) => {
            const status = live(row);
            const isRunning = status === "running" || status === "frozen";
            return [
              row.service_key,
              {
                container_id: row.id,
                name: row.name,
                status,
                running: isRunning || status === "starting",
                ready: isRunning || status === "connected",
                url: urlOf(row, address),
                service: row.container_type === "service",
              },
            ];
          }),
        ),
      };
    },
    /** Whether a preview can be served, and from where. Wakes a frozen project. `port` and `host` when it is up. */
    reach: async (
      project: ProjectRow,
      row: ContainerRow,
    ): Promise<{ host: string; port: number } | { status: "stopped" | "starting" | "failed"; message: string; lastLines: string[] }> => {
      if (project.environment_status === "provisioning")
        return { status: "starting", message: "The project is being set up.", lastLines: [] };
      const sandbox = await projects.sandboxOf(project);
      const state = stateOf(sandbox, row);
      if (state && isUp(state)) {
        await idle.awake(project.id);
        return sandbox.address(state.port ?? portOf(row));
      }
      if (state?.status === "starting") return { status: "starting", message: "It is starting.", lastLines: [] };
      if (state?.status === "failed" || (row.status === "failed" && state?.status !== "stopped")) {
        const vars = vault.open(row);
        return {
          status: "failed",
          message: state ? failureOf(state) : (row.status_message ?? "It could not be started."),
          lastLines: (state?.lastLines ?? []).map((line) => maskSecrets(line, vars)),
        };
      }
      return { status: "stopped", message: "It is stopped.", lastLines: [] };
    },
  };
}
