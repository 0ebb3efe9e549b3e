import type { ApiKeyScope, EditMode, Preferences, SecurityEventKind, ThemeJson } from "@tesslate/contract";
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
  text,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { bytea, createdAt, id, timestamptz, updatedAt } from "../../platform/columns.ts";

export const users = pgTable(
  "users",
  {
    id: id(),
    email: text().notNull(),
    /** New address, replaces `email` once confirmed; and when the change was requested. */
    pending_email: text(),
    pending_email_at: timestamptz(),
    hashed_password: text(),
    name: text().notNull(),
    username: text().notNull(),
    slug: text().notNull().unique(),
    is_active: boolean().notNull().default(true),
    is_superuser: boolean().notNull().default(false),
    is_verified: boolean().notNull().default(false),
    /** System account: publishes bundled items and cannot sign in. */
    is_system: boolean().notNull().default(false),
    subscription_tier: text().$type<"free" | "basic" | "pro" | "ultra">().notNull().default("free"),
    support_tier: text().notNull().default("community"),
    stripe_customer_id: text(),
    stripe_subscription_id: text(),
    /** The creator's Stripe Connect account. */
    creator_stripe_account_id: text(),
    /** Bought hosted projects, in addition to those of the tier. */
    purchased_deploy_slots: integer().notNull().default(0),
    total_spend_cents: integer().notNull().default(0),
    daily_credits: integer().notNull().default(0),
    daily_credits_reset_at: timestamptz(),
    bundled_credits: integer().notNull().default(0),
    /** The largest allowance granted in the current period. */
    allowance_given: integer().notNull().default(0),
    signup_bonus_credits: integer().notNull().default(0),
    signup_bonus_expires_at: timestamptz(),
    purchased_credits: integer().notNull().default(0),
    /** Usage below a whole credit that is not charged yet, in exact decimals of a cent. */
    credit_fraction: numeric({ precision: 20, scale: 8 }).notNull().default("0"),
    credits_reset_at: timestamptz(),
    diagram_model: text(),
    disabled_models: jsonb().$type<string[]>(),
    referral_code: text().unique(),
    referred_by: text(),
    avatar_url: text(),
    bio: text(),
    twitter_handle: text(),
    github_username: text(),
    website_url: text(),
    theme_preset: text().notNull().default("default-dark"),
    chat_position: text().$type<"left" | "center" | "right">().notNull().default("center"),
    two_fa_enabled: boolean().notNull().default(false),
    /** Stored preferences; missing keys have the contract's defaults. */
    preferences: jsonb().$type<Partial<Preferences>>().notNull().default({}),
    is_suspended: boolean().notNull().default(false),
    suspended_at: timestamptz(),
    suspended_reason: text(),
    suspended_by_id: uuid().references((): AnyPgColumn => users.id, { onDelete: "set null" }),
    is_deleted: boolean().notNull().default(false),
    deleted_at: timestamptz(),
    /** The user or an administrator; the user can undo only their own deletion. */
    deleted_by_id: uuid().references((): AnyPgColumn => users.id, { onDelete: "set null" }),
    deleted_reason: text(),
    scheduled_hard_delete_at: timestamptz(),
    last_active_at: timestamptz(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [
    uniqueIndex("users_email_key").on(sql`lower(${t.email})`),
    uniqueIndex("users_username_key").on(sql`lower(${t.username})`),
    uniqueIndex("users_stripe_customer_id_key").on(t.stripe_customer_id),
  ],
);

/** The image behind `avatar_url`: a re-encoded square WebP without metadata of the upload. */
export const userAvatars = pgTable("user_avatars", {
  user_id: uuid()
    .primaryKey()
    .references(() => users.id, { onDelete: "cascade" }),
  /** Hash of the bytes. */
  version: text().notNull(),
  webp_base64: text().notNull(),
  created_at: createdAt(),
});
export type UserRow = typeof users.$inferSelect;

/** A revocable session. `refresh_hash` is the hash of the current refresh token; the previous token is accepted for 30 s. */
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
    /** The impersonating administrator and their session; this session ends with it. */
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

/** Personal API keys, stored as hashes. */
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
    /** Maximum edit mode of runs started with the key. */
    edit_mode: text().$type<EditMode>().notNull().default("ask"),
    created_at: createdAt(),
    last_used_at: timestamptz(),
    expires_at: timestamptz(),
  },
  (t) => [index("api_keys_user_id_idx").on(t.user_id)],
);
export type ApiKeyRow = typeof apiKeys.$inferSelect;

