import { sql } from "drizzle-orm";
import { boolean, integer, jsonb, numeric, pgTable, text, uniqueIndex, uuid, type AnyPgColumn } from "drizzle-orm/pg-core";
import type { Preferences } from "@tesslate/contract";
import { createdAt, id, timestamptz, updatedAt } from "../../../platform/columns.ts";

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
