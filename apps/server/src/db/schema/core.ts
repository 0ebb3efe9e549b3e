import type { AuditActionType, AuditTargetType } from "@tesslate/contract";
import { sql } from "drizzle-orm";
import { bigint, index, integer, jsonb, pgTable, primaryKey, text, unique, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { bytea, createdAt, id, timestamptz } from "../../platform/columns.ts";
import { users } from "./accounts.ts";
import { projects } from "./projects.ts";

/**
 * The audit log of administrators' actions. Rows are append-only: database triggers reject everything else.
 * No foreign keys, because entries outlive both sides; names are stored as they were and can be removed
 * once the user is deleted.
 */
export const auditLog = pgTable(
  "audit_log",
  {
    id: id(),
    /** Order of the rows, used for pagination. */
    seq: bigint({ mode: "number" }).notNull().generatedAlwaysAsIdentity().unique(),
    admin_id: uuid().notNull(),
    admin_name: text().notNull(),
    action_type: text().$type<AuditActionType>().notNull(),
    target_type: text().$type<AuditTargetType>().notNull(),
    target_id: text(),
    target_name: text(),
    reason: text(),
    extra_data: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    ip_address: text(),
    user_agent: text(),
    created_at: createdAt(),
  },
  (t) => [
    index("audit_log_admin_id_seq_idx").on(t.admin_id, t.seq),
    index("audit_log_target_id_seq_idx").on(t.target_id, t.seq),
    index("audit_log_created_at_idx").on(t.created_at),
  ],
);
export type AuditRow = typeof auditLog.$inferSelect;

/** A user's `Idempotency-Key` with the fingerprint of its first request and the stored response. */
export const idempotencyKeys = pgTable(
  "idempotency_keys",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    key_hash: text().notNull(),
    request_hash: text().notNull(),
    /** The process that handles the request. */
    process_id: integer().notNull(),
    /** Encrypted response, because responses may contain secrets. Null until the request has completed. */
    encrypted_answer: bytea("sealed_answer"),
    created_at: createdAt(),
  },
  (t) => [unique("idempotency_keys_user_key").on(t.user_id, t.key_hash), index("idempotency_keys_created_at_idx").on(t.created_at)],
);

/** A long-running operation. `process_id` is the process that runs it; when that process dies, the task is interrupted. */
export const tasks = pgTable(
  "tasks",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** Outlives the project: the deletion task stays readable. */
    project_id: uuid(),
    chat_id: uuid(),
    type: text().notNull(),
    /** At most one unfinished task per key; used for "already started". */
    unique_key: text(),
    status: text().$type<"queued" | "running" | "completed" | "failed" | "cancelled">().notNull().default("queued"),
    progress_current: integer().notNull().default(0),
    progress_total: integer().notNull().default(100),
    progress_message: text().notNull().default(""),
    input: jsonb().$type<unknown>(),
    result: jsonb().$type<unknown>(),
    error: text(),
    error_code: text(),
    logs: jsonb().$type<string[]>().notNull().default([]),
    metadata: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    cancel_requested_at: timestamptz(),
    process_id: integer(),
    /** Where its trace is: of its execution, before that of what created it and of the task that it continues. `traceparent` of W3C Trace Context. */
    traceparents: text().array(),
    /** Number of the task's last event. */
    event_seq: bigint({ mode: "number" }).notNull().default(0),
    created_at: createdAt(),
    started_at: timestamptz(),
    completed_at: timestamptz(),
  },
  (t) => [
    index("tasks_user_id_created_at_idx").on(t.user_id, t.created_at.desc()),
    index("tasks_created_at_id_idx").on(t.created_at, t.id),
    index("tasks_unfinished_idx").on(t.status, t.process_id),
    index("tasks_chat_id_idx").on(t.chat_id),
    index("tasks_unique_key_idx").on(t.unique_key, t.status),
  ],
);
export type TaskRow = typeof tasks.$inferSelect;

/** The append-only event log: one row per event of a project's stream; events of a task carry their own number too. */
export const events = pgTable(
  "events",
  {
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    seq: bigint({ mode: "number" }).notNull(),
    task_id: uuid(),
    task_seq: bigint({ mode: "number" }),
    type: text().notNull(),
    data: jsonb().$type<Record<string, unknown>>().notNull(),
    ts: createdAt(),
    /** Batch id on the first event a batch stored for the project; unique, so that a batch cannot be stored twice. */
    append_id: uuid(),
  },
  (t) => [
    primaryKey({ columns: [t.project_id, t.seq] }),
    uniqueIndex("events_append_id_key")
      .on(t.append_id, t.project_id)
      .where(sql`${t.append_id} is not null`),
    index("events_task_id_task_seq_idx").on(t.task_id, t.task_seq),
    index("events_ts_idx").on(t.ts),
  ],
);
export type EventRow = typeof events.$inferSelect;
