import type { Message, PendingBatch } from "@tesslate/agent";
import type {
  EndpointApi,
  AgentStep,
  CardRunState,
  ChecksReport,
  McpTransport,
  MessageAttachment,
  PlanStep,
  QueueHold,
  QueueMessage,
  Todo,
  TranscriptEvent,
  VerifyReport,
} from "@tesslate/contract";
import { sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { bytea, createdAt, id, timestamptz, updatedAt } from "../../platform/columns.ts";
import { users } from "./accounts.ts";
import { boardColumns, cards, projects } from "./projects.ts";

/** A tool of an MCP server, sanitized for storage and display. */
export interface McpToolInfo {
  name: string;
  title: string | null;
  description: string;
  is_read_only: boolean;
  /** The JSON schema of its arguments, reduced to what is safe to show a model. */
  schema: Record<string, unknown>;
}

/**
 * Agents. The generated columns `search_text`, `search_words` and `search_name` are used only by
 * `features/store/marketplace` and `features/operations/search`.
 */
export const agents = pgTable(
  "agents",
  {
    id: id(),
    slug: text().notNull().unique(),
    name: text().notNull(),
    description: text().notNull(),
    long_description: text(),
    category: text().notNull().default("custom"),
    item_type: text().notNull().default("agent"),
    system_prompt: text(),
    mode: text(),
    agent_type: text().notNull().default("TesslateAgent"),
    tools: jsonb().$type<string[]>(),
    tool_configs: jsonb().$type<Record<string, { description?: string; examples?: string[]; system_prompt?: string }>>(),
    model: text(),
    config: jsonb().$type<Record<string, unknown>>(),
    icon: text().notNull().default("🤖"),
    avatar_url: text(),
    preview_image: text(),
    pricing_type: text().$type<"free" | "monthly" | "one_time" | "api">().notNull().default("free"),
    price_cents: integer().notNull().default(0),
    /** US dollars per million tokens. */
    api_pricing_input: numeric({ precision: 12, scale: 6 }),
    api_pricing_output: numeric({ precision: 12, scale: 6 }),
    /** The Stripe price for the current amount. */
    stripe_price_id: text(),
    stripe_product_id: text(),
    source_type: text().$type<"open" | "closed">().notNull().default("closed"),
    is_forkable: boolean().notNull().default(false),
    requires_user_keys: boolean().notNull().default(false),
    features: jsonb().$type<string[]>().notNull().default([]),
    required_models: jsonb().$type<string[]>().notNull().default([]),
    tags: jsonb().$type<string[]>().notNull().default([]),
    parent_agent_id: uuid().references((): AnyPgColumn => agents.id, { onDelete: "set null" }),
    created_by_user_id: uuid(),
    forked_by_user_id: uuid().references(() => users.id, { onDelete: "cascade" }),
    downloads: integer().notNull().default(0),
    /** Mean of its reviews; null without any. */
    rating: doublePrecision(),
    reviews_count: integer().notNull().default(0),
    usage_count: integer().notNull().default(0),
    is_featured: boolean().notNull().default(false),
    is_active: boolean().notNull().default(true),
    is_published: boolean().notNull().default(true),
    /** When an administrator changed the content of an official agent; upgrades no longer overwrite it. */
    content_edited_at: timestamptz(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [
    index("agents_created_at_id_idx").on(t.created_at, t.id),
    index("agents_parent_agent_id_idx").on(t.parent_agent_id),
    index("agents_created_by_user_id_idx").on(t.created_by_user_id),
    index("agents_forked_by_user_id_idx").on(t.forked_by_user_id),
    // One index per sort order, over publicly listed agents.
    index("agents_featured_idx").on(t.item_type, t.is_featured.desc(), t.downloads.desc(), t.id).where(isAgentListed(t)),
    index("agents_popular_idx").on(t.item_type, t.downloads.desc(), t.id).where(isAgentListed(t)),
    index("agents_newest_idx").on(t.item_type, t.created_at.desc(), t.id).where(isAgentListed(t)),
    index("agents_name_idx").on(t.item_type, t.name, t.id).where(isAgentListed(t)),
    index("agents_rating_idx").on(t.item_type, t.rating.desc(), t.downloads.desc(), t.id).where(isAgentListed(t)),
    index("agents_price_idx").on(t.item_type, t.price_cents, t.id).where(isAgentListed(t)),
    index("agents_dearest_idx").on(t.item_type, t.price_cents.desc(), t.id).where(isAgentListed(t)),
    index("agents_facets_idx").on(t.item_type, t.category, t.pricing_type, t.forked_by_user_id).where(isAgentListed(t)),
  ],
);
/** Publicly listed: active, and official or published. */
export function isAgentListed(t: { is_active: AnyPgColumn; forked_by_user_id: AnyPgColumn; is_published: AnyPgColumn }) {
  return sql`${t.is_active} and (${t.forked_by_user_id} is null or ${t.is_published})`;
}
export type AgentRow = typeof agents.$inferSelect;

/** What a run takes from a version of an agent. */
export type AgentVersionContent = Pick<AgentRow, "system_prompt" | "mode" | "agent_type" | "tools" | "tool_configs" | "model" | "config">;
/** Published versions of an agent. Its row is what its creator works on; others run the version that they took. Official agents have none. */
export const agentVersions = pgTable(
  "agent_versions",
  {
    id: id(),
    agent_id: uuid()
      .notNull()
      .references(() => agents.id, { onDelete: "cascade" }),
    number: integer().notNull(),
    notes: text().notNull().default(""),
    content: jsonb().$type<AgentVersionContent>().notNull(),
    created_at: createdAt(),
  },
  (t) => [unique("agent_versions_agent_id_number_key").on(t.agent_id, t.number)],
);
export type AgentVersionRow = typeof agentVersions.$inferSelect;

export type PurchaseType = "free" | "one_time" | "monthly" | "api";
/** A user's library entry. It stays when the agent is removed from the library, so that a purchase can be added again. */
export const userPurchasedAgents = pgTable(
  "user_purchased_agents",
  {
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    agent_id: uuid()
      .notNull()
      .references(() => agents.id, { onDelete: "cascade" }),
    selected_model: text(),
    /** The version it was taken or last updated with; null: the latest. */
    version_id: uuid().references(() => agentVersions.id, { onDelete: "set null" }),
    is_active: boolean().notNull().default(true),
    purchase_type: text().$type<PurchaseType>().notNull().default("free"),
    stripe_payment_intent: text(),
    stripe_subscription_id: text(),
    /** Inactive from this time on; in the past for refunded purchases. */
    expires_at: timestamptz(),
    removed_at: timestamptz(),
    /** Purchase date. */
    created_at: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.user_id, t.agent_id] }),
    index("user_purchased_agents_agent_id_idx").on(t.agent_id, t.created_at.desc()),
  ],
);
/** Enabled and not expired. */
export const isEntryActive = sql<boolean>`(${userPurchasedAgents.is_active} and (${userPurchasedAgents.expires_at} is null or ${userPurchasedAgents.expires_at} > now()))`;
/** Joins the version that an entry runs: the one it was taken with, else the latest. */
export const isRunVersion = sql`${agentVersions.id} = coalesce(${userPurchasedAgents.version_id},
  (select latest.id from agent_versions latest where latest.agent_id = ${agents.id} order by latest.number desc limit 1))`;

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

