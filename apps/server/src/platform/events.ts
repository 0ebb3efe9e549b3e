import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProjectEvent, RunEvent } from "@tesslate/contract";
import type { Bus } from "./bus.ts";
import { isConnectionLoss } from "./connection-loss.ts";
import type { Database, Queries } from "./database.ts";
import { createEventFollowers } from "./event-followers.ts";
import { createEventNotifications, type EventRow } from "./event-notifications.ts";
import { createEventTable, type AddressedEvent, type NewEvent } from "./event-table.ts";
import type { Logger } from "./logger.ts";
import type { Reconnect } from "./reconnect.ts";

/**
 * The append-only event log of projects and its fan-out. The table is the source of truth; NOTIFY brings other servers what was committed, or
 * wakes their readers.
 * Order: one total order per project (`seq`, gapless) and one per task (`task_seq`, gapless from 1). Events are committed before they are delivered.
 */
export interface EventLog {
  /**
   * Resolves when committed; waits for an unreachable database (`reconnect.ts`) and stores nothing twice when a response is lost. Events of one
   * call stay together and in order. Events of a deleted project are dropped.
   */
  append(projectId: string, entries: NewEvent | NewEvent[]): Promise<void>;
  /** Resolves within 30 ms, for all who wait at the same moment: what they append then is one batch. For events that come in quick succession. */
  nextBatch(): Promise<void>;
  /**
   * Like `append`, in one transaction with `work`: its rows and the events it returns are stored together or not at all. Within `Reconnect.during`
   * `work` is called again when the connection was lost before the commit, so it must only write to the database; when it returns no events, it
   * must not write. `afterStored` is called in the same transaction once the events are stored.
   */
  appendWith(projectId: string, work: (tx: Queries) => Promise<NewEvent[]>, afterStored?: (tx: Queries) => Promise<void>): Promise<void>;
  /** Events after `afterSeq`, then live events until the signal aborts. Default, and for a future `afterSeq`: live events only. */
  follow(projectId: string, options: { afterSeq?: number; signal: AbortSignal }): AsyncIterable<ProjectEvent>;
  /**
   * A task's events after `afterSeq` (default 0) until its `done` event or the signal aborts. `isOver` is called once, after the stored events:
   * true ends the stream.
   */
  followTask(
    projectId: string,
    taskId: string,
    options: { afterSeq?: number; signal: AbortSignal; isOver: () => Promise<boolean> },
  ): AsyncIterable<RunEvent>;
  /**
   * Calls `listener` after any server has committed events of a project that are not part of a task's stream; without an id when some may have
   * been missed.
   */
  onProjectChange(listener: (projectId?: string) => void): void;
  /** The project's last `seq`. */
  lastSeq(projectId: string): Promise<number>;
  /** Deletes events after 30 days, and chunks of text after one: the message that they make up is stored. */
  jobHandlers: { prune_events(): Promise<void> };
  close(): Promise<void>;
}

interface PendingEvent extends AddressedEvent {
  done: () => void;
  fail: (error: unknown) => void;
}
const nextTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));
const batchIntervalMs = 30;
const maxBatch = 500;

