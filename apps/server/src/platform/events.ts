import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { and, asc, eq, gt, gte, sql } from "drizzle-orm";
import type { ProjectEvent, ProjectEventData, ProjectEventType, RunEvent } from "@tesslate/contract";
import { events } from "../db/schema/core.ts";
import type { Bus } from "./bus.ts";
import { isConnectionLoss } from "./connection-loss.ts";
import { isUniqueViolation, type Database, type Queries } from "./database.ts";
import { createEventNotifications, type EventRow } from "./event-notifications.ts";
import type { Logger } from "./logger.ts";
import type { Reconnect } from "./reconnect.ts";
import { storableJson } from "./postgres-text.ts";

/** An event to append. With `task_id` it is also part of the task's stream. */
export type NewEvent = { [T in ProjectEventType]: { type: T; data: ProjectEventData<T>; task_id?: string } }[ProjectEventType];

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

interface Addressed {
  project_id: string;
  event: NewEvent;
}
interface Pending extends Addressed {
  done: () => void;
  fail: (error: unknown) => void;
}
interface Follower {
  /** The task's project; notifications name projects only. */
  project_id: string;
  queue: EventRow[];
  /** Events may have been missed: read the table again. */
  isBehind: boolean;
  wake: () => void;
}
const appendKey = "events_append_id_key";
const columns = {
  project_id: events.project_id,
  seq: events.seq,
  task_id: events.task_id,
  task_seq: events.task_seq,
  type: events.type,
  data: events.data,
  ts: events.ts,
};
const nextTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));
const batchIntervalMs = 30;
const maxQueued = 2000;
const maxBatch = 500;
/** As the driver returns it. */
type StoredRow = Omit<EventRow, "seq" | "task_seq" | "ts"> & { seq: string; task_seq: string | null; ts: string | Date };
/**
 * One statement that numbers, stores and returns a batch ($1, JSON). Rows are locked in id order, so that processes cannot deadlock.
 * The first event of each project stores the batch id ($2), which is unique: a batch whose response was lost cannot be stored twice.
 */
