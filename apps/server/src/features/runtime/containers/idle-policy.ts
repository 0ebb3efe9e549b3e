import type { Sandbox } from "@tesslate/runtime";
import type { Logger } from "../../../platform/logger.ts";

interface Watched {
  lastActivity: number;
  isFrozen: boolean;
  /** A freeze is queued or running; callers that need the project wait for it. */
  isFreezing: boolean;
  queue: Promise<void>;
}
/** Stored activity of a project that seems idle. */
export interface Rest {
  /** Since its last activity in any server process. */
  idleMs: number;
  /** Always-on: neither frozen nor stopped when idle. */
  isKept: boolean;
}

/** Idle threshold where freezing is off; those projects may still be stopped to free a slot. */
const idleWithoutFreezeMs = 120_000;

/**
 * Freezes projects after `freezeMs` of idleness and stops them after `stopMs`; 0 means never. Activity is a preview request, a data frame
 * of a preview socket, terminal input, a file change or an agent tool call. A run, a terminal and an open request hold the project. One
 * timer serves all projects.
 */
export type IdlePolicy = ReturnType<typeof createIdlePolicy>;

export function createIdlePolicy({
  times: { freezeMs, stopMs, canFreeze },
  sandbox,
  restOf,
  stop,
  stillUsed,
  log,
}: {
  /** `canFreeze`: whether the driver can. Asked when projects run: a runner may not have been reached before. */
  times: { freezeMs: number; stopMs: number; canFreeze: () => boolean };
  /** The open sandbox of a project with active services. */
  sandbox: (projectId: string) => Promise<Sandbox> | undefined;
  /**
   * Checked right before a project is frozen or stopped, because other server processes may have seen activity. Omitted projects are idle.
   */
  restOf: (projectIds: string[]) => Promise<ReadonlyMap<string, Rest>>;
  /** Stops a project that was idle for `stopMs`. */
  stop: (projectId: string) => Promise<void>;
  /** Called periodically for every held project. */
  stillUsed: (projectId: string) => void;
  log: Logger;
}) {
  const watched = new Map<string, Watched>();
  const holds = new Map<string, number>();
  /** Holds that count as use. */
  const uses = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let isSweeping = false;
  const shortest = Math.min(...[freezeMs, stopMs].filter((ms) => ms > 0), 240_000);
  const sweepMs = Math.max(50, Math.min(60_000, shortest / 4));
  const idleAfterMs = freezeMs > 0 ? freezeMs : idleWithoutFreezeMs;

  const isIdle = (projectId: string, entry: Watched, ms: number) => !holds.has(projectId) && Date.now() - entry.lastActivity >= ms;
  const mayStop = (projectId: string, entry: Watched) => stopMs > 0 && isIdle(projectId, entry, stopMs);
  const mayFreeze = (projectId: string, entry: Watched) =>
    freezeMs > 0 && !entry.isFrozen && !entry.isFreezing && isIdle(projectId, entry, freezeMs) && canFreeze();
  const serially = (entry: Watched, work: () => Promise<void>): Promise<void> => {
    const next = entry.queue.then(work);
    entry.queue = next.catch(() => undefined);
    return next;
  };
  const freeze = (projectId: string, entry: Watched) => {
    entry.isFreezing = true;
    serially(entry, async () => {
      try {
        // Activity arrived while this was queued.
        if (!isIdle(projectId, entry, freezeMs)) return;
        await (await sandbox(projectId))?.freeze();
        entry.isFrozen = true;
        log.info({ project_id: projectId }, "project frozen");
      } finally {
        entry.isFreezing = false;
      }
    }).catch((err: unknown) => log.warn({ err, project_id: projectId }, "project not frozen"));
  };
  /** Corrects this process's view with stored activity; always-on projects count as used. */
  const consult = async (projectIds: string[]): Promise<void> => {
    for (const [projectId, { idleMs, isKept }] of await restOf(projectIds)) {
      const entry = watched.get(projectId);
      if (entry) entry.lastActivity = Math.max(entry.lastActivity, Date.now() - (isKept ? 0 : idleMs));
    }
  };
  const sweep = async () => {
    // Other processes must not consider a project idle that is used here.
    for (const projectId of uses.keys()) stillUsed(projectId);
    const due = [...watched].filter(([id, entry]) => mayStop(id, entry) || mayFreeze(id, entry));
    if (due.length === 0) return;
    await consult(due.map(([id]) => id));
    for (const [projectId, entry] of due)
      if (watched.get(projectId) !== entry) continue;
      else if (mayStop(projectId, entry)) {
        entry.lastActivity = Date.now();
        log.info({ project_id: projectId }, "stopping idle project");
        void stop(projectId).catch((err: unknown) => log.error({ err, project_id: projectId }, "idle project not stopped"));
      } else if (mayFreeze(projectId, entry)) freeze(projectId, entry);
  };
  const tick = () => {
    if (isSweeping) return;
    isSweeping = true;
    sweep()
      .catch((err: unknown) => log.warn({ err }, "idle check failed"))
      .finally(() => (isSweeping = false));
  };

  const awake = async (projectId: string, { isUse = true }: { isUse?: boolean } = {}): Promise<void> => {
    const entry = watched.get(projectId);
    if (!entry) return;
    if (isUse) entry.lastActivity = Date.now();
    if (!entry.isFrozen && !entry.isFreezing) return;
    await serially(entry, async () => {
      if (!entry.isFrozen) return;
      await (await sandbox(projectId))?.thaw();
      entry.isFrozen = false;
    });
  };

  /**
   * The project is not frozen or stopped until the returned function is called; it may still be thawing. With `isUse: false` the idle time
   * continues to count.
   */
  const hold = (projectId: string, { isUse = true }: { isUse?: boolean } = {}): (() => void) => {
    const counts = isUse ? [holds, uses] : [holds];
    for (const count of counts) count.set(projectId, (count.get(projectId) ?? 0) + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      for (const count of counts) {
        const left = (count.get(projectId) ?? 1) - 1;
        if (left > 0) count.set(projectId, left);
        else count.delete(projectId);
      }
      const entry = watched.get(projectId);
      if (entry && isUse) entry.lastActivity = Date.now();
    };
  };

  return {
    /** Services of the project are running. `isFrozen`: it was found frozen. */
    watch: (projectId: string, isFrozen = false): void => {
      const known = watched.get(projectId);
      if (known) known.isFrozen ||= isFrozen;
      else watched.set(projectId, { lastActivity: Date.now(), isFrozen, isFreezing: false, queue: Promise.resolve() });
      if (!timer) {
        timer = setInterval(tick, sweepMs);
        timer.unref();
      }
    },
    /** Nothing of the project runs anymore. */
    forget: (projectId: string): void => {
      watched.delete(projectId);
      if (watched.size === 0) {
        clearInterval(timer);
        timer = undefined;
      }
    },
    /** The least recently used project among these (default: all) that is neither held nor always-on. */
    leastRecentlyUsed: async (among?: ReadonlySet<string>): Promise<string | undefined> => {
      const isUnused = ([id, entry]: [string, Watched]) => isIdle(id, entry, idleAfterMs) && (among?.has(id) ?? true);
      await consult([...watched].filter(isUnused).map(([id]) => id));
      return [...watched].filter(isUnused).toSorted(([, a], [, b]) => a.lastActivity - b.lastActivity)[0]?.[0];
    },
    /** Records use. Resolves when its processes run; at once unless it was frozen. */
    awake,
    hold,
    isHeld: (projectId: string): boolean => holds.has(projectId),
    /** Like `hold`, and resolves when its processes run. */
    keepAwake: async (projectId: string, use: { isUse?: boolean } = {}): Promise<() => void> => {
      const release = hold(projectId, use);
      try {
        await awake(projectId, use);
      } catch (error) {
        release();
        throw error;
      }
      return release;
    },
    /** Like `awake`, for callers that do not wait, such as terminal input. */
    activity: (projectId: string): void => {
      awake(projectId).catch((err: unknown) => log.warn({ err, project_id: projectId }, "project not thawed"));
    },
    close: (): void => clearInterval(timer),
  };
}
