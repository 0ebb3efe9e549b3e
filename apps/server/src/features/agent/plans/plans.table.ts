import { integer, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import type { PlanStep } from "@tesslate/contract";
import { createdAt, updatedAt } from "../../../platform/columns.ts";
import { chats } from "../chat/chat.table.ts";

/** The plan of a chat (agent-git-deploy 4.12). `version` grows with every change and is the entity tag. */
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
