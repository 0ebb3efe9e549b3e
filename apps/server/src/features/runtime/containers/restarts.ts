import type { ServiceState } from "@tesslate/runtime";
import type { Logger } from "../../../platform/logger.ts";

export interface Backoff {
  /** How often a service that keeps ending is started again; 0: never. A hosted one is not given up. */
  attempts: number;
  /** The first wait; each further one is twice as long. */
  firstMs: number;
  /** The longest wait. */
  capMs: number;
  /** Having run for so long, it is no longer in a loop: the next wait is a first one again. */
  stableMs: number;
}
/** What becomes of a service that failed. Without `at` (milliseconds) it stays as it is. */
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
 * Starts services again that ended by themselves after they had been up, later and later the more often it happens. What never came up is
 * told to whoever started it and left alone, unless the project is hosted.
 */
export type Restarts = ReturnType<typeof createRestarts>;

export function createRestarts({
  backoff,
  isKept,
  log,
}: {
  backoff: Backoff;
  isKept: (projectId: string) => Promise<boolean>;
  log: Logger;
}) {
  const loops = new Map<string, Map<string, Loop>>();
  let restart: (projectId: string, service: string) => Promise<void> = async () => {};

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
      log.info({ project_id: projectId, service, attempt: loop.restarts }, "service is started again");
      restart(projectId, service).catch((err: unknown) => log.error({ err, project_id: projectId, service }, "service not started again"));
    }, waitMs);
    timer.unref();
    loop.pending = { timer, at: Date.now() + waitMs };
    return { restarts: loop.restarts, at: loop.pending.at };
  };

  return {
    /** What starts a service when its time has come. */
    onDue: (handler: (projectId: string, service: string) => Promise<void>): void => void (restart = handler),
    /** Takes note of every state but `failed`, as it happens. */
    seen: (projectId: string, { name, status }: Pick<ServiceState, "name" | "status">): void => {
      if (status === "stopped") forget(projectId, name);
      else if (status === "running") loopOf(projectId, name).upSince ??= Date.now();
    },
    /** Decides about a service that failed. */
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
    /** A person decides from here on. */
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
