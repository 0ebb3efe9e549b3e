import { and, asc, eq, gt, gte, sql } from "drizzle-orm";
import type { ProjectEventData, ProjectEventType } from "@tesslate/contract";
import { events } from "../db/schema/core.ts";
import { isUniqueViolation, type Database, type Queries } from "./database.ts";
import type { EventRow } from "./event-notifications.ts";
import { storableJson } from "./postgres-text.ts";

/** An event to append. With `task_id` it is also part of the task's stream. */
export type NewEvent = { [T in ProjectEventType]: { type: T; data: ProjectEventData<T>; task_id?: string } }[ProjectEventType];

/** An event with its project. */
export interface AddressedEvent {
  project_id: string;
  event: NewEvent;
}

/** Rows that one read returns at most. */
export const eventPageSize = 500;

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

/** The statements of the event log. */
export interface EventTable {
  /** Stores a batch and returns its rows as they are stored, so that a replay has the same bytes. */
  store(batch: readonly AddressedEvent[], appendId: string): Promise<EventRow[]>;
  /** The same within a transaction. */
  storeIn(tx: Queries, batch: readonly AddressedEvent[], appendId: string): Promise<EventRow[]>;
  isStored(appendId: string): Promise<boolean>;
  /** The rows of a batch whose response was lost; `undefined` when it was not stored. */
  findStored(batch: readonly AddressedEvent[], appendId: string): Promise<EventRow[] | undefined>;
  /** Whether storing failed because the batch of this id is stored already. */
  isStoredTwice(error: unknown): boolean;
  /** A page of a project's events after `seq`. */
  ofProject(projectId: string, seq: number): Promise<EventRow[]>;
  /** A page of a task's events after `taskSeq`. */
  ofTask(taskId: string, taskSeq: number): Promise<EventRow[]>;
  lastSeq(projectId: string): Promise<number>;
  lastSeqOfTask(taskId: string): Promise<number>;
  /** Deletes events after 30 days, and chunks of text after one. */
  prune(): Promise<void>;
}

export function createEventTable(db: Database): EventTable {
  const read = (rows: readonly StoredRow[]): EventRow[] =>
    rows
      .map((r) => ({
        ...r,
        seq: Number(r.seq),
        task_seq: r.task_seq === null ? null : Number(r.task_seq),
        ts: new Date(r.ts).toISOString(),
      }))
      .sort((x, y) => (x.project_id === y.project_id ? x.seq - y.seq : x.project_id < y.project_id ? -1 : 1));
  const batchOf = (batch: readonly AddressedEvent[]): string =>
    storableJson(
      batch.map(({ project_id, event }, ord) => ({ project_id, ord, task_id: event.task_id ?? null, type: event.type, data: event.data })),
    );
  return {
    async store(batch, appendId) {
      // Outside of transactions the statement is prepared once per connection.
      const statement = { name: "append_events", text: `${appendParts[0]}$1${appendParts[1]}$2${appendParts[2]}` };
      return read((await db.$client.query<StoredRow>({ ...statement, values: [batchOf(batch), appendId] })).rows);
    },
    async storeIn(tx, batch, appendId) {
      const [head, middle, tail] = appendParts.map((part) => sql.raw(part));
      return read((await tx.execute<StoredRow & Record<string, unknown>>(sql`${head}${batchOf(batch)}${middle}${appendId}${tail}`)).rows);
    },
    async isStored(appendId) {
      return (await db.select({ seq: events.seq }).from(events).where(eq(events.append_id, appendId)).limit(1)).length > 0;
    },
    async findStored(batch, appendId) {
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
    },
    isStoredTwice: (error) => isUniqueViolation(error, appendKey),
    ofProject: (projectId, seq) =>
      db
        .select(columns)
        .from(events)
        .where(and(eq(events.project_id, projectId), gt(events.seq, seq)))
        .orderBy(asc(events.seq))
        .limit(eventPageSize),
    ofTask: (taskId, taskSeq) =>
      db
        .select(columns)
        .from(events)
        .where(and(eq(events.task_id, taskId), gt(events.task_seq, taskSeq)))
        .orderBy(asc(events.task_seq))
        .limit(eventPageSize),
    async lastSeq(projectId) {
      const result = await db.execute<{ event_seq: string }>(sql`select event_seq from projects where id = ${projectId}`);
      return Number(result.rows[0]?.event_seq ?? 0);
    },
    async lastSeqOfTask(taskId) {
      const result = await db.execute<{ event_seq: string }>(sql`select event_seq from tasks where id = ${taskId}`);
      return Number(result.rows[0]?.event_seq ?? 0);
    },
    async prune() {
      await db
        .delete(events)
        // A run can wait for a person for longer than its text is kept, and is stored as a whole when it ends.
        .where(
          sql`(${events.ts} < now() - interval '30 days' or (${events.type} in ('text_chunk', 'reasoning_chunk', 'tool_progress') and ${events.ts} < now() - interval '1 day'))
            and not exists (select 1 from tasks t where t.id = ${events.task_id} and t.completed_at is null)`,
        );
    },
  };
}
