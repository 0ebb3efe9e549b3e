import type { ProjectStatus, StopReason } from "@tesslate/contract";
import { RuntimeError, type RuntimeDriver, type Sandbox, type ServiceSpec, type ServiceState, type Tree } from "@tesslate/runtime";
import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { runStatusOf, type Projects } from "../../projects/projects/index.ts";
import type { Redactions } from "../../projects/secrets/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { workingDirOf, type ServiceCatalogue } from "./catalogue/index.ts";
import { urlOf, type PreviewAddress } from "./present.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { EnvironmentVault } from "./environment.ts";
import type { IdlePolicy } from "./idle-policy.ts";
import type { Restarts } from "./restarts.ts";
import { failureOf, type StatusKeeper } from "./status.ts";
import type { Wiring } from "./wiring.ts";

/** How long a service may take until something inside listens. */
const readyMs = 120_000;

/** Percent done of one start, and what happens now. */
export type Report = (percent: number, message: string) => Promise<void>;
/** Where a service answers, or why it does not. */
export type Reach =
  | { host: string; port: number }
  | { status: "stopped" | "starting" | "failed" | "frozen"; message: string; lastLines: string[]; restartAt?: number };

export const isUp = (state: Pick<ServiceState, "status"> | undefined): boolean => state?.status === "running" || state?.status === "frozen";
export const isAlive = (state: Pick<ServiceState, "status"> | undefined): boolean => isUp(state) || state?.status === "starting";
/** The port a container is told to listen on (accounts-projects 4.2). */
export const portOf = (row: Pick<ContainerRow, "internal_port" | "port">): number => row.internal_port ?? row.port ?? 3000;
/** Run by us, not an external service. */
export const isOurs = (row: ContainerRow): boolean => row.deployment_mode === "container";

/** The containers of projects as services in their sandboxes: one at a time, without tasks and without refusals. */
export type Services = ReturnType<typeof createServices>;

