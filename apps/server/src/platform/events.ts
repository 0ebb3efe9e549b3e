import { and, asc, eq, gt, sql } from "drizzle-orm";
import type { ProjectEvent, ProjectEventData, ProjectEventType, RunEvent } from "@tesslate/contract";
import { events, type EventRow } from "../features/tasks/tasks.table.ts";
import type { Bus } from "./bus.ts";
import { isConnectionLoss, type Database, type Queries } from "./database.ts";
import type { Logger } from "./logger.ts";
import { storableJson } from "./storable.ts";

/** One event to append. `task_id` makes it part of a run's own stream too. */
export type NewEvent = { [T in ProjectEventType]: { type: T; data: ProjectEventData<T>; task_id?: string } }[ProjectEventType];

/**
 * The append-only event log of projects and its fan-out (contract README rule 14). Tables are the truth, NOTIFY is the bell.
 * Order: one total order per project (`seq`, gapless) and one per task (`task_seq`, gapless from 1). An event is committed before anybody sees it.
 */
export interface EventLog {
  /** Resolves when committed. Events of one call stay together and in order. A project that is gone takes its events with it. */
  append(projectId: string, entries: NewEvent | NewEvent[]): Promise<void>;
  /** As `append`, in one transaction with `work`: its rows and the events it returns are stored together, or neither. */
  appendWith(projectId: string, work: (tx: Queries) => Promise<NewEvent[]>): Promise<void>;
  /** Everything after `afterSeq` (default, and where nothing got that far: from now on), then live until the signal aborts. */
  follow(projectId: string, options: { afterSeq?: number; signal: AbortSignal }): AsyncIterable<ProjectEvent>;
  /** A task's events after `afterSeq` (default 0) until its `done` event or the signal aborts. `isOver` is asked when there is nothing more: true ends the stream. */
  followTask(
    projectId: string,
    taskId: string,
    options: { afterSeq?: number; signal: AbortSignal; isOver: () => Promise<boolean> },
  ): AsyncIterable<RunEvent>;
  /** The project's last `seq`. */
  lastSeq(projectId: string): Promise<number>;
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
  /** Whose project it is: the bell names projects only. */
  project_id: string;
  queue: EventRow[];
  /** Events may exist that were not queued: read the table again. */
  isBehind: boolean;
  wake: () => void;
}
const maxQueued = 2000;
const maxBatch = 500;
const channel = "project_events";

/** As the driver reads it. */
type StoredRow = Omit<EventRow, "seq" | "task_seq" | "ts"> & { seq: string; task_seq: string | null; ts: string | Date };
/** Around the batch, as JSON. Rows are locked in the order of their ids, so that two processes never wait for each other. */
const appendParts = [
  `with given as (select * from jsonb_to_recordset(`,
  `::jsonb) as t(project_id uuid, ord int, task_id uuid, type text, data jsonb)),
  pl as (select id from projects where id in (select project_id from given) order by id for no key update),
  p as (update projects set event_seq = event_seq + c.n from (select project_id, count(*) as n from given group by 1) c join pl on pl.id = c.project_id where projects.id = c.project_id returning projects.id, projects.event_seq - c.n as base),
  k as (update tasks set event_seq = event_seq + c.n from (select task_id, count(*) as n from given where task_id is not null and project_id in (select id from pl) group by 1) c where tasks.id = c.task_id returning tasks.id, tasks.event_seq - c.n as base)
  insert into events (project_id, seq, task_id, task_seq, type, data)
  select g.project_id, p.base + row_number() over (partition by g.project_id order by g.ord), g.task_id,
    case when g.task_id is null then null else k.base + row_number() over (partition by g.task_id order by g.ord) end, g.type, g.data
  from given g join p on p.id = g.project_id left join k on k.id = g.task_id order by g.ord
  returning project_id, seq::int8 as seq, task_id, task_seq, type, data, ts`,
] as const;

