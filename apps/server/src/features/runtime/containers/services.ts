import type { ContainerContext } from "./context.ts";
import type { ProjectStatus, StopReason } from "@tesslate/contract";
import { RuntimeError, type Sandbox, type ServiceSpec, type ServiceState, type Tree } from "@tesslate/runtime";
import { AppError } from "../../../platform/errors.ts";
import { runStatusOf } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { workingDirOf, type ServiceCatalogue } from "./catalogue/index.ts";
import { containerUrl } from "./present.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { IdlePolicy } from "./idle-policy.ts";
import type { Restarts } from "./restarts.ts";
import { describeFailure, type ContainerStatusWriter } from "./status.ts";

/** How long a service may take until a port is open. */
const readyMs = 120_000;

/** Progress of one start in percent. */
export type Report = (percent: number, message: string) => Promise<void>;
/** Where a service is reachable, or why it is not. */
export type PreviewTarget =
  | { host: string; port: number }
  | { status: "stopped" | "starting" | "failed" | "frozen"; message: string; lastLines: string[]; restartAt?: number };

export const isServiceUp = (state: Pick<ServiceState, "status"> | undefined): boolean =>
  state?.status === "running" || state?.status === "frozen";
export const isActive = (state: Pick<ServiceState, "status"> | undefined): boolean => isServiceUp(state) || state?.status === "starting";
/** The port that a container gets as `PORT`. */
export const portOf = (row: Pick<ContainerRow, "internal_port" | "port">): number => row.internal_port ?? row.port ?? 3000;
/** Runs here, in contrast to an external service. */
export const isManaged = (row: ContainerRow): boolean => row.deployment_mode === "container";

/** Operates containers as services in their sandboxes, without tasks or permission checks. */
export type Services = ReturnType<typeof createServices>;

