import type { AdminPreparationItem, PreparationEvent, PreparationItem } from "@tesslate/contract";
import { badRequest, notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { ServerSettings } from "../../../platform/server-settings.ts";

/** A part of the installation that is on disk. */
export interface Prepared {
  /** Milliseconds since 1970; undefined when it was not this server that put it there. */
  preparedAt?: number;
  /** Disk space. */
  bytes?: number;
  /** Where it is, for administrators. */
  note?: string;
  /** It can be used, but `prepare` has more to do. */
  isUnfinished?: boolean;
  /** Whether `remove` can delete it. */
  isRemovable: boolean;
}

/** A part of the installation that takes long to get and is wanted soon: a template's image, the browser. */
export interface Preparable {
  id: string;
  kind: PreparationItem["kind"];
  name: string;
  /** Prepared without being asked, unless an administrator removed it. */
  isAutomatic: boolean;
  /** What does not work, or is slow, without it. */
  missing: () => string;
  find(): Promise<Prepared | undefined>;
  /** Runs in the background: other work goes first. Leaves nothing behind when it fails. `isAgain`: it is there and is replaced. */
  prepare(options: { signal: AbortSignal; onLog: (line: string) => void; isAgain: boolean }): Promise<unknown>;
  remove(): Promise<void>;
}

interface Entry {
  item: Preparable;
  state: PreparationItem["state"];
  prepared: Prepared | undefined;
  /** Of the last attempt: what happened, and the last lines of its output. */
  error: string | undefined;
  lines: string[];
  failures: number;
  /** Of a failed one: when it is tried again. */
  nextAt: number | undefined;
  /** Work that waits for it now. */
  waiting: number;
  /** The attempt in the background. */
  background: { abort: AbortController; ended: Promise<void> } | undefined;
}

const keptLines = 20;
/** Ids that administrators removed. They are not prepared again automatically. */
const removedKey = "preparation.removed";

/**
 * Prepares parts of the installation after the start, in the background and one at a time. What is prepared is read from the disk, so a
 * server that is killed continues where it was. Failed ones are retried after growing delays, for as long as the server runs.
 */
export type Preparation = ReturnType<typeof createPreparation>;
export function createPreparation({
  settings,
  retryMs,
  pauseMs,
  log,
}: {
  settings: Pick<ServerSettings, "get" | "set">;
  /** Delays after the first failure, the second, …; the last one is repeated. */
  retryMs: readonly number[];
  /** From the end of work that waited for an item until the next one is prepared: the work continues with it, and a person waits for that. */
  pauseMs: number;
  log: Logger;
}) {
  const entries = new Map<string, Entry>();
  /** Waiting ones, next first. */
  let queue: Entry[] = [];
  const followers = new Set<() => void>();
  const closing = new AbortController();
  let wake = () => {};
  let loop: Promise<void> | undefined;
  let foreground = 0;
  /** No preparation starts in the background before this time. */
  let resumeAt = 0;
  /** Orders writes of the removed ids. */
  let writing: Promise<unknown> = Promise.resolve();

  const changed = () => {
    for (const follower of followers) follower();
  };
  const set = (entry: Entry, values: Partial<Entry>) => {
    Object.assign(entry, values);
    changed();
  };
  const requireOwn = (id: string): Entry => {
    const entry = entries.get(id);
    if (!entry) throw notFound("Item");
    if (entry.prepared && !entry.prepared.isRemovable)
      throw badRequest(`${entry.item.name} is installed on this machine. The server neither replaces nor removes it.`);
    return entry;
  };
  const keep = (entry: Entry, line: string) => {
    entry.lines.push(line);
    if (entry.lines.length > keptLines) entry.lines.shift();
  };
  const enqueue = (entry: Entry, where: "front" | "back") => {
    const others = queue.filter((one) => one !== entry);
    queue = where === "front" ? [entry, ...others] : [...others, entry];
    // An item that is only improved in the background stays ready.
    set(entry, { state: entry.prepared && where === "back" ? "ready" : "waiting", nextAt: undefined });
    wake();
  };
  const succeed = async (entry: Entry) => {
    queue = queue.filter((one) => one !== entry);
    const prepared = await entry.item.find();
    set(entry, { state: "ready", prepared, error: undefined, failures: 0, nextAt: undefined });
    if (prepared?.isUnfinished) enqueue(entry, "back");
  };
  /** `isLeft`: it is not retried automatically. */
  const fail = (entry: Entry, error: unknown, isLeft = false) => {
    const [first = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    const delay = retryMs[Math.min(entry.failures, retryMs.length - 1)] ?? 0;
    log.warn({ err: error, item: entry.item.id, retry_in_ms: isLeft ? undefined : delay }, "preparation failed");
    queue = queue.filter((one) => one !== entry);
    set(entry, {
      // What is there stays usable when it cannot be replaced.
      state: entry.prepared ? "ready" : isLeft ? "off" : "failed",
      error: first,
      failures: entry.failures + 1,
      nextAt: entry.prepared || isLeft ? undefined : Date.now() + delay,
    });
  };

  const attempt = async (entry: Entry, signal: AbortSignal) => {
    const started = Date.now();
    const isAgain = entry.prepared !== undefined && !entry.prepared.isUnfinished;
    set(entry, { state: "preparing", lines: [] });
    try {
      await entry.item.prepare({ signal, onLog: (line) => keep(entry, line), isAgain });
      await succeed(entry);
      log.info({ item: entry.item.id, duration_ms: Date.now() - started }, "prepared");
    } catch (error) {
      if (!signal.aborted) fail(entry, error);
    }
  };
  const next = (): Entry | undefined => {
    const now = Date.now();
    for (const entry of entries.values())
      if (entry.nextAt !== undefined && entry.nextAt <= now && entry.waiting === 0) enqueue(entry, "back");
    return queue.find(({ waiting }) => waiting === 0);
  };
  const untilWoken = async () => {
    // The end of work that needs an item wakes, too.
    const times = foreground > 0 ? [] : [...entries.values()].flatMap(({ nextAt }) => nextAt ?? []);
    if (foreground === 0 && queue.length > 0) times.push(resumeAt);
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (times.length === 0) return;
      timer = setTimeout(resolve, Math.max(0, Math.max(resumeAt, Math.min(...times)) - Date.now()));
      timer.unref();
    });
    clearTimeout(timer);
    wake = () => {};
  };
  const run = async () => {
    while (!closing.signal.aborted) {
      const entry = foreground === 0 && Date.now() >= resumeAt ? next() : undefined;
      if (!entry) {
        await untilWoken();
        continue;
      }
      const abort = new AbortController();
      const ended = attempt(entry, AbortSignal.any([closing.signal, abort.signal]));
      entry.background = { abort, ended };
      await ended;
      entry.background = undefined;
    }
  };

  const removedIds = async () => new Set((await settings.get<string[]>(removedKey)) ?? []);
  const setRemoved = (id: string, isRemoved: boolean) => {
    const write = writing.then(async () => {
      const ids = await removedIds();
      if (ids.has(id) === isRemoved) return;
      if (isRemoved) ids.add(id);
      else ids.delete(id);
      await settings.set(removedKey, [...ids]);
    });
    writing = write.catch(() => undefined);
    return write;
  };

  const present = ({ item: { id, kind, name }, state }: Entry): PreparationItem => ({ id, kind, name, state });
  const presentForAdmin = (entry: Entry): AdminPreparationItem => ({
    ...present(entry),
    bytes: entry.prepared?.bytes ?? null,
    prepared_at: entry.prepared?.preparedAt === undefined ? null : new Date(entry.prepared.preparedAt).toISOString(),
    is_removable: entry.prepared === undefined || entry.prepared.isRemovable,
    note: entry.prepared ? (entry.prepared.note ?? null) : entry.item.missing(),
    error: entry.error ?? null,
    log: entry.error === undefined ? [] : entry.lines,
    next_attempt_at: entry.nextAt === undefined ? null : new Date(entry.nextAt).toISOString(),
  });

  return {
    /** Before `start`. */
    define: (item: Preparable): void => {
      entries.set(item.id, {
        item,
        state: "off",
        prepared: undefined,
        error: undefined,
        lines: [],
        failures: 0,
        nextAt: undefined,
        waiting: 0,
        background: undefined,
      });
    },
    /** Reads what is there and prepares the rest, in this order; ids that are not in it come last. Resolves when the order is known. */
    start: async (order: () => Promise<readonly string[]>): Promise<void> => {
      const [ids, removed] = await Promise.all([order(), removedIds()]);
      const rank = (id: string) => (ids.includes(id) ? ids.indexOf(id) : ids.length);
      const ordered = [...entries.values()].toSorted((a, b) => rank(a.item.id) - rank(b.item.id));
      await Promise.all(ordered.map(async (entry) => (entry.prepared = await entry.item.find())));
      if (closing.signal.aborted) return;
      for (const entry of ordered)
        if (entry.prepared?.isUnfinished) enqueue(entry, "back");
        else if (entry.prepared) set(entry, { state: "ready" });
        else if (entry.state === "off" && entry.item.isAutomatic && !removed.has(entry.item.id)) enqueue(entry, "back");
      loop = run();
    },
    /**
     * Work that needs an item now, and gets it ready: no other preparation starts until `pauseMs` after its end. It is not delayed, and joins a
     * running attempt through what it calls.
     */
    during: async <T>(id: string, work: (onLog: (line: string) => void) => Promise<T>): Promise<T> => {
      const entry = entries.get(id);
      if (!entry || entry.prepared) return work(() => undefined);
      const before = entry.state;
      const isJoined = entry.background !== undefined;
      entry.waiting++;
      foreground++;
      if (!isJoined) set(entry, { state: "preparing", lines: [] });
      let result: T;
      try {
        result = await work((line) => {
          if (!isJoined) keep(entry, line);
        });
      } catch (error) {
        if (!isJoined && entry.waiting === 1)
          if (error instanceof Error && "code" in error && error.code === "aborted") set(entry, { state: before });
          else fail(entry, error, before === "off");
        throw error;
      } finally {
        entry.waiting--;
        foreground--;
        resumeAt = Date.now() + pauseMs;
        wake();
      }
      // A joined attempt notes its own end, unless it was stopped.
      if (!isJoined || entry.state === "off") await succeed(entry);
      return result;
    },
    items: (): PreparationItem[] => [...entries.values()].map(present),
    adminItems: (): AdminPreparationItem[] => [...entries.values()].map(presentForAdmin),
    /** An item that the server prepared or can prepare. Throws 404, and `bad_request` for one that is installed on the machine. */
    requireOwn: (id: string): PreparationItem => present(requireOwn(id)),
    /** Every item now and after each change, until aborted. */
    async *follow(signal: AbortSignal): AsyncIterable<PreparationEvent> {
      let hasChanged = true;
      let resolve = () => {};
      const follower = () => {
        hasChanged = true;
        resolve();
      };
      followers.add(follower);
      signal.addEventListener("abort", follower);
      try {
        for (let seq = 1; ; seq++) {
          if (!hasChanged && !signal.aborted) await new Promise<void>((done) => (resolve = done));
          if (signal.aborted) return;
          hasChanged = false;
          yield { seq, type: "preparation", data: [...entries.values()].map(present) };
        }
      } finally {
        signal.removeEventListener("abort", follower);
        followers.delete(follower);
      }
    },
    /** Prepares an item next, or again when it is there. Throws as `requireOwn`. */
    prepare: async (id: string): Promise<AdminPreparationItem> => {
      const entry = requireOwn(id);
      await setRemoved(id, false);
      if (entry.state !== "preparing") enqueue(entry, "front");
      return presentForAdmin(entry);
    },
    /** Stops preparing an item and deletes it. It is prepared again only on request or when a project needs it. Throws as `requireOwn`. */
    remove: async (id: string): Promise<AdminPreparationItem> => {
      const entry = requireOwn(id);
      await setRemoved(id, true);
      queue = queue.filter((one) => one !== entry);
      entry.background?.abort.abort();
      await entry.background?.ended;
      await entry.item.remove();
      set(entry, { state: "off", prepared: undefined, error: undefined, lines: [], failures: 0, nextAt: undefined });
      return presentForAdmin(entry);
    },
    /** Stops what is being prepared. */
    close: async (): Promise<void> => {
      closing.abort();
      wake();
      await loop;
    },
  };
}