/** `isShared`: other processes use the same database and are notified. */
export function createEventLog({
  db,
  reconnect,
  bus,
  log,
  isShared,
  processId,
}: {
  db: Database;
  reconnect: Reconnect;
  bus: Bus;
  log: Logger;
  isShared: boolean;
  processId: number;
}): EventLog {
  const table = createEventTable(db);
  const followers = createEventFollowers(reconnect);
  const pending: PendingEvent[] = [];
  const closing = new AbortController();
  let isWriting = false;
  let idle: Promise<void> = Promise.resolve();

  const changeListeners: ((projectId?: string) => void)[] = [];
  const changed = (projectId?: string) => {
    for (const listener of changeListeners) listener(projectId);
  };
  const deliver = (rows: EventRow[]) => {
    for (const row of rows) {
      followers.hand(row, row.project_id);
      if (row.task_id === null) changed(row.project_id);
      else followers.hand(row, row.task_id);
    }
  };
  const notifications = isShared
    ? createEventNotifications({
        bus,
        processId,
        onRows: deliver,
        onChange: (ids) => {
          followers.catchUp((id) => ids.has(id));
          for (const id of ids) changed(id);
        },
        log,
      })
    : undefined;
  bus.onReconnect(() => {
    followers.catchUp(() => true);
    changed();
  });

  /** Queue of a project's transactions, so that they do not hold a connection while waiting for the row lock. */
  const turns = new Map<string, Promise<void>>();
  const inTurn = async <T>(projectId: string, work: () => Promise<T>): Promise<T> => {
    const before = turns.get(projectId);
    const { promise, resolve } = Promise.withResolvers<void>();
    turns.set(projectId, promise);
    try {
      await before;
      return await work();
    } finally {
      resolve();
      if (turns.get(projectId) === promise) turns.delete(projectId);
    }
  };

  const committed = (rows: EventRow[]) => {
    deliver(rows);
    notifications?.send(rows);
  };
  /** Retries the batch until the database responds, and checks before each retry whether it was stored. */
  const storeOnce = (batch: readonly AddressedEvent[]): Promise<EventRow[]> => {
    const appendId = randomUUID();
    return reconnect.retryAlways(
      async (isRepeat) => {
        try {
          return (isRepeat && (await table.findStored(batch, appendId))) || (await table.store(batch, appendId));
        } catch (error) {
          const stored = table.isStoredTwice(error) ? await table.findStored(batch, appendId) : undefined;
          if (!stored) throw error;
          return stored;
        }
      },
      { signal: closing.signal },
    );
  };
  /** Group commit: events that arrive during a write form the next batch. */
  const write = async () => {
    isWriting = true;
    let singles = 0;
    // What is appended in the same turn of the event loop belongs to the first batch.
    await nextTurn();
    while (pending.length > 0) {
      const batch = pending.splice(0, singles > 0 ? 1 : maxBatch);
      if (singles > 0) singles -= 1;
      try {
        committed(await storeOnce(batch));
        for (const { done } of batch) done();
      } catch (error) {
        // One rejected event must not fail the whole batch: retry one at a time.
        if (batch.length > 1 && !isConnectionLoss(error)) {
          pending.unshift(...batch);
          singles = batch.length;
        } else for (const { fail } of batch) fail(error);
      }
    }
    isWriting = false;
  };

  const presentEvent = (row: EventRow): ProjectEvent =>
    ({
      seq: row.seq,
      ts: row.ts,
      type: row.type,
      ...(row.task_id && { task_id: row.task_id }),
      ...(row.task_seq !== null && { task_seq: row.task_seq }),
      data: row.data,
    }) as ProjectEvent;

  let batch: Promise<void> | undefined;

  return {
    nextBatch: () =>
      (batch ??= sleep(batchIntervalMs).then(() => {
        batch = undefined;
      })),
    append: (projectId, entries) => {
      const list = Array.isArray(entries) ? entries : [entries];
      const written = Promise.all(
        list.map((event) => new Promise<void>((done, fail) => pending.push({ project_id: projectId, event, done, fail }))),
      ).then(() => undefined, reconnect.giveUp);
      if (!isWriting) idle = write();
      return written;
    },
    appendWith: async (projectId, work, afterStored) => {
      const appendId = randomUUID();
      let stored: EventRow[] = [];
      const attempt = () =>
        db.transaction(async (tx) => {
          const entries = (await work(tx)).map((event) => ({ project_id: projectId, event }));
          if (entries.length > 0) {
            stored = await table.storeIn(tx, entries, appendId);
            await afterStored?.(tx);
          }
          return entries.length === 0 ? [] : stored;
        });
      const rows = await inTurn(projectId, () =>
        reconnect.retry(async (isRepeat) => {
          if (!isRepeat) return attempt();
          if (await table.isStored(appendId)) return stored;
          // The lost transaction may still be committing; this one has waited for it and finds its rows.
          try {
            const again = await attempt();
            return again.length === 0 && (await table.isStored(appendId)) ? stored : again;
          } catch (error) {
            if (!isConnectionLoss(error) && (await table.isStored(appendId))) return stored;
            throw error;
          }
        }),
      );
      committed(rows);
    },
    async *follow(projectId, { afterSeq, signal }) {
      const last = await table.lastSeq(projectId);
      const start = Math.min(afterSeq ?? last, last);
      const rows = followers.rowsOf({
        projectId,
        id: projectId,
        start,
        signal,
        read: (after) => table.ofProject(projectId, after),
        positionOf: (row) => row.seq,
      });
      for await (const row of rows) yield presentEvent(row);
    },
    async *followTask(projectId, taskId, { afterSeq = 0, signal, isOver }) {
      const start = afterSeq === 0 ? 0 : Math.min(afterSeq, await table.lastSeqOfTask(taskId));
      const rows = followers.rowsOf({
        projectId,
        id: taskId,
        start,
        signal,
        read: (after) => table.ofTask(taskId, after),
        positionOf: (row) => row.task_seq,
        isOver,
      });
      for await (const row of rows) {
        yield { seq: row.task_seq ?? 0, task_id: taskId, type: row.type, data: row.data } as RunEvent;
        if (row.type === "done") return;
      }
    },
    onProjectChange: (listener) => void changeListeners.push(listener),
    lastSeq: (projectId) => table.lastSeq(projectId),
    jobHandlers: { prune_events: () => table.prune() },
    close: async () => {
      closing.abort();
      await idle;
      await notifications?.sent();
    },
  };
}
