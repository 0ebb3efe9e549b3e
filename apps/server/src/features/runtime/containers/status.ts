import type { ServiceState } from "@tesslate/runtime";
import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import { urlOf, type PreviewAddress } from "./present.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { RestartPlan } from "./restarts.ts";
import type { Redactions } from "../../projects/secrets/index.ts";

/** Keeps the rows true to what the runtime says, and tells the project's stream of every change (`container_status`). */
export type StatusKeeper = ReturnType<typeof createStatusKeeper>;

export function createStatusKeeper({
  store,
  events,
  redactions,
  address,
  log,
}: {
  store: ContainersStore;
  events: EventLog;
  redactions: Redactions;
  address: PreviewAddress;
  log: Logger;
}) {
  /** Changes of one project are written in the order in which they happened. */
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

  let decide: (row: ContainerRow) => Promise<RestartPlan> = async () => ({ restarts: 0 });

  const write = async (row: ContainerRow, state: Omit<ServiceState, "name">, reason: string | null) => {
    const plan = state.status === "failed" ? await decide(row) : undefined;
    const isGivenUp = plan !== undefined && plan.restarts > 0 && plan.at === undefined;
    const message = isGivenUp ? `${reason ?? ""} It kept ending, so it is not started again.`.trim() : reason;
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
          url: urlOf(row, address),
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
    }
    for (const waiter of waiters.get(row.id) ?? []) waiter(state.status);
  };

  return {
    /** Asked what becomes of a container that failed, before anybody is told of the failure. */
    onFailure: (decision: (row: ContainerRow) => Promise<RestartPlan>): void => void (decide = decision),
    /** Takes note of a service's state. Services without a row are none of our containers. */
    note: (projectId: string, state: ServiceState): Promise<void> =>
      serially(projectId, async () => {
        const row = await store.findByKey(projectId, state.name);
        if (row) await write(row, state, state.status === "failed" ? failureOf(state) : null);
      }),
    /** A failure that the runtime does not see as one, e.g. a port that never opened. */
    fail: (row: ContainerRow, message: string, lastLines: string[] = []): Promise<void> =>
      serially(row.project_id, () => write(row, { status: "failed", exitCode: null, lastLines }, message)),
    /** Nothing of the container is alive, whatever its row says. */
    stopped: (row: ContainerRow): Promise<void> => serially(row.project_id, () => write(row, { status: "stopped" }, null)),
    /** Resolves when everything noted so far is written. */
    written: (projectId: string): Promise<void> => queues.get(projectId) ?? Promise.resolve(),
    /** Resolves with the next status that is not `starting`, or `undefined` after `timeoutMs`. */
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

/** Why a service ended, as a sentence. */
export function failureOf(state: Pick<ServiceState, "oomKilled" | "exitSignal" | "exitCode">): string {
  if (state.oomKilled) return "It used more memory than it may have and was stopped.";
  if (state.exitSignal) return `It was ended by ${state.exitSignal}.`;
  return state.exitCode === undefined || state.exitCode === null ? "It ended unexpectedly." : `It ended with exit code ${state.exitCode}.`;
}
