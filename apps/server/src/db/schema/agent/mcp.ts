import type { McpTransport } from "@tesslate/contract";
import { boolean, index, jsonb, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import { users } from "../accounts.ts";
import { projects } from "../projects.ts";
import { bytea, createdAt, id, timestamptz, updatedAt } from "../../../platform/columns.ts";

/** A tool of an MCP server, sanitized for storage and display. */
export interface McpToolInfo {
  name: string;
  title: string | null;
  description: string;
  is_read_only: boolean;
  /** The JSON schema of its arguments, reduced to what is safe to show a model. */
  schema: Record<string, unknown>;
}

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