/** Sign-ins with a correct password that wait for a two-factor code. Token and code are stored as hashes. */
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

/** External accounts linked for sign-in. Their tokens are not stored. */
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

/** OAuth states: single use, bound to the browser. `encrypted_state` holds the PKCE verifier. */
export const oauthStates = pgTable("oauth_states", {
  state_hash: text().primaryKey(),
  provider: text().notNull(),
  browser_hash: text().notNull(),
  encrypted_state: bytea("sealed").notNull(),
  created_at: createdAt(),
  expires_at: timestamptz().notNull(),
});

/** Public keys of passkeys (base64url, COSE). `counter`: the authenticator's signature counter, if it has one. */
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

/** WebAuthn challenges: single use, for one purpose and user. `bound_to`: hash of a session or browser. */
export const passkeyChallenges = pgTable("passkey_challenges", {
  challenge_hash: text().primaryKey(),
  purpose: text().$type<"create" | "sign_in">().notNull(),
  bound_to: text().notNull(),
  created_at: createdAt(),
  expires_at: timestamptz().notNull(),
});

const userId = () =>
  uuid()
    .notNull()
    .references(() => users.id, { onDelete: "cascade" });

/** TOTP secrets; not active until confirmed with a code. `last_step`: the time step of the last used code. */
export const totpSecrets = pgTable("totp_secrets", {
  user_id: userId().primaryKey(),
  encrypted_secret: bytea("sealed_secret").notNull(),
  last_step: bigint({ mode: "number" }).notNull().default(0),
  created_at: createdAt(),
  confirmed_at: timestamptz(),
  last_used_at: timestamptz(),
});

/** Unused recovery codes as keyed hashes; used ones are deleted. */
export const recoveryCodes = pgTable(
  "recovery_codes",
  { id: id(), user_id: userId(), code_hash: text().notNull(), created_at: createdAt() },
  (t) => [unique("recovery_codes_user_code_key").on(t.user_id, t.code_hash)],
);

/** Security events of an account, shown to its owner and kept for a year. */
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

/** Notifications already sent by email, one per subject. */
export const mailedNotices = pgTable(
  "mailed_notices",
  {
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** `approval:<id>` or `run:<task id>`. */
    about: text().notNull(),
    created_at: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.user_id, t.about] })],
);

/** Themes. Without a creator: bundled. */
export const themes = pgTable(
  "themes",
  {
    id: text().primaryKey(),
    name: text().notNull(),
    mode: text().$type<"dark" | "light">().notNull(),
    author: text(),
    version: text().notNull().default("1.0.0"),
    description: text(),
    long_description: text(),
    theme_json: jsonb().$type<ThemeJson>().notNull(),
    /** Hash of the visible content. */
    revision: text().notNull(),
    is_default: boolean().notNull().default(false),
    is_active: boolean().notNull().default(true),
    sort_order: integer().notNull().default(50),
    icon: text().notNull().default("palette"),
    preview_image: text(),
    pricing_type: text().$type<"free" | "one_time">().notNull().default("free"),
    price_cents: integer().notNull().default(0),
    downloads: integer().notNull().default(0),
    /** Mean of its reviews; null without any. */
    rating: doublePrecision(),
    reviews_count: integer().notNull().default(0),
    is_featured: boolean().notNull().default(false),
    is_published: boolean().notNull().default(false),
    created_by_user_id: uuid().references(() => users.id, { onDelete: "cascade" }),
    tags: jsonb().$type<string[]>().notNull().default([]),
    category: text().$type<"general" | "minimal" | "vibrant" | "professional">().notNull().default("general"),
    source_type: text().$type<"open" | "closed">().notNull().default("open"),
    parent_theme_id: text().references((): AnyPgColumn => themes.id, { onDelete: "set null" }),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [index("themes_created_by_user_id_idx").on(t.created_by_user_id, t.updated_at.desc())],
);
export type ThemeRow = typeof themes.$inferSelect;
