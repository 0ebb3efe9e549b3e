import { index, integer, jsonb, pgTable, text, unique, uuid, type AnyPgColumn } from "drizzle-orm/pg-core";
import type { ApiKeyScope, EditMode } from "@tesslate/contract";
import { bytea, createdAt, id, timestamptz } from "../../../platform/columns.ts";
import { users } from "../users/users.table.ts";

/** A sign-in that can be revoked (accounts-projects 0.4). `refresh_hash` is the current refresh token's; the previous one is honoured for 30 s. */
export const sessions = pgTable(
  "sessions",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    refresh_hash: text().notNull().unique(),
    previous_refresh_hash: text(),
    rotated_at: timestamptz(),
    user_agent: text(),
    ip: text(),
    created_at: createdAt(),
    last_used_at: createdAt(),
    expires_at: timestamptz().notNull(),
    revoked_at: timestamptz(),
    revoked_reason: text(),
    /** An administrator who acts as this user, and the session it began in: when that one is over, so is this. */
    impersonator_id: uuid().references(() => users.id, { onDelete: "cascade" }),
    impersonator_session_id: uuid().references((): AnyPgColumn => sessions.id, { onDelete: "cascade" }),
  },
  (t) => [
    index("sessions_user_id_idx").on(t.user_id),
    index("sessions_previous_refresh_hash_idx").on(t.previous_refresh_hash),
    index("sessions_impersonator_session_id_idx").on(t.impersonator_session_id),
  ],
);
export type SessionRow = typeof sessions.$inferSelect;

/** One-use secrets with a purpose (socket tickets, preview entry), stored hashed, consumed by DELETE … RETURNING. */
export const oneTimeTokens = pgTable("one_time_tokens", {
  token_hash: text().primaryKey(),
  purpose: text().notNull(),
  user_id: uuid()
    .notNull()
    .references(() => users.id, { onDelete: "cascade" }),
  payload: jsonb().$type<Record<string, unknown>>().notNull(),
  created_at: createdAt(),
  expires_at: timestamptz().notNull(),
});

/** Personal API keys (accounts-projects 9), kept hashed. */
export const apiKeys = pgTable(
  "api_keys",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text().notNull(),
    key_hash: text().notNull().unique(),
    prefix: text().notNull(),
    scopes: jsonb().$type<ApiKeyScope[]>().notNull(),
    /** What its runs may do at most (agent-git-deploy 4.10). */
    edit_mode: text().$type<EditMode>().notNull().default("ask"),
    created_at: createdAt(),
    last_used_at: timestamptz(),
    expires_at: timestamptz(),
  },
  (t) => [index("api_keys_user_id_idx").on(t.user_id)],
);
export type ApiKeyRow = typeof apiKeys.$inferSelect;

/** Sign-ins that passed the password and wait for a code. The token and the code are kept hashed. */
export const loginAttempts = pgTable(
  "login_attempts",
  {
    id: id(),
    token_hash: text().notNull().unique(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    code_hash: text(),
    code_expires_at: timestamptz(),
    code_wrong: integer().notNull().default(0),
    wrong_total: integer().notNull().default(0),
    sends: integer().notNull().default(0),
    sent_at: createdAt(),
    created_at: createdAt(),
    expires_at: timestamptz().notNull(),
  },
  (t) => [index("login_attempts_user_id_idx").on(t.user_id)],
);

/** Accounts elsewhere that open an account here. Their tokens are of no use to us and not kept. */
export const oauthAccounts = pgTable(
  "oauth_accounts",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    provider: text().notNull(),
    account_id: text().notNull(),
    account_email: text().notNull(),
    created_at: createdAt(),
  },
  (t) => [unique("oauth_accounts_provider_account_key").on(t.provider, t.account_id), index("oauth_accounts_user_id_idx").on(t.user_id)],
);

/** Sign-ins under way at a provider: single use, bound to the browser that began them. `sealed` holds the PKCE verifier. */
export const oauthStates = pgTable("oauth_states", {
  state_hash: text().primaryKey(),
  provider: text().notNull(),
  browser_hash: text().notNull(),
  sealed: bytea().notNull(),
  created_at: createdAt(),
  expires_at: timestamptz().notNull(),
});
