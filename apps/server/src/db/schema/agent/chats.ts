import type { Message } from "@tesslate/agent";
import type { AgentStep, MessageAttachment, PlanStep, QueueHold, QueueMessage, Todo, TranscriptEvent } from "@tesslate/contract";
import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, jsonb, pgTable, smallint, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { users } from "../accounts.ts";
import { projects } from "../projects.ts";
import { bytea, createdAt, id, timestamptz, updatedAt } from "../../../platform/columns.ts";

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
    /** Tools allowed for this chat by "allow all". */
    allowed_tools: jsonb().$type<string[]>().notNull().default([]),
    todos: jsonb().$type<Todo[]>().notNull().default([]),
    /** Etags of the files the agent has read in this chat: a changed file must be read again before it is overwritten. */
    seen_files: jsonb().$type<Record<string, string>>().notNull().default({}),
    /** Of chats from before records: summary of the messages up to and including one; void when that message is deleted. */
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

/**
 * The events of ended runs, kept as long as the message they answer in. A row has consecutive events of one task: all up to `done`, then those that
 * came later. Rows are appended, never changed.
 */
export const runTranscripts = pgTable(
  "run_transcripts",
  {
    id: id(),
    message_id: uuid()
      .notNull()
      .references(() => messages.id, { onDelete: "cascade" }),
    /** Order of the rows of a message, from 0. */
    position: integer().notNull(),
    task_id: uuid().notNull(),
    /** `seq` of the last event; the first events of pieces of text stand for those after them. */
    last_seq: bigint({ mode: "number" }).notNull(),
    events: jsonb().$type<TranscriptEvent[]>().notNull(),
    created_at: createdAt(),
  },
  (t) => [uniqueIndex("run_transcripts_message_id_position_key").on(t.message_id, t.position)],
);
export type RunTranscriptRow = typeof runTranscripts.$inferSelect;

/**
 * What was said to the model and by it, in order: the record from which every request is made. Rows are only added, and deleted with their message.
 */
export const conversationMessages = pgTable(
  "conversation_messages",
  {
    id: id(),
    chat_id: uuid()
      .notNull()
      .references(() => chats.id, { onDelete: "cascade" }),
    /** The person's message, or the answer during which it was said. */
    message_id: uuid()
      .notNull()
      .references(() => messages.id, { onDelete: "cascade" }),
    position: integer().notNull(),
    /** Null: summarized at a person's request, or built from the steps of a chat that had no record. */
    task_id: uuid(),
    /** Of an answer of the model. */
    provider: text(),
    model: text(),
    /** Images of attachments without their data. */
    data: jsonb().$type<Message>().notNull(),
    /** The attachments whose images `data` refers to in results of tools. */
    image_ids: uuid().array(),
    created_at: createdAt(),
  },
  (t) => [
    uniqueIndex("conversation_messages_chat_id_position_key").on(t.chat_id, t.position),
    index("conversation_messages_images_idx")
      .on(t.chat_id)
      .where(sql`image_ids is not null`),
    index("conversation_messages_message_id_idx").on(t.message_id),
    index("conversation_messages_compactions_idx")
      .on(t.chat_id, t.position)
      .where(sql`data->>'role' = 'compaction'`),
  ],
);
export type ConversationRow = typeof conversationMessages.$inferSelect;

/** Messages removed by a restore, until it is redone or a new message is sent. */
export const chatRewinds = pgTable(
  "chat_rewinds",
  {
    id: id(),
    chat_id: uuid()
      .notNull()
      .references(() => chats.id, { onDelete: "cascade" }),
    /** The checkpoint of the files at that time. */
    checkpoint_id: uuid().notNull(),
    messages: jsonb().$type<MessageRow[]>().notNull(),
    steps: jsonb().$type<AgentStepRow[]>().notNull(),
    transcripts: jsonb().$type<RunTranscriptRow[]>().notNull().default([]),
    conversation: jsonb().$type<ConversationRow[]>().notNull().default([]),
    created_at: createdAt(),
  },
  (t) => [index("chat_rewinds_chat_id_created_at_idx").on(t.chat_id, t.created_at.desc())],
);
export type RewindRow = typeof chatRewinds.$inferSelect;

/** The plan of a chat. `version` grows with every change and is the entity tag. */
export const plans = pgTable("plans", {
  chat_id: uuid()
    .primaryKey()
    .references(() => chats.id, { onDelete: "cascade" }),
  name: text().notNull(),
  task: text().notNull(),
  steps: jsonb().$type<PlanStep[]>().notNull(),
  critical_files: jsonb().$type<string[]>().notNull(),
  version: integer().notNull().default(1),
  created_at: createdAt(),
  updated_at: updatedAt(),
});
export type PlanRow = typeof plans.$inferSelect;

/** A queued message, waiting for the chat's run to end or to pick it up. */
export const queuedMessages = pgTable(
  "queued_messages",
  {
    id: id(),
    chat_id: uuid()
      .notNull()
      .references(() => chats.id, { onDelete: "cascade" }),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    user_name: text().notNull(),
    message: text().notNull(),
    /** Options of the run it will start. `starts_app`: the app of the project starts with it, as with the first message of a new project. */
    options: jsonb().$type<Omit<QueueMessage, "message"> & { starts_app?: true }>().notNull(),
    position: integer().notNull(),
    /** The run it should steer. If that run ends without picking it up, it becomes the next message. */
    steer_task_id: uuid(),
    /** Pauses the chat's queue until the user resumes it. */
    held: jsonb().$type<QueueHold>(),
    created_at: createdAt(),
  },
  (t) => [index("queued_messages_chat_id_position_idx").on(t.chat_id, t.position)],
);
export type QueuedRow = typeof queuedMessages.$inferSelect;

/**
 * Files attached to messages, and the images of tool results. Only the message's metadata and the record (`image_ids`) reference them, so that forks,
 * clears and restores need no change here; unreferenced ones are swept.
 */
export const attachments = pgTable(
  "chat_attachments",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** Null: uploaded for the first message of a project that does not exist yet. */
    project_id: uuid().references(() => projects.id, { onDelete: "cascade" }),
    name: text().notNull(),
    mime_type: text().notNull(),
    kind: text().$type<MessageAttachment["kind"]>().notNull(),
    /** Bytes received so far. */
    size_bytes: integer().notNull().default(0),
    width: integer(),
    height: integer(),
    /** Of a tool's result, not from a person. */
    is_tool_image: boolean().notNull().default(false),
    created_at: createdAt(),
    /** Null: upload in progress. */
    completed_at: timestamptz(),
    /** When a message or a record last referenced it. */
    used_at: timestamptz(),
  },
  (t) => [
    index("chat_attachments_user_id_project_id_idx").on(t.user_id, t.project_id),
    index("chat_attachments_project_id_idx").on(t.project_id),
    index("chat_attachments_open_idx")
      .on(t.created_at)
      .where(sql`completed_at is null`),
  ],
);
export type AttachmentRow = typeof attachments.$inferSelect;

/** Its bytes, encrypted in chunks and deleted with the row. */
export const attachmentPieces = pgTable(
  "chat_attachment_pieces",
  {
    id: id(),
    attachment_id: uuid()
      .notNull()
      .references(() => attachments.id, { onDelete: "cascade" }),
    position: smallint().notNull(),
    encrypted_data: bytea("sealed_data").notNull(),
  },
  (t) => [uniqueIndex("chat_attachment_pieces_attachment_id_position_key").on(t.attachment_id, t.position)],
);