/** MCP servers of a user or a project. URL, headers and variables may contain keys, so they are encrypted. */
export const mcpServers = pgTable(
  "mcp_servers",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    project_id: uuid().references(() => projects.id, { onDelete: "cascade" }),
    name: text().notNull(),
    slug: text().notNull(),
    transport: text().$type<McpTransport>().notNull(),
    shown_url: text(),
    command: jsonb().$type<string[]>(),
    header_names: jsonb().$type<string[]>().notNull().default([]),
    env_names: jsonb().$type<string[]>().notNull().default([]),
    encrypted_access: bytea("sealed_access").notNull(),
    encrypted_oauth: bytea("sealed_oauth"),
    oauth_client_id: text(),
    is_enabled: boolean().notNull().default(true),
    trusts_read_only: boolean().notNull().default(false),
    auth: text().$type<"none" | "needed" | "authorized">().notNull().default("none"),
    /** The last tool list of the server, sanitised. */
    tools: jsonb().$type<McpToolInfo[]>().notNull().default([]),
    tools_at: timestamptz(),
    problem: text(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [
    unique("mcp_servers_place_slug_key").on(t.user_id, t.project_id, t.slug).nullsNotDistinct(),
    index("mcp_servers_project_id_idx").on(t.project_id),
  ],
);
export type McpServerRow = typeof mcpServers.$inferSelect;

/** Users' own model keys. One active key per user and provider. */
export const userApiKeys = pgTable(
  "user_api_keys",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** Slug of a provider, or of one of the user's own endpoints. */
    provider: text().notNull(),
    key_name: text().notNull(),
    encrypted_key: bytea("sealed_key").notNull(),
    last4: text().notNull(),
    base_url: text(),
    is_active: boolean().notNull().default(true),
    expires_at: timestamptz(),
    last_used_at: timestamptz(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [
    uniqueIndex("user_api_keys_active_key")
      .on(t.user_id, t.provider)
      .where(sql`${t.is_active}`),
    index("user_api_keys_user_id_idx").on(t.user_id),
  ],
);
export type UserApiKeyRow = typeof userApiKeys.$inferSelect;

/** Users' own model endpoints. Headers may contain credentials, so they are encrypted. */
export const userProviders = pgTable(
  "user_providers",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text().notNull(),
    slug: text().notNull(),
    base_url: text().notNull(),
    api_type: text().$type<EndpointApi>().notNull().default("openai"),
    encrypted_headers: bytea("sealed_headers"),
    header_names: jsonb().$type<string[]>().notNull().default([]),
    available_models: jsonb().$type<string[]>().notNull().default([]),
    is_active: boolean().notNull().default(true),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [unique("user_providers_user_id_slug_key").on(t.user_id, t.slug)],
);
export type UserProviderRow = typeof userProviders.$inferSelect;

/** A user's model preferences; without a row the server's settings apply. */
export const modelPreferences = pgTable("model_preferences", {
  user_id: uuid()
    .primaryKey()
    .references(() => users.id, { onDelete: "cascade" }),
  /** Fallback models in order; null: the server's list. */
  fallback_models: jsonb().$type<string[]>(),
  /** Default cost limit per run, in cents. */
  max_cost_cents: numeric({ precision: 12, scale: 4, mode: "number" }),
  /** Daily cost limit for calls with own keys, in cents at list prices. */
  own_key_day_cents: numeric({ precision: 12, scale: 4, mode: "number" }),
  updated_at: updatedAt(),
});
export type ModelPreferencesRow = typeof modelPreferences.$inferSelect;

/** Model ids added by a user to the providers' lists. */
export const userCustomModels = pgTable(
  "user_custom_models",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** `provider/model`. */
    model_id: text().notNull(),
    name: text().notNull(),
    created_at: createdAt(),
  },
  (t) => [uniqueIndex("user_custom_models_user_id_model_id_key").on(t.user_id, t.model_id)],
);
export type UserCustomModelRow = typeof userCustomModels.$inferSelect;

/** Detected capabilities per endpoint and model; contains no keys. */
export const modelCapabilities = pgTable(
  "model_capabilities",
  {
    id: id(),
    /** Hash of provider and base URL. */
    connection: text().notNull(),
    model: text().notNull(),
    native_tools: boolean().notNull(),
    parallel_tools: boolean().notNull(),
    text_tools: boolean().notNull(),
    needs_repair: boolean().notNull(),
    reports_usage: boolean().notNull(),
    /** Null: unknown. */
    vision: boolean(),
    /** 0 to 100. */
    score: integer().notNull(),
    /** Null: not reported by the provider. */
    context_window: integer(),
    first_token_ms: integer(),
    tokens_per_second: integer(),
    probed_at: timestamptz().notNull(),
    expires_at: timestamptz().notNull(),
  },
  (t) => [uniqueIndex("model_capabilities_connection_model_key").on(t.connection, t.model)],
);
export type ModelCapabilitiesRow = typeof modelCapabilities.$inferSelect;

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