/** `isShared`: other processes use the same database, so ring the bell for them. */
export function createEventLog({
  db,
  bus,
  log,
  isShared,
  processId,
}: {
  db: Database;
  bus: Bus;
  log: Logger;
  isShared: boolean;
  processId: number;
}): EventLog {
  /** By the id of what they follow, a project or a task: a project with many runs does not wake the readers of all of them for each word of one. */
  const followers = new Map<string, Set<Follower>>();
  const pending: Pending[] = [];
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
  const deliver = (rows: EventRow[]) => {
    for (const row of rows) {
      hand(row, row.project_id);
      if (row.task_id !== null) hand(row, row.task_id);
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
  bus.listen<{ from: number; ids: string[] }>(channel, ({ from, ids }) => {
    if (from === processId) return;
    const rung = new Set(ids);
    catchUp((id) => rung.has(id));
  });
  bus.onReconnect(() => catchUp(() => true));

  /** One statement numbers, stores and returns a batch. What is handed on is what was stored, to the order of its keys: a replay shows the same bytes. */
  const store = async (batch: readonly Addressed[], run: (json: string) => Promise<StoredRow[]>): Promise<EventRow[]> => {
    const given = batch.map(({ project_id, event }, ord) => ({
      project_id,
      ord,
      task_id: event.task_id ?? null,
      type: event.type,
      data: event.data,
    }));
    return (await run(storableJson(given)))
      .map((r) => ({
        ...r,
        seq: Number(r.seq),
        task_seq: r.task_seq === null ? null : Number(r.task_seq),
        ts: new Date(r.ts).toISOString(),
      }))
      .sort((x, y) => (x.project_id === y.project_id ? x.seq - y.seq : x.project_id < y.project_id ? -1 : 1));
  };
  /** Outside of transactions the statement is planned once for each connection. */
  const runPrepared = async (json: string) =>
    (await db.$client.query<StoredRow>({ name: "append_events", text: appendParts.join("$1"), values: [json] })).rows;
  const runIn = (tx: Queries) => async (json: string) =>
    (await tx.execute<StoredRow & Record<string, unknown>>(sql`${sql.raw(appendParts[0])}${json}${sql.raw(appendParts[1])}`)).rows;

  /** Transactions of one project wait here, not with a connection in their hands for the project's row. */
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

  const ring = async (rows: readonly EventRow[]) => {
    if (!isShared || rows.length === 0) return;
    await bus
      .notify(channel, { from: processId, ids: [...new Set(rows.map((r) => r.project_id))] })
      .catch((err: unknown) => log.warn({ err }, "bell not rung"));
  };

  /** Group commit: what arrives while one batch is being written makes the next batch. */
  const write = async () => {
    isWriting = true;
    let singles = 0;
    while (pending.length > 0) {
      const batch = pending.splice(0, singles > 0 ? 1 : maxBatch);
      if (singles > 0) singles -= 1;
      try {
        const rows = await store(batch, runPrepared);
        deliver(rows);
        for (const { done } of batch) done();
        await ring(rows);
      } catch (error) {
        // An event the database refuses must not take its neighbours with it: again, one at a time. After a lost connection
        // nobody knows whether the batch was stored, so it is not repeated.
        if (batch.length > 1 && !isConnectionLoss(error)) {
          pending.unshift(...batch);
          singles = batch.length;
        } else for (const { fail } of batch) fail(error);
      }
    }
    isWriting = false;
  };

  const wireOf = (row: EventRow): ProjectEvent =>
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
   * Rows in order, from the table while behind and from memory while not. `read` gives the next page after a position, `positionOf` a row's
   * (null: not of this stream). Numbers have no gaps, so a live row that does not follow on tells of rows written elsewhere: back to the table.
   */
  async function* rowsOf(
    projectId: string,
    /** Of the project or the task. */
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
    try {
      while (!signal.aborted) {
        if (follower.isBehind) {
          follower.queue.length = 0;
          follower.isBehind = false;
          for (
            let page = await read(position);
            page.length > 0 && !signal.aborted;
            page = page.length < pageSize ? [] : await read(position)
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
        if (isOver && (await isOver())) {
          // Over, but an event may have come in while asking.
          if (follower.queue.length === 0 && !follower.isBehind) return;
          continue;
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

  return {
    append: (projectId, entries) => {
      const list = Array.isArray(entries) ? entries : [entries];
      const written = Promise.all(
        list.map((event) => new Promise<void>((done, fail) => pending.push({ project_id: projectId, event, done, fail }))),
      ).then(() => undefined);
      if (!isWriting) idle = write();
      return written;
    },
    appendWith: async (projectId, work) => {
      const rows = await inTurn(projectId, () =>
        db.transaction(async (tx) => {
          const entries = await work(tx);
          return entries.length === 0
            ? []
            : store(
                entries.map((event) => ({ project_id: projectId, event })),
                runIn(tx),
              );
        }),
      );
      deliver(rows);
      await ring(rows);
    },
    async *follow(projectId, { afterSeq, signal }) {
      const read = (after: number) =>
        db
          .select()
          .from(events)
          .where(and(eq(events.project_id, projectId), gt(events.seq, after)))
          .orderBy(asc(events.seq))
          .limit(pageSize);
      const last = await lastSeq(projectId);
      const start = Math.min(afterSeq ?? last, last);
      for await (const row of rowsOf(projectId, projectId, start, signal, read, (r) => r.seq)) yield wireOf(row);
    },
    async *followTask(projectId, taskId, { afterSeq = 0, signal, isOver }) {
      const read = (after: number) =>
        db
          .select()
          .from(events)
          .where(and(eq(events.task_id, taskId), gt(events.task_seq, after)))
          .orderBy(asc(events.task_seq))
          .limit(pageSize);
      const start = afterSeq === 0 ? 0 : Math.min(afterSeq, await lastSeqOfTask(taskId));
      for await (const row of rowsOf(projectId, taskId, start, signal, read, (r) => r.task_seq, isOver)) {
        yield { seq: row.task_seq ?? 0, task_id: taskId, type: row.type, data: row.data } as RunEvent;
        if (row.type === "done") return;
      }
    },
    lastSeq,
    close: () => idle,
  };
}
