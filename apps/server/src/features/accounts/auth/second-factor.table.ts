import { bigint, index, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import type { SecurityEventKind } from "@tesslate/contract";
import { bytea, createdAt, id, timestamptz } from "../../../platform/columns.ts";
import { users } from "../users/users.table.ts";

const userId = () =>
  uuid()
    .notNull()
    .references(() => users.id, { onDelete: "cascade" });

/** The secret of a user's authenticator app; of no effect until a code of it was confirmed. `last_step`: the 30 seconds whose code was used last. */
export const totpSecrets = pgTable("totp_secrets", {
  user_id: userId().primaryKey(),
  sealed_secret: bytea().notNull(),
  last_step: bigint({ mode: "number" }).notNull().default(0),
  created_at: createdAt(),
  confirmed_at: timestamptz(),
  last_used_at: timestamptz(),
});

/** Unused recovery codes, kept as keyed hashes; a used one is gone. */
export const recoveryCodes = pgTable(
  "recovery_codes",
  { id: id(), user_id: userId(), code_hash: text().notNull(), created_at: createdAt() },
  (t) => [unique("recovery_codes_user_code_key").on(t.user_id, t.code_hash)],
);

/** What happened to an account, for its owner to look through. Kept for a year. */
export const securityEvents = pgTable(
  "security_events",
  {
    id: id(),
    user_id: userId(),
    kind: text().$type<SecurityEventKind>().notNull(),
    detail: text(),
    ip: text(),
    user_agent: text(),
    created_at: createdAt(),
  },
  (t) => [index("security_events_user_idx").on(t.user_id, t.created_at)],
);
export type SecurityEventRow = typeof securityEvents.$inferSelect;