const appendParts = [
  `with given as (select * from jsonb_to_recordset(`,
  `::jsonb) as t(project_id uuid, ord int, task_id uuid, type text, data jsonb)),
  pl as (select id from projects where id in (select project_id from given) order by id for no key update),
  p as (update projects set event_seq = event_seq + c.n from (select project_id, count(*) as n from given group by 1) c join pl on pl.id = c.project_id where projects.id = c.project_id returning projects.id, projects.event_seq - c.n as base),
  k as (update tasks set event_seq = event_seq + c.n from (select task_id, count(*) as n from given where task_id is not null and project_id in (select id from pl) group by 1) c where tasks.id = c.task_id returning tasks.id, tasks.event_seq - c.n as base)
  insert into events (project_id, seq, task_id, task_seq, type, data, append_id)
  select g.project_id, p.base + row_number() over (partition by g.project_id order by g.ord), g.task_id,
    case when g.task_id is null then null else k.base + row_number() over (partition by g.task_id order by g.ord) end, g.type, g.data,
    case when row_number() over (partition by g.project_id order by g.ord) = 1 then `,
  `::uuid end
  from given g join p on p.id = g.project_id left join k on k.id = g.task_id order by g.ord
  returning project_id, seq::int8 as seq, task_id, task_seq, type, data, ts`,
] as const;

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
  /** Readers by the id they follow, project or task, so that a run only wakes its own readers. */
  const followers = new Map<string, Set<Follower>>();
  const pending: Pending[] = [];
  const closing = new AbortController();
  let isWriting = false;
  let idle: Promise<void> = Promise.resolve();

  const hand = (row: EventRow, id: string) => {
    for (const follower of followers.get(id) ?? []) {
      if (follower.queue.length >= maxQueued) {
        follower.queue.length = 0;
        follower.isBehind = true;
      } else if (!follower.isBehind) follower.queue.push(row);
      follower.wake();
    }
  };
  const changeListeners: ((projectId?: string) => void)[] = [];
  const changed = (projectId?: string) => {
    for (const listener of changeListeners) listener(projectId);
  };
  const deliver = (rows: EventRow[]) => {
    for (const row of rows) {
      hand(row, row.project_id);
      if (row.task_id === null) changed(row.project_id);
      else hand(row, row.task_id);
    }
  };
  const catchUp = (isMeant: (projectId: string) => boolean) => {
    for (const set of followers.values())
      for (const follower of set) {
        if (!isMeant(follower.project_id)) continue;
        follower.isBehind = true;
        follower.wake();
      }
  };
  const notifications = isShared
    ? createEventNotifications({
        bus,
        processId,
        onRows: deliver,
        onChange: (ids) => {
          catchUp((id) => ids.has(id));
          for (const id of ids) changed(id);
        },
        log,
      })
    : undefined;
  bus.onReconnect(() => {
    catchUp(() => true);
    changed();
  });

  const read = (rows: readonly StoredRow[]): EventRow[] =>
    rows
      .map((r) => ({
        ...r,
        seq: Number(r.seq),
        task_seq: r.task_seq === null ? null : Number(r.task_seq),
        ts: new Date(r.ts).toISOString(),
      }))
      .sort((x, y) => (x.project_id === y.project_id ? x.seq - y.seq : x.project_id < y.project_id ? -1 : 1));
  const batchOf = (batch: readonly Addressed[]): string =>
    storableJson(
      batch.map(({ project_id, event }, ord) => ({ project_id, ord, task_id: event.task_id ?? null, type: event.type, data: event.data })),
    );
  /** Delivers rows as stored, so that a replay has the same bytes. Outside of transactions the statement is prepared once per connection. */
  const store = async (batch: readonly Addressed[], appendId: string): Promise<EventRow[]> => {
    const statement = { name: "append_events", text: `${appendParts[0]}$1${appendParts[1]}$2${appendParts[2]}` };
    return read((await db.$client.query<StoredRow>({ ...statement, values: [batchOf(batch), appendId] })).rows);
  };
  const storeIn = async (tx: Queries, batch: readonly Addressed[], appendId: string): Promise<EventRow[]> => {
    const [head, middle, tail] = appendParts.map((part) => sql.raw(part));
    return read((await tx.execute<StoredRow & Record<string, unknown>>(sql`${head}${batchOf(batch)}${middle}${appendId}${tail}`)).rows);
  };
  const isStored = async (appendId: string): Promise<boolean> =>
    (await db.select({ seq: events.seq }).from(events).where(eq(events.append_id, appendId)).limit(1)).length > 0;
  /** The rows of a batch whose response was lost; `undefined` when it was not stored. */
  const findStored = async (batch: readonly Addressed[], appendId: string): Promise<EventRow[] | undefined> => {
    const firsts = await db.select({ project_id: events.project_id, seq: events.seq }).from(events).where(eq(events.append_id, appendId));
    if (firsts.length === 0) return undefined;
    const pages = firsts.map(({ project_id, seq }) =>
      db
        .select(columns)
        .from(events)
        .where(and(eq(events.project_id, project_id), gte(events.seq, seq)))
        .orderBy(asc(events.seq))
        .limit(batch.filter((one) => one.project_id === project_id).length),
    );
    return (await Promise.all(pages)).flat();
  };

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
  const storeOnce = (batch: readonly Addressed[]): Promise<EventRow[]> => {
    const appendId = randomUUID();
    return reconnect.retryAlways(
      async (isRepeat) => {
        try {
          return (isRepeat && (await findStored(batch, appendId))) || (await store(batch, appendId));
        } catch (error) {
          const stored = isUniqueViolation(error, appendKey) ? await findStored(batch, appendId) : undefined;
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

  const subscribe = (projectId: string, id: string) => {
    let resolve: (() => void) | undefined;
    const follower: Follower = { project_id: projectId, queue: [], isBehind: true, wake: () => resolve?.() };
    const set = followers.get(id) ?? new Set();
    followers.set(id, set.add(follower));
    return {
      follower,
      wait: () => new Promise<void>((done) => (resolve = done)),
      end: () => {
        set.delete(follower);
        if (set.size === 0) followers.delete(id);
      },
    };
  };

  /**
   * Rows in order: from the table while behind, from memory when caught up. `read` returns the page after a position, `positionOf` a row's
   * position (null: not in this stream). Positions have no gaps, so a gap before a live row means rows of another process: read the table again.
   */
  async function* rowsOf(
    projectId: string,
    /** Position in the project or task. */
    id: string,
    start: number,
    signal: AbortSignal,
    read: (after: number) => Promise<EventRow[]>,
    positionOf: (row: EventRow) => number | null,
    isOver?: () => Promise<boolean>,
  ) {
    const { follower, wait, end } = subscribe(projectId, id);
    const wake = () => follower.wake();
    signal.addEventListener("abort", wake);
    let position = start;
    let isChecked = isOver === undefined;
    const readPage = (after: number) => reconnect.retryAlways(() => read(after), { signal });
    try {
      while (!signal.aborted) {
        if (follower.isBehind) {
          follower.queue.length = 0;
          follower.isBehind = false;
          for (
            let page = await readPage(position);
            page.length > 0 && !signal.aborted;
            page = page.length < pageSize ? [] : await readPage(position)
          )
            for (const row of page) {
              position = positionOf(row) ?? position;
              yield row;
            }
        }
        const row = follower.queue.shift();
        if (row) {
          const at = positionOf(row);
          if (at === position + 1) {
            position = at;
            yield row;
          } else if (at !== null && at > position) follower.isBehind = true;
          continue;
        }
        if (follower.isBehind) continue;
        const woken = wait();
        if (isOver && !isChecked) {
          const isAtEnd = await reconnect.retryAlways(isOver, { signal });
          const hasMore = follower.queue.length > 0 || follower.isBehind;
          if (isAtEnd && !hasMore) return;
          // Over, but an event arrived during the check.
          isChecked = !isAtEnd;
          if (hasMore) continue;
        }
        if (follower.queue.length === 0 && !follower.isBehind && !signal.aborted) await woken;
      }
    } finally {
      signal.removeEventListener("abort", wake);
      end();
    }
  }
  const pageSize = 500;

  const lastSeq = async (projectId: string) => {
    const result = await db.execute<{ event_seq: string }>(sql`select event_seq from projects where id = ${projectId}`);
    return Number(result.rows[0]?.event_seq ?? 0);
  };

  const lastSeqOfTask = async (taskId: string) => {
    const result = await db.execute<{ event_seq: string }>(sql`select event_seq from tasks where id = ${taskId}`);
    return Number(result.rows[0]?.event_seq ?? 0);
  };

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
            stored = await storeIn(tx, entries, appendId);
            await afterStored?.(tx);
          }
          return entries.length === 0 ? [] : stored;
        });
      const rows = await inTurn(projectId, () =>
        reconnect.retry(async (isRepeat) => {
          if (!isRepeat) return attempt();
          if (await isStored(appendId)) return stored;
          // The lost transaction may still be committing; this one has waited for it and finds its rows.
          try {
            const again = await attempt();
            return again.length === 0 && (await isStored(appendId)) ? stored : again;
          } catch (error) {
            if (!isConnectionLoss(error) && (await isStored(appendId))) return stored;
            throw error;
          }
        }),
      );
      committed(rows);
    },
    async *follow(projectId, { afterSeq, signal }) {
      const readAfter = (after: number) =>
        db
          .select(columns)
          .from(events)
          .where(and(eq(events.project_id, projectId), gt(events.seq, after)))
          .orderBy(asc(events.seq))
          .limit(pageSize);
      const last = await lastSeq(projectId);
      const start = Math.min(afterSeq ?? last, last);
      for await (const row of rowsOf(projectId, projectId, start, signal, readAfter, (r) => r.seq)) yield presentEvent(row);
    },
    async *followTask(projectId, taskId, { afterSeq = 0, signal, isOver }) {
      const readAfter = (after: number) =>
        db
          .select(columns)
          .from(events)
          .where(and(eq(events.task_id, taskId), gt(events.task_seq, after)))
          .orderBy(asc(events.task_seq))
          .limit(pageSize);
      const start = afterSeq === 0 ? 0 : Math.min(afterSeq, await lastSeqOfTask(taskId));
      for await (const row of rowsOf(projectId, taskId, start, signal, readAfter, (r) => r.task_seq, isOver)) {
        yield { seq: row.task_seq ?? 0, task_id: taskId, type: row.type, data: row.data } as RunEvent;
        if (row.type === "done") return;
      }
    },
    onProjectChange: (listener) => void changeListeners.push(listener),
    lastSeq,
    jobHandlers: {
      prune_events: async () => {
        await db
          .delete(events)
          // A run can wait for a person for longer than its text is kept, and is stored as a whole when it ends.
          .where(
            sql`(${events.ts} < now() - interval '30 days' or (${events.type} in ('text_chunk', 'reasoning_chunk', 'tool_progress') and ${events.ts} < now() - interval '1 day'))
              and not exists (select 1 from tasks t where t.id = ${events.task_id} and t.completed_at is null)`,
          );
      },
    },
    close: async () => {
      closing.abort();
      await idle;
      await notifications?.sent();
    },
  };
}
