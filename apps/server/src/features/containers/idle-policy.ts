import type { Sandbox } from "@tesslate/runtime";
import type { Logger } from "../../platform/logger.ts";

interface Watched {
  lastActivity: number;
  isFrozen: boolean;
  /** A freeze is queued or under way: whoever needs the project must wait behind it. */
  isFreezing: boolean;
  queue: Promise<void>;
}

/**
 * Lets projects that nobody uses sleep (runtime.md decision 6): frozen after `freezeMs`, stopped after `stopMs`; 0 means never.
 * Activity is a request to a preview, a data frame of its sockets, terminal input, a call of an agent's tool. One timer for all projects.
 */
export type IdlePolicy = ReturnType<typeof createIdlePolicy>;

export function createIdlePolicy({
  freezeMs,
  stopMs,
  canFreeze,
  sandbox,
  log,
}: {
  freezeMs: number;
  stopMs: number;
  canFreeze: boolean;
  /** The open sandbox of a project in which something runs. */
  sandbox: (projectId: string) => Promise<Sandbox> | undefined;
  log: Logger;
}) {
  const watched = new Map<string, Watched>();
  const holds = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let stop: (projectId: string) => Promise<void> = async () => {};
  const shortest = Math.min(...[canFreeze ? freezeMs : 0, stopMs].filter((ms) => ms > 0), 240_000);
  const sweepMs = Math.max(50, Math.min(60_000, shortest / 4));

  const isIdle = (projectId: string, entry: Watched, ms: number) => !holds.has(projectId) && Date.now() - entry.lastActivity >= ms;
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
  const sweep = () => {
    for (const [projectId, entry] of watched)
      if (stopMs > 0 && isIdle(projectId, entry, stopMs)) {
        entry.lastActivity = Date.now();
        log.info({ project_id: projectId }, "idle project stops");
        void stop(projectId).catch((err: unknown) => log.error({ err, project_id: projectId }, "idle project not stopped"));
      } else if (canFreeze && freezeMs > 0 && !entry.isFrozen && !entry.isFreezing && isIdle(projectId, entry, freezeMs))
        freeze(projectId, entry);
  };

  const awake = async (projectId: string): Promise<void> => {
    const entry = watched.get(projectId);
    if (!entry) return;
    entry.lastActivity = Date.now();
    if (!entry.isFrozen && !entry.isFreezing) return;
    await serially(entry, async () => {
      if (!entry.isFrozen) return;
      await (await sandbox(projectId))?.thaw();
      entry.isFrozen = false;
    });
  };

  /** The project does not fall asleep until the returned function is called; it may still be thawing. */
  const hold = (projectId: string): (() => void) => {
    holds.set(projectId, (holds.get(projectId) ?? 0) + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const left = (holds.get(projectId) ?? 1) - 1;
      if (left > 0) holds.set(projectId, left);
      else holds.delete(projectId);
      const entry = watched.get(projectId);
      if (entry) entry.lastActivity = Date.now();
    };
  };

  return {
    /** What a project that was idle for `stopMs` is given to. */
    onIdle: (handler: (projectId: string) => Promise<void>): void => void (stop = handler),
    /** Something runs in the project now. `isFrozen`: it was found frozen. */
    watch: (projectId: string, isFrozen = false): void => {
      const known = watched.get(projectId);
      if (known) known.isFrozen ||= isFrozen;
      else watched.set(projectId, { lastActivity: Date.now(), isFrozen, isFreezing: false, queue: Promise.resolve() });
      if (!timer) {
        timer = setInterval(sweep, sweepMs);
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
    /** Somebody uses the project. Resolves when its processes run; at once unless it was frozen. */
    awake,
    hold,
    /** As `hold`, and its processes run by the time this resolves: for as long as somebody works in the project, e.g. an agent. */
    keepAwake: async (projectId: string): Promise<() => void> => {
      const release = hold(projectId);
      try {
        await awake(projectId);
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