export function createServices(
  context: ContainerContext,
  {
    statusWriter,
    idle,
    restarts,
    secrets,
    catalogue,
    commandOf,
  }: {
    statusWriter: ContainerStatusWriter;
    idle: IdlePolicy;
    restarts: Restarts;
    /** The project's own variables, injected into every container. */
    secrets: { open(projectId: string): Promise<Record<string, string>> };
    catalogue: ServiceCatalogue;
    /** The start command, resolved at each start. */
    commandOf: (tree: Tree, row: Pick<ContainerRow, "directory" | "start_command">) => Promise<string[] | null>;
  },
) {
  const { store, projects, vault, redactions, connectionEnvironment, runtime, address, log } = context;
  const adopt = (projectId: string, state: ServiceState) => {
    restarts.seen(projectId, state);
    const written = statusWriter.note(projectId, state);
    if (isActive(state)) idle.watch(projectId, state.status === "frozen");
    else
      void written
        .then(() => settleIfStill(projectId))
        .catch((err: unknown) => log.warn({ err, project_id: projectId }, "environment status not updated"));
  };
  /** The last service ended and no restart is due. A holder of the project settles it itself. */
  const settleIfStill = async (projectId: string) => {
    if (restarts.isPending(projectId) || idle.isHeld(projectId)) return;
    const sandbox = await projects.peekSandbox(projectId);
    if (sandbox && !sandbox.services().some(isActive)) await settleEnvironment({ id: projectId });
  };
  projects.onServiceState(adopt);

  const stateOf = (sandbox: Sandbox, row: ContainerRow) => sandbox.services().find((s) => s.name === row.service_key);
  /** Later values win: the project's secrets, the container's variables, connection variables, then reserved ones. */
  const environmentOf = async (project: ProjectRow, row: ContainerRow): Promise<Record<string, string>> => ({
    // Vite rejects unknown host names; allow preview hosts.
    __VITE_ADDITIONAL_SERVER_ALLOWED_HOSTS: `.${address.domain}`,
    ...(await secrets.open(project.id)),
    ...vault.open(row),
    ...(await connectionEnvironment.variablesOf(project.id, row.id)),
    PROJECT_ID: project.id,
    CONTAINER_ID: row.id,
    CONTAINER_NAME: row.container_name,
    PORT: String(portOf(row)),
    HOST: "0.0.0.0",
  });
  const startError = async (row: ContainerRow, error: unknown): Promise<unknown> => {
    if (!(error instanceof RuntimeError)) return error;
    // The driver's message quotes program output: redact it for users and keep it out of the log.
    return new AppError("start_failed", await redactions.redact(row.project_id, error.message), { cause: error.cause });
  };

  /** A template's start command in the container's folder, or the catalog's definition of a service. */
  const specOf = async (project: ProjectRow, row: ContainerRow, sandbox: Sandbox): Promise<ServiceSpec> => {
    const port = portOf(row);
    const env = await environmentOf(project, row);
    if (row.container_type === "base") {
      const command = await commandOf(sandbox.files, row);
      if (!command)
        throw new AppError("start_failed", `No start command for ${row.name}. Add one to TESSLATE.md, or a dev script to package.json.`);
      return { name: row.service_key, command, cwd: row.directory, env, port };
    }
    const { env: own, ...run } = await catalogue.runOf(row, port);
    const files = Object.entries(catalogue.filesOf(row));
    for (const [path, text] of files)
      if (!(await sandbox.files.stat(`${row.directory}/${path}`))) await sandbox.files.write(`${row.directory}/${path}`, text);
    return { ...run, name: row.service_key, cwd: workingDirOf(row), env: { ...env, ...own }, port };
  };

  /**
   * Starts one service and waits until it is ready. Throws `start_failed` with the last lines, or `not_supported` when this machine cannot
   * run it. `isUse`: a user asked for it, so the project counts as used.
   */
  const start = async (
    project: ProjectRow,
    row: ContainerRow,
    signal: AbortSignal,
    report: Report,
    { isUse = true }: { isUse?: boolean } = {},
  ): Promise<void> => {
    await report(10, `Checking ${row.name}`);
    await report(25, "Opening the project");
    const sandbox = await projects.sandboxOf(project);
    // A slow start is not idleness.
    const release = await idle.keepAwake(project.id, { isUse });
    try {
      await report(40, "Reading the configuration");
      const spec = await specOf(project, row, sandbox);
      // The program can print these values from now on: refresh redaction.
      await redactions.changed(project.id);
      await report(55, `Starting ${row.name}`);
      if (!isActive(stateOf(sandbox, row))) await store.update(row.id, { needs_restart: false });
      await sandbox.start(spec);
      // Deleted in between: the deletion stopped it before it was started, or will do so after this.
      if (!(await store.find(project.id, row.id))) {
        await sandbox.stop(row.service_key);
        throw new AppError("not_found", `${row.name} was deleted.`);
      }
      await report(70, `${row.name} is reachable at its URL`);
      await report(85, `Waiting for ${row.name} to respond`);
      await sandbox.ready(row.service_key, { timeoutMs: readyMs, signal });
    } catch (error) {
      if (signal.aborted) {
        // At shutdown it keeps running, for the next process to adopt.
        if (signal.reason !== "shutdown") await sandbox.stop(row.service_key);
      } else if (error instanceof RuntimeError && error.code === "start_timeout") {
        const lines = stateOf(sandbox, row)?.lastLines ?? [];
        await sandbox.stop(row.service_key);
        await statusWriter.fail(row, `No port was open within ${readyMs / 1000} s, so it was stopped.`, lines);
      } else {
        await statusWriter.written(project.id);
        const state = stateOf(sandbox, row);
        // A service that never started emitted no state.
        if (state?.status !== "failed") await statusWriter.fail(row, await reasonOf(row, error));
      }
      throw await startError(row, error);
    } finally {
      release();
    }
  };
  const reasonOf = async (row: ContainerRow, error: unknown): Promise<string> => {
    if (error instanceof AppError) return error.message;
    return error instanceof RuntimeError ? redactions.redact(row.project_id, error.message) : "The container could not be started.";
  };

  /** Updates the project's stored status after its containers changed. `reason`: stored when nothing runs anymore. */
  const settleEnvironment = async (project: Pick<ProjectRow, "id">, reason?: StopReason): Promise<void> => {
    const sandbox = await (projects.peekSandbox(project.id) ?? runtime.find(project.id));
    const hasActive = (sandbox?.services().some(isActive) ?? false) || restarts.isPending(project.id);
    if (!hasActive) idle.forget(project.id);
    await projects.setEnvironment(project.id, hasActive ? "active" : "stopped", reason);
  };

  /** Stops one service, or all of a project. */
  const stop = async (project: ProjectRow, row?: ContainerRow) => {
    restarts.forget(project.id, row?.service_key);
    const sandbox = await projects.sandboxOf(project);
    // A frozen process cannot handle signals.
    await idle.awake(project.id);
    await sandbox.stop(row?.service_key);
    for (const each of row ? [row] : await store.listAll(project.id)) if (isManaged(each)) await statusWriter.stopped(each);
  };

  return {
    start,
    stop,
    stateOf,
    isRunning: async (project: ProjectRow, row: ContainerRow): Promise<boolean> =>
      isServiceUp(stateOf(await projects.sandboxOf(project), row)),
    environmentOf,
    settleEnvironment,
    /** Starts tracking a service that already runs. */
    adopt,
    /** Live status from the runtime. A runtime error is part of the response. */
    status: async (project: ProjectRow): Promise<ProjectStatus> => {
      const rows = await store.listAll(project.id);
      const hasTree = project.environment_status !== "provisioning" && project.environment_status !== "setup_failed";
      let states: ServiceState[] = [];
      let error: string | undefined;
      if (hasTree)
        try {
          states = (await projects.sandboxOf(project)).services();
        } catch (err) {
          log.warn({ err, project_id: project.id }, "runtime did not respond");
          error =
            err instanceof AppError || err instanceof RuntimeError
              ? err.message
              : "The sandbox runtime is not responding. Check the server's log.";
        }
      const { redact } = await redactions.of(project.id);
      const stateIn = (row: ContainerRow) => (isManaged(row) ? states.find((s) => s.name === row.service_key) : undefined);
      const live = (row: ContainerRow) => (isManaged(row) ? (stateIn(row)?.status ?? "stopped") : row.status);
      return {
        project_id: project.id,
        project_slug: project.slug,
        status: error === undefined ? runStatusOf(project.environment_status, rows.filter(isManaged).map(live)) : "error",
        environment_status: project.environment_status,
        stop_reason: project.stop_reason,
        deployment_mode: runtime.name,
        namespace: null,
        hibernated_at: project.hibernated_at,
        last_activity: project.last_activity,
        ...(error !== undefined && { error }),
        containers: Object.fromEntries(
          rows.map((row) => {
            const status = live(row);
            const isRunning = status === "running" || status === "frozen";
            const failed = status === "failed" ? stateIn(row) : undefined;
            const { restarts: count, at } = restarts.planOf(project.id, row.service_key);
            return [
              row.service_key,
              {
                container_id: row.id,
                name: row.name,
                status,
                running: isRunning || status === "starting",
                ready: isRunning || status === "connected",
                url: containerUrl(row, address),
                service: row.container_type === "service",
                message: isRunning
                  ? null
                  : ((row.status === "failed" ? row.status_message : null) ?? (failed ? describeFailure(failed) : null)),
                last_lines: (failed?.lastLines ?? []).map(redact),
                restarts: count,
                restart_at: at === undefined ? null : new Date(at).toISOString(),
              },
            ];
          }),
        ),
      };
    },
    /** The port was refused: detect which port it listens on now. */
    refreshPort: async (project: ProjectRow, row: ContainerRow): Promise<void> => {
      const sandbox = await projects.sandboxOf(project);
      const state = stateOf(sandbox, row);
      if (sandbox && state?.status === "running")
        await sandbox.ready(row.service_key, { timeoutMs: 1_000 }).catch((error: unknown) => {
          if (!(error instanceof RuntimeError)) throw error;
        });
    },
    /** Where a preview is served, or why not. Wakes a frozen project if `mayWake`. */
    reach: async (project: ProjectRow, row: ContainerRow, { mayWake }: { mayWake: boolean }): Promise<PreviewTarget> => {
      if (project.environment_status === "provisioning")
        return { status: "starting", message: "The project is being set up.", lastLines: [] };
      const sandbox = await projects.sandboxOf(project);
      const state = stateOf(sandbox, row);
      if (state && isServiceUp(state)) {
        const isFrozen = state.status === "frozen";
        if (isFrozen && !mayWake) return { status: "frozen", message: "The project is asleep.", lastLines: [] };
        // Another server process may have frozen it.
        if (isFrozen) idle.watch(project.id, true);
        if (mayWake) await idle.awake(project.id);
        return sandbox.address(state.port ?? portOf(row));
      }
      if (state?.status === "starting") return { status: "starting", message: "It is starting.", lastLines: [] };
      if (state?.status === "failed" || (row.status === "failed" && state?.status !== "stopped")) {
        const { redact } = await redactions.of(project.id);
        const { at } = restarts.planOf(project.id, row.service_key);
        return {
          status: "failed",
          ...(at !== undefined && { restartAt: at }),
          message: state ? describeFailure(state) : (row.status_message ?? "The container could not be started."),
          lastLines: (state?.lastLines ?? []).map(redact),
        };
      }
      return { status: "stopped", message: "It is stopped.", lastLines: [] };
    },
  };
}
