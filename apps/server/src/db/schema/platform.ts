import type { EmailKind, EmailStatus } from "@tesslate/contract";
import { bigint, boolean, date, index, integer, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { bytea, createdAt, id, timestamptz, updatedAt } from "../../platform/columns.ts";
import { projects } from "./projects.ts";

/** Fixed-window counters shared by all processes. */
export const rateLimits = pgTable("rate_limits", {
  key: text().primaryKey(),
  count: integer().notNull(),
  resets_at: timestamptz().notNull(),
});

/** Facts of this installation that are not environment: setup token hash, provider keys (encrypted), demo switch. */
export const serverSettings = pgTable("server_settings", {
  key: text().primaryKey(),
  value: jsonb().$type<unknown>().notNull(),
  updated_at: updatedAt(),
});

/** A running server process. It holds the advisory lock of its id while it lives, so other processes notice its death at once. */
export const processes = pgTable("processes", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  host: text().notNull(),
  pid: integer().notNull(),
  started_at: createdAt(),
  lock_key: bigint({ mode: "number" }).notNull().default(0),
});

/** A server of an installation that has several. It renews its lease on the clock of the database; when it does not, others take its projects. */
export const servers = pgTable(
  "servers",
  {
    id: id(),
    /** Its row in `processes`. */
    process_id: integer().notNull(),
    /** Where the other servers reach it. */
    address: text().notNull(),
    version: text().notNull(),
    /** Its job runner, whose jobs are released when it has ended. */
    job_worker: text(),
    started_at: createdAt(),
    lease_until: timestamptz().notNull(),
    /** Since when it has renewed its lease in time. Only then can it tell that another one has not. */
    steady_since: timestamptz().notNull(),
    /** It has started and does not drain. */
    accepts_projects: boolean().notNull().default(false),
    /** When another server found that its lease had ended. It never acts again. */
    ended_at: timestamptz(),
  },
  (t) => [index("servers_ended_at_idx").on(t.ended_at)],
);
export type ServerRow = typeof servers.$inferSelect;

/**
 * What a server measured of itself and of its runner, replaced every few seconds. Beside `servers`, so that the lease does not rewrite it with
 * every renewal.
 */
export const serverReports = pgTable("server_reports", {
  server_id: uuid()
    .primaryKey()
    .references(() => servers.id, { onDelete: "cascade" }),
  /** A `ServerReport` of the version that wrote it: readers check it. */
  report: jsonb().$type<unknown>().notNull(),
  reported_at: createdAt(),
});

/** Which of several servers holds the live state of a project and its branches: terminals, locks, watches. */
export const projectOwners = pgTable(
  "project_owners",
  {
    project_id: uuid()
      .primaryKey()
      .references(() => projects.id, { onDelete: "cascade" }),
    /** Null: no server. */
    server_id: uuid().references(() => servers.id, { onDelete: "set null" }),
    /** Grows with each new owner. */
    epoch: bigint({ mode: "number" }).notNull().default(1),
    /** Its last owner has ended: another server takes it over at once. */
    is_orphaned: boolean().notNull().default(false),
    taken_at: createdAt(),
  },
  (t) => [index("project_owners_server_id_idx").on(t.server_id), index("project_owners_is_orphaned_idx").on(t.is_orphaned)],
);

/** What is known about a UTC day of this installation and cannot be computed later. */
export const serverDays = pgTable("server_days", {
  day: date().primaryKey(),
  /** Runs of the agent that completed or failed. */
  ended_runs: integer().notNull().default(0),
  failed_runs: integer().notNull().default(0),
  /** Used bytes of the file system that holds the data folder. */
  disk_bytes: bigint({ mode: "number" }),
});

/** Outgoing email. `encrypted_content` (subject and text, encrypted) is deleted once sent; `kept` emails were written without a mail server. */
export const emails = pgTable(
  "emails",
  {
    id: id(),
    kind: text().$type<EmailKind>().notNull(),
    recipient: text().notNull(),
    encrypted_content: bytea("sealed_content"),
    status: text().$type<EmailStatus>().notNull(),
    attempts: integer().notNull().default(0),
    last_error: text(),
    next_attempt_at: createdAt(),
    /** When its code or link expires. */
    expires_at: timestamptz(),
    created_at: createdAt(),
    sent_at: timestamptz(),
  },
  (t) => [index("emails_created_at_idx").on(t.created_at), index("emails_due_idx").on(t.status, t.next_attempt_at)],
);
export type EmailRow = typeof emails.$inferSelect;
