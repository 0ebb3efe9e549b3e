import type { ServiceState } from "@tesslate/runtime";
import type { Logger } from "../../../platform/logger.ts";

export interface Backoff {
  /** Restart attempts for a crashing service; 0: none. Always-on projects are retried forever. */
  attempts: number;
  /** The first delay; doubles each time. */
  firstMs: number;
  /** The longest delay. */
  capMs: number;
  /** After running this long, the backoff starts again. */
  stableMs: number;
}
/** What happens to a failed service. Without `at` (milliseconds) it is not restarted. */
export interface RestartPlan {
  restarts: number;
  at?: number;
}
interface Loop {
  restarts: number;
  upSince: number | undefined;
  pending: { timer: NodeJS.Timeout; at: number } | undefined;
}

/**
 * Restarts services that crash after they were up, with exponential backoff. A service that never came up is only reported, unless the
 * project is always-on.
 */
export type Restarts = ReturnType<typeof createRestarts>;

export function createRestarts({
  backoff,
  isKept,
  restart,
  log,
}: {
  backoff: Backoff;
  isKept: (projectId: string) => Promise<boolean>;
  /** Called when a restart is due. */
  restart: (projectId: string, service: string) => Promise<void>;
  log: Logger;
}) {
  const loops = new Map<string, Map<string, Loop>>();

  const loopOf = (projectId: string, service: string): Loop => {
    const ofProject = loops.get(projectId) ?? new Map<string, Loop>();
    loops.set(projectId, ofProject);
    const loop = ofProject.get(service) ?? { restarts: 0, upSince: undefined, pending: undefined };
    ofProject.set(service, loop);
    return loop;
  };
  const forget = (projectId: string, service?: string): void => {
    const ofProject = loops.get(projectId);
    for (const [name, loop] of ofProject ?? [])
      if (service === undefined || name === service) {
        clearTimeout(loop.pending?.timer);
        ofProject?.delete(name);
      }
    if (ofProject?.size === 0) loops.delete(projectId);
  };
  const schedule = (projectId: string, service: string, loop: Loop): RestartPlan => {
    loop.restarts += 1;
    const waitMs = Math.min(backoff.capMs, backoff.firstMs * 2 ** (loop.restarts - 1));
    const timer = setTimeout(() => {
      loop.pending = undefined;
      log.info({ project_id: projectId, service, attempt: loop.restarts }, "restarting service");
      restart(projectId, service).catch((err: unknown) => log.error({ err, project_id: projectId, service }, "service not restarted"));
    }, waitMs);
    timer.unref();
    loop.pending = { timer, at: Date.now() + waitMs };
    return { restarts: loop.restarts, at: loop.pending.at };
  };

  return {
    /** Records every state except `failed`. */
    seen: (projectId: string, { name, status }: Pick<ServiceState, "name" | "status">): void => {
      if (status === "stopped") forget(projectId, name);
      else if (status === "running") loopOf(projectId, name).upSince ??= Date.now();
    },
    /** Decides about a failed service. */
    failed: async (projectId: string, service: string): Promise<RestartPlan> => {
      const loop = loopOf(projectId, service);
      const { upSince } = loop;
      loop.upSince = undefined;
      const plan = loop.pending && { restarts: loop.restarts, at: loop.pending.at };
      if (plan) return plan;
      if (upSince !== undefined && Date.now() - upSince >= backoff.stableMs) loop.restarts = 0;
      if (backoff.attempts === 0) return { restarts: 0 };
      if (await isKept(projectId)) return schedule(projectId, service, loop);
      const isInLoop = upSince !== undefined || loop.restarts > 0;
      if (!isInLoop || loop.restarts >= backoff.attempts) return { restarts: loop.restarts };
      return schedule(projectId, service, loop);
    },
    /** Resets the backoff after a manual action. */
    forget,
    planOf: (projectId: string, service: string): RestartPlan => {
      const loop = loops.get(projectId)?.get(service);
      return { restarts: loop?.restarts ?? 0, ...(loop?.pending && { at: loop.pending.at }) };
    },
    isPending: (projectId: string): boolean => [...(loops.get(projectId)?.values() ?? [])].some((loop) => loop.pending !== undefined),
    close: (): void => {
      for (const projectId of loops.keys()) forget(projectId);
    },
  };
}
