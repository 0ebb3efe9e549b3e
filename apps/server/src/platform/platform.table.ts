import { bigint, integer, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { createdAt, timestamptz, updatedAt } from "./columns.ts";

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

/** A running server process. It holds the advisory lock of its id for as long as it lives, so its death is seen at once. */
export const processes = pgTable("processes", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  host: text().notNull(),
  pid: integer().notNull(),
  started_at: createdAt(),
  lock_key: bigint({ mode: "number" }).notNull().default(0),
});
