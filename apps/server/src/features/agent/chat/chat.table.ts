import { sql } from "drizzle-orm";
import { boolean, index, integer, jsonb, pgTable, smallint, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import type { PendingBatch } from "@tesslate/agent";
import type { AgentStep, Todo } from "@tesslate/contract";
import { createdAt, id, timestamptz, updatedAt } from "../../../platform/columns.ts";
import { projects } from "../../projects/projects/projects.table.ts";
import { users } from "../../accounts/users/users.table.ts";

/** agent-git-deploy 2. */
export const chats = pgTable(
  "chats",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    project_id: uuid().references(() => projects.id, { onDelete: "cascade" }),
    title: text(),
    origin: text().$type<"browser" | "slack" | "api" | "cli">().notNull().default("browser"),
    status: text().$type<"active" | "running" | "waiting_approval" | "completed" | "archived">().notNull().default("active"),
    pinned: boolean().notNull().default(false),
    /** Tools allowed for this thread by "allow all" (4.11). */
    allowed_tools: jsonb().$type<string[]>().notNull().default([]),
    todos: jsonb().$type<Todo[]>().notNull().default([]),
    /** Etags of the files that the agent saw in this thread: a file with another one is read again before it is replaced. */
    seen_files: jsonb().$type<Record<string, string>>().notNull().default({}),
    /** Stands for the messages up to and including one of them (4.14); void when that message is gone. */
    summary: jsonb().$type<{ text: string; until_message_id: string }>(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [
    index("chats_user_id_project_id_idx").on(t.user_id, t.project_id),
    index("chats_project_id_idx").on(t.project_id),
    index("chats_created_at_idx").on(t.created_at),
  ],
);
export type ChatRow = typeof chats.$inferSelect;

export const messages = pgTable(
  "messages",
  {
    id: id(),
    chat_id: uuid()
      .notNull()
      .references(() => chats.id, { onDelete: "cascade" }),
    role: text().$type<"user" | "assistant">().notNull(),
    content: text().notNull(),
    message_metadata: jsonb().$type<Record<string, unknown>>(),
    /** Orders messages of the same millisecond. */
    position: integer().notNull(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [uniqueIndex("messages_chat_id_position_key").on(t.chat_id, t.position)],
);
export type MessageRow = typeof messages.$inferSelect;

export const agentSteps = pgTable(
  "agent_steps",
  {
    id: id(),
    message_id: uuid()
      .notNull()
      .references(() => messages.id, { onDelete: "cascade" }),
    chat_id: uuid().notNull(),
    step_index: smallint().notNull(),
    step_data: jsonb()
      .$type<
        Omit<AgentStep, "tool_results" | "tool_calls"> & {
          tool_calls: { name: string; parameters: Record<string, unknown>; result: unknown }[];
        }
      >()
      .notNull(),
    created_at: createdAt(),
  },
  (t) => [uniqueIndex("agent_steps_message_id_step_index_key").on(t.message_id, t.step_index)],
);
export type AgentStepRow = typeof agentSteps.$inferSelect;

/** What a run asked of a person, waiting or answered (4.11): leave for a gated call, a question of the agent's, a secret. */
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
    /** Of a question: what was asked, as the event tells it. */
    tool_parameters: jsonb().$type<Record<string, unknown>>().notNull(),
    tool_description: text().notNull(),
    /** The person's answer; or why there will be none: `timeout`, `cancelled`, `expired` (the run was interrupted). */
    response: text().$type<"allow_once" | "allow_all" | "deny" | "stop" | "answered" | "declined" | "timeout" | "cancelled" | "expired">(),
    note: text(),
    /** Labels that were picked. Never a secret's value. */
    choices: jsonb().$type<string[]>(),
    /** The batch that waits, as the agent gave it: an interrupted run goes on from here. Never leaves the server. */
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

/** What a restore took out of a conversation, until it is redone or something else is said. */
export const chatRewinds = pgTable(
  "chat_rewinds",
  {
    id: id(),
    chat_id: uuid()
      .notNull()
      .references(() => chats.id, { onDelete: "cascade" }),
    /** The files as they were then. */
    checkpoint_id: uuid().notNull(),
    messages: jsonb().$type<MessageRow[]>().notNull(),
    steps: jsonb().$type<AgentStepRow[]>().notNull(),
    created_at: createdAt(),
  },
  (t) => [index("chat_rewinds_chat_id_created_at_idx").on(t.chat_id, t.created_at.desc())],
);
export type RewindRow = typeof chatRewinds.$inferSelect;
