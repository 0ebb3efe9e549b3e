import type { Sandbox } from "@tesslate/runtime";
import type { Logger } from "../../../platform/logger.ts";

interface Watched {
  lastActivity: number;
  isFrozen: boolean;
  /** A freeze is queued or under way: whoever needs the project must wait behind it. */
  isFreezing: boolean;
  queue: Promise<void>;
}
/** What is stored about a project that seems to be idle. */
export interface Rest {
  /** Since its last activity in any server process. */
  idleMs: number;
  /** It is hosted: neither frozen nor stopped for want of visitors. */
  isKept: boolean;
}

/** What counts as idle where projects are never frozen: those may still have to make room. */
const idleWithoutFreezeMs = 120_000;

/**
 * Lets projects that nobody uses sleep (runtime.md decision 6): frozen after `freezeMs`, stopped after `stopMs`; 0 means never.
 * Activity is a request to a preview, a data frame of its sockets, terminal input, a change of a file, a call of an agent's tool. A run, a
 * terminal and a request under way hold it. One timer for all projects.
 */
export type IdlePolicy = ReturnType<typeof createIdlePolicy>;

export function createIdlePolicy({
  freezeMs,
  stopMs,
  canFreeze,
  sandbox,
  restOf,
  log,
}: {
  freezeMs: number;
  stopMs: number;
  canFreeze: boolean;
  /** The open sandbox of a project in which something runs. */
  sandbox: (projectId: string) => Promise<Sandbox> | undefined;
  /** Asked right before a project is put to sleep: other server processes may know better. Projects it leaves out are as idle as they seem. */
  restOf: (projectIds: string[]) => Promise<ReadonlyMap<string, Rest>>;
  log: Logger;
}) {
  const watched = new Map<string, Watched>();
  const holds = new Map<string, number>();
  /** Those among the holds that somebody's work is behind. */
  const uses = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let isSweeping = false;
  let stop: (projectId: string) => Promise<void> = async () => {};
  let stillUsed: (projectId: string) => void = () => {};
  const shortest = Math.min(...[canFreeze ? freezeMs : 0, stopMs].filter((ms) => ms > 0), 240_000);
  const sweepMs = Math.max(50, Math.min(60_000, shortest / 4));
  const restingMs = freezeMs > 0 ? freezeMs : idleWithoutFreezeMs;

  const isIdle = (projectId: string, entry: Watched, ms: number) => !holds.has(projectId) && Date.now() - entry.lastActivity >= ms;
  const mayStop = (projectId: string, entry: Watched) => stopMs > 0 && isIdle(projectId, entry, stopMs);
  const mayFreeze = (projectId: string, entry: Watched) =>
    canFreeze && freezeMs > 0 && !entry.isFrozen && !entry.isFreezing && isIdle(projectId, entry, freezeMs);
  const serially = (entry: Watched, work: () => Promise<void>): Promise<void> => {
    const next = entry.queue.then(work);
    entry.queue = next.catch(() => undefined);
    return next;
  };
  const freeze = (projectId: string, entry: Watched) => {
    entry.isFreezing = true;
    serially(entry, async () => {
      try {
        // Somebody came while this waited its turn.
        if (!isIdle(projectId, entry, freezeMs)) return;
        await (await sandbox(projectId))?.freeze();
        entry.isFrozen = true;
        log.info({ project_id: projectId }, "project frozen");
      } finally {
        entry.isFreezing = false;
      }
    }).catch((err: unknown) => log.warn({ err, project_id: projectId }, "project not frozen"));
  };
  /** Corrects what this process believes by what is stored; a kept project counts as used. */
  const consult = async (projectIds: string[]): Promise<void> => {
    for (const [projectId, { idleMs, isKept }] of await restOf(projectIds)) {
      const entry = watched.get(projectId);
      if (entry) entry.lastActivity = Math.max(entry.lastActivity, Date.now() - (isKept ? 0 : idleMs));
    }
  };
  const sweep = async () => {
    // The others must not take a project in which somebody works here for an idle one.
    for (const projectId of uses.keys()) stillUsed(projectId);
    const due = [...watched].filter(([id, entry]) => mayStop(id, entry) || mayFreeze(id, entry));
    if (due.length === 0) return;
    await consult(due.map(([id]) => id));
    for (const [projectId, entry] of due)
      if (watched.get(projectId) !== entry) continue;
      else if (mayStop(projectId, entry)) {
        entry.lastActivity = Date.now();
        log.info({ project_id: projectId }, "idle project stops");
        void stop(projectId).catch((err: unknown) => log.error({ err, project_id: projectId }, "idle project not stopped"));
      } else if (mayFreeze(projectId, entry)) freeze(projectId, entry);
  };
  const tick = () => {
    if (isSweeping) return;
    isSweeping = true;
    sweep()
      .catch((err: unknown) => log.warn({ err }, "idle projects not looked at"))
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
   * The project does not fall asleep until the returned function is called; it may still be thawing. `isUse` false: by then it has been
   * idle for as long as before.
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
    /** What a project that was idle for `stopMs` is given to. */
    onIdle: (handler: (projectId: string) => Promise<void>): void => void (stop = handler),
    /** Told of every held project again and again, for as long as the hold lasts. */
    onHeld: (handler: (projectId: string) => void): void => void (stillUsed = handler),
    /** Something runs in the project now. `isFrozen`: it was found frozen. */
    watch: (projectId: string, isFrozen = false): void => {
      const known = watched.get(projectId);
      if (known) known.isFrozen ||= isFrozen;
      else watched.set(projectId, { lastActivity: Date.now(), isFrozen, isFreezing: false, queue: Promise.resolve() });
      if (!timer) {
        timer = setInterval(tick, sweepMs);
        timer.unref();
      }
    },
    /** Nothing runs in the project any more. */
    forget: (projectId: string): void => {
      watched.delete(projectId);
      if (watched.size === 0) {
        clearInterval(timer);
        timer = undefined;
      }
    },
    /** The one of these (default: of all) that has been idle for longest and that nobody holds or keeps: what can be stopped to make room. */
    leastRecent: async (among?: ReadonlySet<string>): Promise<string | undefined> => {
      const isResting = ([id, entry]: [string, Watched]) => isIdle(id, entry, restingMs) && (among?.has(id) ?? true);
      await consult([...watched].filter(isResting).map(([id]) => id));
      return [...watched].filter(isResting).toSorted(([, a], [, b]) => a.lastActivity - b.lastActivity)[0]?.[0];
    },
    /** Somebody uses the project. Resolves when its processes run; at once unless it was frozen. */
    awake,
    hold,
    isHeld: (projectId: string): boolean => holds.has(projectId),
    /** As `hold`, and its processes run by the time this resolves: for as long as somebody works in the project, e.g. an agent. */
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
    /** `awake` for those who do not wait, e.g. terminal input. */
    activity: (projectId: string): void => {
      awake(projectId).catch((err: unknown) => log.warn({ err, project_id: projectId }, "project not thawed"));
    },
    close: (): void => clearInterval(timer),
  };
}
