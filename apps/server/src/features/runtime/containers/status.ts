import type { ServiceState } from "@tesslate/runtime";
import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Redactions } from "../../projects/secrets/index.ts";
import type { ContainerView } from "./container-view.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { RestartPlan } from "./restarts.ts";

/** Keeps container rows in sync with the runtime and emits `container_status` for every change. */
export type ContainerStatusWriter = ReturnType<typeof createContainerStatusWriter>;

export function createContainerStatusWriter({
  store,
  events,
  redactions,
  view,
  decideRestart,
  onCrashed = () => undefined,
  log,
}: {
  store: Pick<ContainersStore, "setStatus" | "findByKey">;
  events: Pick<EventLog, "append">;
  redactions: Pick<Redactions, "of">;
  view: Pick<ContainerView, "urlOf">;
  /** Decides about a restart before a failure is emitted. */
  decideRestart: (row: ContainerRow) => Promise<RestartPlan>;
  /** Called after a failure was emitted that a restart does not solve: it is not restarted, or it failed again. */
  onCrashed?: (projectId: string) => void;
  log: Logger;
}) {
  /** Changes of one project are written in order. */
  const queues = new Map<string, Promise<void>>();
  const waiters = new Map<string, Set<(status: ContainerRow["status"]) => void>>();
  const ports = new Map<string, number | undefined>();

  const serially = (projectId: string, work: () => Promise<void>): Promise<void> => {
    const next = (queues.get(projectId) ?? Promise.resolve())
      .then(work)
      .catch((err: unknown) => log.error({ err, project_id: projectId }, "container status not written"));
    queues.set(projectId, next);
    void next.then(() => queues.get(projectId) === next && queues.delete(projectId));
    return next;
  };

  const write = async (row: ContainerRow, state: Omit<ServiceState, "name">, reason: string | null) => {
    const plan = state.status === "failed" ? await decideRestart(row) : undefined;
    const isGivenUp = plan !== undefined && plan.restarts > 0 && plan.at === undefined;
    const message = isGivenUp ? `${reason ?? ""} It kept crashing, so it is no longer restarted.`.trim() : reason;
    const exitCode = state.status === "failed" ? (state.exitCode ?? null) : null;
    const changed = await store.setStatus(row.id, state.status, message, exitCode);
    const isPortNew = state.status === "running" && ports.get(row.id) !== state.port;
    ports.set(row.id, state.port);
    if (changed || isPortNew) {
      const redactor = await redactions.of(row.project_id);
      await events.append(row.project_id, {
        type: "container_status",
        data: {
          container_id: row.id,
          name: row.name,
          status: state.status,
          url: view.urlOf(row),
          ...(state.port !== undefined && { port: state.port }),
          ...(state.status === "failed" && {
            exit_code: exitCode,
            message: message ?? "",
            last_lines: (state.lastLines ?? []).map(redactor.redact),
          }),
          ...(plan && {
            restarts: plan.restarts,
            ...(plan.at !== undefined && { restart_at: new Date(plan.at).toISOString() }),
          }),
        },
      });
      if (plan && (plan.at === undefined || plan.restarts > 1)) onCrashed(row.project_id);
    }
    for (const waiter of waiters.get(row.id) ?? []) waiter(state.status);
  };

  return {
    /** Records a service's state. Ignores services without a container row. */
    note: (projectId: string, state: ServiceState): Promise<void> =>
      serially(projectId, async () => {
        const row = await store.findByKey(projectId, state.name);
        if (row) await write(row, state, state.status === "failed" ? describeFailure(state) : null);
      }),
    /** A failure the runtime does not detect, such as a port that never opened. */
    fail: (row: ContainerRow, message: string, lastLines: string[] = []): Promise<void> =>
      serially(row.project_id, () => write(row, { status: "failed", exitCode: null, lastLines }, message)),
    /** The container is not running, whatever its row says. */
    stopped: (row: ContainerRow): Promise<void> => serially(row.project_id, () => write(row, { status: "stopped" }, null)),
    /** Resolves when everything recorded so far is written. */
    written: (projectId: string): Promise<void> => queues.get(projectId) ?? Promise.resolve(),
    /** Resolves with the next status other than `starting`, or `undefined` after `timeoutMs`. */
    next: (containerId: string, timeoutMs: number, signal?: AbortSignal): Promise<ContainerRow["status"] | undefined> =>
      new Promise((resolve) => {
        const set = waiters.get(containerId) ?? new Set();
        waiters.set(containerId, set);
        const end = (status?: ContainerRow["status"]) => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", quit);
          set.delete(waiter);
          if (set.size === 0) waiters.delete(containerId);
          resolve(status);
        };
        const quit = () => end();
        const waiter = (status: ContainerRow["status"]) => status !== "starting" && end(status);
        const timer = setTimeout(quit, timeoutMs);
        signal?.addEventListener("abort", quit, { once: true });
        set.add(waiter);
      }),
  };
}

/** Why a service ended, in one sentence. */
export function describeFailure(state: Pick<ServiceState, "oomKilled" | "exitSignal" | "exitCode">): string {
  if (state.oomKilled) return "It exceeded its memory limit and was stopped.";
  if (state.exitSignal) return `Killed by ${state.exitSignal}.`;
  return state.exitCode === undefined || state.exitCode === null ? "Exited unexpectedly." : `Exited with code ${state.exitCode}.`;
}
