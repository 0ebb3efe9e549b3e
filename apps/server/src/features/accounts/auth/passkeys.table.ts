import { bigint, boolean, index, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, timestamptz } from "../../../platform/columns.ts";
import { users } from "../users/users.table.ts";

/** Public keys of passkeys (base64url, COSE). `counter`: of signatures, as far as the authenticator counts. */
export const passkeys = pgTable(
  "passkeys",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    credential_id: text().notNull().unique(),
    public_key: text().notNull(),
    counter: bigint({ mode: "number" }).notNull(),
    transports: jsonb().$type<string[]>().notNull(),
    name: text().notNull(),
    is_synced: boolean().notNull(),
    created_at: createdAt(),
    last_used_at: timestamptz(),
  },
  (t) => [index("passkeys_user_id_idx").on(t.user_id)],
);
export type PasskeyRow = typeof passkeys.$inferSelect;

/** Questions put to authenticators: each serves once, for what and whom it was made. `bound_to`: a session or a browser, hashed. */
export const passkeyChallenges = pgTable("passkey_challenges", {
  challenge_hash: text().primaryKey(),
  purpose: text().$type<"create" | "sign_in">().notNull(),
  bound_to: text().notNull(),
  created_at: createdAt(),
  expires_at: timestamptz().notNull(),
});