export function createServices({
  store,
  projects,
  keeper,
  idle,
  restarts,
  vault,
  secrets,
  redactions,
  catalogue,
  wiring,
  commandOf,
  runtime,
  address,
  log,
}: {
  store: ContainersStore;
  projects: Projects;
  keeper: StatusKeeper;
  idle: IdlePolicy;
  restarts: Restarts;
  vault: EnvironmentVault;
  catalogue: ServiceCatalogue;
  wiring: Wiring;
  /** What a container is started with, looked up at each start. */
  commandOf: (tree: Tree, row: Pick<ContainerRow, "directory" | "start_command">) => Promise<string[] | null>;
  /** The project's own variables, which every container gets. */
  secrets: { open(projectId: string): Promise<Record<string, string>> };
  redactions: Redactions;
  runtime: RuntimeDriver;
  address: PreviewAddress;
  log: Logger;
}) {
  const adopt = (projectId: string, state: ServiceState) => {
    restarts.seen(projectId, state);
    const written = keeper.note(projectId, state);
    if (isAlive(state)) idle.watch(projectId, state.status === "frozen");
    else void written.then(() => settleIfStill(projectId)).catch((err: unknown) => log.warn({ err, project_id: projectId }, "not settled"));
  };
  /** When the last service has ended by itself and none is to come again. Whoever holds the project settles it. */
  const settleIfStill = async (projectId: string) => {
    if (restarts.isPending(projectId) || idle.isHeld(projectId)) return;
    const sandbox = await projects.peekSandbox(projectId);
    if (sandbox && !sandbox.services().some(isAlive)) await settleEnvironment({ id: projectId });
  };
  projects.onServiceState(adopt);
  keeper.onFailure((row) => restarts.failed(row.project_id, row.service_key));

  const stateOf = (sandbox: Sandbox, row: ContainerRow) => sandbox.services().find((s) => s.name === row.service_key);
  /** Right wins: the project's secrets, the container's variables, what its connections give, then what it cannot choose itself (accounts-projects 4.2). */
  const environmentOf = async (project: ProjectRow, row: ContainerRow): Promise<Record<string, string>> => ({
    // Vite refuses unknown host names; the preview's is ours to know.
    __VITE_ADDITIONAL_SERVER_ALLOWED_HOSTS: `.${address.domain}`,
    ...(await secrets.open(project.id)),
    ...vault.open(row),
    ...(await wiring.variablesOf(project.id, row.id)),
    PROJECT_ID: project.id,
    CONTAINER_ID: row.id,
    CONTAINER_NAME: row.container_name,
    PORT: String(portOf(row)),
    HOST: "0.0.0.0",
  });
  const startError = async (row: ContainerRow, error: unknown): Promise<unknown> => {
    if (!(error instanceof RuntimeError)) return error;
    // The driver's message quotes the program's output: masked for people, and left out of the log altogether.
    return new AppError("start_failed", await redactions.redact(row.project_id, error.message), { cause: error.cause });
  };

  /** What runs: the template's command in the container's folder, or what the catalogue says of a service. */
  const specOf = async (project: ProjectRow, row: ContainerRow, sandbox: Sandbox): Promise<ServiceSpec> => {
    const port = portOf(row);
    const env = await environmentOf(project, row);
    if (row.container_type === "base") {
      const command = await commandOf(sandbox.files, row);
      if (!command)
        throw new AppError(
          "start_failed",
          `Nobody knows how to start ${row.name}. Write a start command into TESSLATE.md, or a dev script into package.json.`,
        );
      return { name: row.service_key, command, cwd: row.directory, env, port };
    }
    const { env: own, ...run } = await catalogue.runOf(row, port);
    const files = Object.entries(catalogue.filesOf(row));
    for (const [path, text] of files)
      if (!(await sandbox.files.stat(`${row.directory}/${path}`))) await sandbox.files.write(`${row.directory}/${path}`, text);
    return { ...run, name: row.service_key, cwd: workingDirOf(row), env: { ...env, ...own }, port };
  };

  /**
   * Starts one service and waits until it can be used. Throws `start_failed` with the last lines, or `not_supported` when this machine
   * cannot run it. `isUse`: somebody asked for it, so that the project counts as used.
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
      // Whatever wrote the values: from here on they can come out again.
      await redactions.changed(project.id);
      await report(55, `Starting ${row.name}`);
      if (!isAlive(stateOf(sandbox, row))) await store.update(row.id, { needs_restart: false });
      await sandbox.start(spec);
      // Removed meanwhile: whoever removed it stopped it before it was started, or does so after this.
      if (!(await store.find(project.id, row.id))) {
        await sandbox.stop(row.service_key);
        throw new AppError("not_found", `${row.name} was removed.`);
      }
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
        if (state?.status !== "failed") await keeper.fail(row, await reasonOf(row, error));
      }
      throw await startError(row, error);
    } finally {
      release();
    }
  };
  const reasonOf = async (row: ContainerRow, error: unknown): Promise<string> => {
    if (error instanceof AppError) return error.message;
    return error instanceof RuntimeError ? redactions.redact(row.project_id, error.message) : "It could not be started.";
  };

  /** The stored status of the project after its containers changed. `reason`: why, if nothing runs any more. */
  const settleEnvironment = async (project: Pick<ProjectRow, "id">, reason?: StopReason): Promise<void> => {
    const sandbox = await (projects.peekSandbox(project.id) ?? runtime.find(project.id));
    const isActive = (sandbox?.services().some(isAlive) ?? false) || restarts.isPending(project.id);
    if (!isActive) idle.forget(project.id);
    await projects.setEnvironment(project.id, isActive ? "active" : "stopped", reason);
  };

  /** Stops one service, or all of a project. */
  const stop = async (project: ProjectRow, row?: ContainerRow) => {
    restarts.forget(project.id, row?.service_key);
    const sandbox = await projects.sandboxOf(project);
    // A frozen process cannot hear that it should end.
    await idle.awake(project.id);
    await sandbox.stop(row?.service_key);
    for (const each of row ? [row] : await store.listAll(project.id)) if (isOurs(each)) await keeper.stopped(each);
  };

  return {
    start,
    stop,
    stateOf,
    isRunning: async (project: ProjectRow, row: ContainerRow): Promise<boolean> => isUp(stateOf(await projects.sandboxOf(project), row)),
    environmentOf,
    settleEnvironment,
    /** Takes a service that runs already into our care. */
    adopt,
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
      const { redact } = await redactions.of(project.id);
      const stateIn = (row: ContainerRow) => (isOurs(row) ? states.find((s) => s.name === row.service_key) : undefined);
      const live = (row: ContainerRow) => (isOurs(row) ? (stateIn(row)?.status ?? "stopped") : row.status);
      return {
        project_id: project.id,
        project_slug: project.slug,
        status: error === undefined ? runStatusOf(project.environment_status, rows.filter(isOurs).map(live)) : "error",
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
                url: urlOf(row, address),
                service: row.container_type === "service",
                message: isRunning ? null : ((row.status === "failed" ? row.status_message : null) ?? (failed ? failureOf(failed) : null)),
                last_lines: (failed?.lastLines ?? []).map(redact),
                restarts: count,
                restart_at: at === undefined ? null : new Date(at).toISOString(),
              },
            ];
          }),
        ),
      };
    },
    /** It refused a connection where it was seen to listen: look where it listens now. */
    lookAgain: async (project: ProjectRow, row: ContainerRow): Promise<void> => {
      const sandbox = await projects.sandboxOf(project);
      const state = stateOf(sandbox, row);
      if (sandbox && state?.status === "running")
        await sandbox.ready(row.service_key, { timeoutMs: 1_000 }).catch((error: unknown) => {
          if (!(error instanceof RuntimeError)) throw error;
        });
    },
    /** Whether a preview can be served, and from where. Wakes a frozen project if it may. `port` and `host` when it is up. */
    reach: async (project: ProjectRow, row: ContainerRow, { mayWake }: { mayWake: boolean }): Promise<Reach> => {
      if (project.environment_status === "provisioning")
        return { status: "starting", message: "The project is being set up.", lastLines: [] };
      const sandbox = await projects.sandboxOf(project);
      const state = stateOf(sandbox, row);
      if (state && isUp(state)) {
        const isFrozen = state.status === "frozen";
        if (isFrozen && !mayWake) return { status: "frozen", message: "It sleeps.", lastLines: [] };
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
          message: state ? failureOf(state) : (row.status_message ?? "It could not be started."),
          lastLines: (state?.lastLines ?? []).map(redact),
        };
      }
      return { status: "stopped", message: "It is stopped.", lastLines: [] };
    },
  };
}
