import type { PendingBatch } from "@tesslate/agent";
import type { CardRunState, ChecksReport, VerifyReport } from "@tesslate/contract";
import { sql } from "drizzle-orm";
import { boolean, index, integer, jsonb, numeric, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { users } from "../accounts.ts";
import { chats, messages } from "./chats.ts";
import { boardColumns, cards, projects } from "../projects.ts";
import { createdAt, id, timestamptz } from "../../../platform/columns.ts";

/** Requests of a run to the user, pending or answered: approval of a tool call, a question, a secret. */
export const approvals = pgTable(
  "approvals",
  {
    id: id(),
    task_id: uuid().notNull(),
    chat_id: uuid()
      .notNull()
      .references(() => chats.id, { onDelete: "cascade" }),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    kind: text().$type<"approval" | "question" | "secret">().notNull().default("approval"),
    tool_name: text().notNull(),
    /** The question, as in its event. */
    tool_parameters: jsonb().$type<Record<string, unknown>>().notNull(),
    tool_description: text().notNull(),
    /** The user's answer, or why there is none: `timeout`, `cancelled`, `expired` (the run was interrupted). */
    response: text().$type<"allow_once" | "allow_all" | "deny" | "stop" | "answered" | "declined" | "timeout" | "cancelled" | "expired">(),
    note: text(),
    /** Chosen labels. Never a secret's value. */
    choices: jsonb().$type<string[]>(),
    /** The pending batch of tool calls, from which an interrupted run resumes. Never sent to clients. */
    pending: jsonb().$type<PendingBatch>(),
    created_at: createdAt(),
    answered_at: timestamptz(),
  },
  (t) => [
    index("approvals_task_id_idx").on(t.task_id),
    index("approvals_pending_idx")
      .on(t.chat_id)
      .where(sql`answered_at is null`),
  ],
);
export type ApprovalRow = typeof approvals.$inferSelect;

/** Evidence of a turn; deleted with its message. */
export const runEvidence = pgTable(
  "run_evidence",
  {
    id: id(),
    task_id: uuid().notNull(),
    message_id: uuid()
      .notNull()
      .references(() => messages.id, { onDelete: "cascade" }),
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    verify: jsonb().$type<VerifyReport>(),
    checks: jsonb().$type<ChecksReport>(),
    created_at: createdAt(),
  },
  (t) => [index("run_evidence_task_id_idx").on(t.task_id), index("run_evidence_message_id_idx").on(t.message_id)],
);
export type EvidenceRow = typeof runEvidence.$inferSelect;

/** Screenshots. The oldest of a project go first. */
export const evidencePictures = pgTable(
  "evidence_pictures",
  {
    id: id(),
    evidence_id: uuid()
      .notNull()
      .references(() => runEvidence.id, { onDelete: "cascade" }),
    position: integer().notNull(),
    /** JPEG as base64, because `bytea` columns are reserved for encrypted values. */
    data: text().notNull(),
    created_at: createdAt(),
  },
  (t) => [uniqueIndex("evidence_pictures_evidence_id_position_key").on(t.evidence_id, t.position)],
);

/** Runs of cards: each has a chat of its own, and the card follows the runs of the newest one. */
export const cardRuns = pgTable(
  "card_runs",
  {
    id: id(),
    card_id: uuid()
      .notNull()
      .references(() => cards.id, { onDelete: "cascade" }),
    chat_id: uuid()
      .notNull()
      .unique()
      .references(() => chats.id, { onDelete: "cascade" }),
    /** The newest run of the chat; null while its message is in the queue. */
    task_id: uuid(),
    state: text().$type<Exclude<CardRunState, "waiting">>().notNull(),
    /** Why it failed, was stopped or paused. */
    message: text(),
    /** Where the card was before the run, and where the run has put it. A card that is somewhere else was moved by a person and stays there. */
    from_column_id: uuid().references(() => boardColumns.id, { onDelete: "set null" }),
    from_position: integer().notNull().default(0),
    at_column_id: uuid().references(() => boardColumns.id, { onDelete: "set null" }),
    /** Cents; set when the run has ended. */
    cost_cents: numeric({ precision: 20, scale: 8, mode: "number" }),
    created_at: createdAt(),
    ended_at: timestamptz(),
  },
  (t) => [
    index("card_runs_card_id_created_at_idx").on(t.card_id, t.created_at.desc()),
    index("card_runs_state_idx").on(t.state),
    index("card_runs_from_column_id_idx").on(t.from_column_id),
    index("card_runs_at_column_id_idx").on(t.at_column_id),
  ],
);
export type CardRunRow = typeof cardRuns.$inferSelect;

/** Recorded runs, the newest of each project. */
export const runCassettes = pgTable(
  "run_cassettes",
  {
    task_id: uuid().primaryKey(),
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** JSON lines, secrets removed. */
    lines: text().notNull(),
    /** The size limit was reached before the run ended: it can be read and forked, not replayed. */
    is_cut: boolean().notNull(),
    created_at: createdAt(),
  },
  (t) => [index("run_cassettes_project_id_created_at_idx").on(t.project_id, t.created_at.desc())],
);
