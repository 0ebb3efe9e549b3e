import { defaultPreferences, type PublicUser, type User } from "@tesslate/contract";
import type { UserRow } from "../../../db/schema/accounts.ts";
import { isUniqueViolation, type Queries } from "../../../platform/database.ts";
import { forbidden, notFound } from "../../../platform/errors.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { Avatars } from "./avatars.ts";
import type { PasswordChecks } from "./password-checks.ts";
import type { Profiles } from "./profiles.ts";
import type { UserRegistration } from "./registration.ts";
import { refuse, takenSentence, usernameOf, usernameRule, usernameTaken } from "./users.refusals.ts";
import {
  cleanName,
  isAscii,
  isReservedUsername,
  isWellFormedUsername,
  nameProblem,
  normalizeEmail,
  normalizeUsername,
} from "./users.rules.ts";
import { canSignIn, type UsersStore } from "./users.store.ts";

/** Everything about users. */
export type Users = UserDirectory & UserRegistration & Profiles & Avatars & PasswordChecks;

export type UserDirectory = ReturnType<typeof createUserDirectory>;
/** Finds users, and changes single fields on behalf of others. */
export function createUserDirectory({ store, limits }: { store: UsersStore; limits: RateLimiter }) {
  const requirePublic = (row: UserRow | undefined): PublicUser => {
    if (!row || !(canSignIn(row) || row.is_system)) throw notFound("User");
    return presentPublicUser(row);
  };

  return {
    get: async (id: string): Promise<UserRow> => {
      const row = await store.find(id);
      if (!row) throw notFound("User");
      return row;
    },
    find: (id: string, q?: Queries): Promise<UserRow | undefined> => store.find(id, q),
    findByEmail: (email: string, q?: Queries): Promise<UserRow | undefined> => store.findByEmail(normalizeEmail(email), q),
    /** False when password or email have changed. */
    replacePassword: store.replacePassword,
    /** Removes the password. */
    voidPassword: store.voidPassword,
    /** `undefined` when the email has changed. */
    markVerified: async (id: string, email: string): Promise<UserRow | undefined> => store.markVerified(id, email),
    /** Verifies the email and removes credentials that were set before, possibly by another person. */
    claim: store.claim,
    backfillAvatar: store.backfillAvatar,
    /** By email or username, in any state. */
    findByLogin: (login: string): Promise<UserRow | undefined> =>
      !isAscii(login)
        ? Promise.resolve(undefined)
        : login.includes("@")
          ? store.findByEmail(normalizeEmail(login))
          : store.findByUsername(normalizeUsername(login)),
    getPublic: async (id: string): Promise<PublicUser> => requirePublic(await store.find(id)),
    getPublicByUsername: async (username: string): Promise<PublicUser> =>
      requirePublic(await store.findByUsername(normalizeUsername(username))),
    /** An error message when the username is invalid or taken (including reserved ones); null when it is available. */
    usernameProblem: async (id: string, given: string): Promise<string | null> => {
      await limits.count({ key: `username:${id}`, max: 120, windowSeconds: 60 });
      const username = normalizeUsername(given);
      if (!isWellFormedUsername(username)) return `Invalid username: ${usernameRule}.`;
      const holder = isReservedUsername(username) ? undefined : await store.findByUsername(username);
      return isReservedUsername(username) || (holder && holder.id !== id) ? takenSentence : null;
    },
    /** Renames a user on behalf of an administrator, in the caller's transaction. Throws `username_taken`. */
    rename: async (tx: Queries, id: string, { name, username }: { name?: string; username?: string }): Promise<void> => {
      if (name !== undefined) refuse("name", nameProblem(name));
      const cleaned = cleanName(name ?? "");
      const changes = { ...(cleaned && { name: cleaned }), ...(username !== undefined && { username: usernameOf(username) }) };
      try {
        await store.update(id, changes, tx);
      } catch (error) {
        if (isUniqueViolation(error, "users_username_key")) throw usernameTaken();
        throw error;
      }
    },
    /** Throws `forbidden` when the user is suspended or deleted; keeps them active until the transaction ends. */
    requireActive: async (tx: Queries, id: string): Promise<void> => {
      if (!(await store.isActiveNow(tx, id))) throw forbidden("forbidden", "This account is suspended or deleted.");
    },

    hasAdministrator: store.hasAdministrator,
    hasAccounts: store.hasAccounts,
    lockSetup: store.lockSetup,
    rehash: store.rehash,
  };
}

export const presentUser = (row: UserRow): User => ({
  id: row.id,
  email: row.email,
  pending_email: row.pending_email,
  is_active: row.is_active,
  is_superuser: row.is_superuser,
  is_verified: row.is_verified,
  name: row.name,
  username: row.username,
  slug: row.slug,
  subscription_tier: row.subscription_tier,
  total_spend_cents: row.total_spend_cents,
  bundled_credits: row.bundled_credits,
  purchased_credits: row.purchased_credits,
  diagram_model: row.diagram_model,
  disabled_models: row.disabled_models,
  referral_code: row.referral_code,
  referred_by: row.referred_by,
  last_active_at: row.last_active_at,
  avatar_url: row.avatar_url,
  bio: row.bio,
  twitter_handle: row.twitter_handle,
  github_username: row.github_username,
  website_url: row.website_url,
  theme_preset: row.theme_preset,
  chat_position: row.chat_position,
  two_fa_enabled: row.two_fa_enabled,
  preferences: { ...defaultPreferences, ...row.preferences },
  created_at: row.created_at,
  updated_at: row.updated_at,
});
const presentPublicUser = (row: UserRow): PublicUser => ({
  id: row.id,
  name: row.name,
  username: row.username,
  slug: row.slug,
  avatar_url: row.avatar_url,
  bio: row.bio,
  twitter_handle: row.twitter_handle,
  github_username: row.github_username,
  website_url: row.website_url,
  joined_at: row.created_at,
});
