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

/** accounts-projects 1 and 12.2, marketplace-billing-admin 1.10. */
export const users = pgTable(
  "users",
  {
    id: id(),
    email: text().notNull(),
    /** Becomes `email` once whoever reads it says so; when that was asked for. */
    pending_email: text(),
    pending_email_at: timestamptz(),
    hashed_password: text(),
    name: text().notNull(),
    username: text().notNull(),
    slug: text().notNull().unique(),
    is_active: boolean().notNull().default(true),
    is_superuser: boolean().notNull().default(false),
    is_verified: boolean().notNull().default(false),
    /** The house's own (marketplace-billing-admin 11): a name to publish under that nobody signs in to. */
    is_system: boolean().notNull().default(false),
    subscription_tier: text().$type<"free" | "basic" | "pro" | "ultra">().notNull().default("free"),
    support_tier: text().notNull().default("community"),
    stripe_customer_id: text(),
    stripe_subscription_id: text(),
    /** The account that a creator is paid to. */
    creator_stripe_account_id: text(),
    /** Hosted projects beyond those of the tier. */
    purchased_deploy_slots: integer().notNull().default(0),
    total_spend_cents: integer().notNull().default(0),
    daily_credits: integer().notNull().default(0),
    daily_credits_reset_at: timestamptz(),
    bundled_credits: integer().notNull().default(0),
    /** The largest allowance that was given for the time until it comes again. */
    allowance_given: integer().notNull().default(0),
    signup_bonus_credits: integer().notNull().default(0),
    signup_bonus_expires_at: timestamptz(),
    purchased_credits: integer().notNull().default(0),
    /** Spent and not yet a whole credit, in exact decimals of a cent. */
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
    /** What was ever said; the rest is the contract's default. */
    preferences: jsonb().$type<Partial<Preferences>>().notNull().default({}),
    is_suspended: boolean().notNull().default(false),
    suspended_at: timestamptz(),
    suspended_reason: text(),
    suspended_by_id: uuid().references((): AnyPgColumn => users.id, { onDelete: "set null" }),
    is_deleted: boolean().notNull().default(false),
    deleted_at: timestamptz(),
    /** The person themself, or an administrator: only the former can be undone by the person. */
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

/** The picture that `avatar_url` leads to, made by us: a square WebP without anything of the file it came from. */
export const userAvatars = pgTable("user_avatars", {
  user_id: uuid()
    .primaryKey()
    .references(() => users.id, { onDelete: "cascade" }),
  /** Of its bytes. */
  version: text().notNull(),
  webp_base64: text().notNull(),
  created_at: createdAt(),
});
export type UserRow = typeof users.$inferSelect;

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

/** What a person was mailed about already: once for each thing. */
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

/** marketplace-billing-admin 7.3. Without a maker: one that comes with the product. */
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
    /** Of everything that is shown of it; changes with it. */
    revision: text().notNull(),
    is_default: boolean().notNull().default(false),
    is_active: boolean().notNull().default(true),
    sort_order: integer().notNull().default(50),
    icon: text().notNull().default("palette"),
    preview_image: text(),
    pricing_type: text().$type<"free" | "one_time">().notNull().default("free"),
    price_cents: integer().notNull().default(0),
    downloads: integer().notNull().default(0),
    /** The mean of its reviews; null without any. */
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
