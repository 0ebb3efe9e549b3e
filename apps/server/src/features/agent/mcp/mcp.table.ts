import { boolean, index, jsonb, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import type { McpTransport } from "@tesslate/contract";
import { bytea, createdAt, id, timestamptz, updatedAt } from "../../../platform/columns.ts";
import { projects } from "../../projects/projects/projects.table.ts";
import { users } from "../../accounts/users/users.table.ts";
import type { ForeignTool } from "./foreign-tool.ts";

/** MCP servers that lend tools to the agent: of a person, or of one project. Address, headers and variables may hold keys, so they are sealed. */
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
    sealed_access: bytea().notNull(),
    sealed_oauth: bytea(),
    oauth_client_id: text(),
    is_enabled: boolean().notNull().default(true),
    trusts_read_only: boolean().notNull().default(false),
    auth: text().$type<"none" | "needed" | "authorized">().notNull().default("none"),
    /** As the server told the last time, sanitised. */
    tools: jsonb().$type<ForeignTool[]>().notNull().default([]),
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
