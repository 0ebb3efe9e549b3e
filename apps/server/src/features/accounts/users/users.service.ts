import {
  defaultPreferences,
  type ErrorCode,
  type Preferences,
  type PublicUser,
  type SecurityEventKind,
  type UpdateUser,
  type User,
} from "@tesslate/contract";
import { isUniqueViolation, type Queries } from "../../../platform/database.ts";
import { AppError, badRequest, conflict, forbidden, invalid, notFound, unauthorized } from "../../../platform/errors.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { AvatarMaker, AvatarPicture } from "./avatar-picture.ts";
import type { Passwords } from "./passwords.ts";
import {
  avatarProblem,
  cleanName,
  defaultName,
  generateReferralCode,
  generateSlug,
  generateUsername,
  isAscii,
  isReservedUsername,
  isWellFormedUsername,
  nameProblem,
  normalizeEmail,
  normalizeUsername,
  passwordProblem,
  pictureIn,
  websiteProblem,
} from "./users.rules.ts";
import { canSignIn, isStillVerified, type NewUser, type UserChanges, type UsersStore } from "./users.store.ts";
import type { UserRow } from "../../../db/schema/accounts.ts";

export interface Registration {
  email: string;
  password: string;
  name?: string | null;
  username?: string | null;
  referral_code?: string | null;
}
/** Locks a theme if the user may use it. */
export type LockTheme = (tx: Queries, userId: string, themeId: string) => Promise<boolean>;
export type OnRegistered = (tx: Queries, user: UserRow) => Promise<void>;

/** Called in the transaction that stores a requested email change (`pending_email`). */
export type OnEmailAsked = (tx: Queries, user: UserRow) => Promise<void>;
export type OnEmailChanged = (tx: Queries, user: UserRow, formerEmail: string) => Promise<void>;

/** Called in the transaction that changes sign-in settings. */
export type OnSecurityEvent = (tx: Queries, user: UserRow, kind: SecurityEventKind) => Promise<void>;

/** What profile changes need of sessions. */
export interface UserSessions {
  revokeOthers(tx: Queries, userId: string, keepSessionId: string | undefined, reason: string): Promise<void>;
  /** Whether the session is open; keeps it open until the transaction ends. Lock the user first. */
  isOpenNow(tx: Queries, sessionId: string, userId: string): Promise<boolean>;
  /** Invalidates the cached user; call after the commit. */
  forgetUser(userId: string): Promise<void>;
}

/** Credits and support level of new accounts. */
export interface SignupTerms {
  dailyCredits: number;
  bonusCredits: number;
  /** Days until the bonus expires. */
  bonusDays: number;
  /** Support level. */
  support: string;
}

export type Users = ReturnType<typeof createUsers>;
export function createUsers({
  store,
  passwords,
  sessions,
  limits,
  makeAvatar,
  welcome,
  onRegistered = [],
  onEmailAsked = [],
  onEmailChanged = [],
  onSecurityEvent = async () => undefined,
  hasTwoFactor = false,
  confirmsEmail = false,
  lockTheme,
}: {
  store: UsersStore;
  passwords: Passwords;
  sessions: UserSessions;
  limits: RateLimiter;
  makeAvatar: AvatarMaker;
  welcome: SignupTerms;
  onRegistered?: OnRegistered[];
  onEmailAsked?: OnEmailAsked[];
  onEmailChanged?: OnEmailChanged[];
  onSecurityEvent?: OnSecurityEvent;
  /** Emailed codes are available; otherwise enabling them would lock users out. */
  hasTwoFactor?: boolean;
  /** A new email must be confirmed before it takes effect; false when the server cannot send email. */
  confirmsEmail?: boolean;
  /** Called before the user's row is locked. */
  lockTheme: LockTheme;
}) {
  const usernameOf = (given: string): string => {
    const username = normalizeUsername(given);
    if (!isWellFormedUsername(username)) throw malformedUsername();
    if (isReservedUsername(username)) throw usernameTaken();
    return username;
  };

  /** `undefined` when the email or the requested username is taken. Registration hooks run in the same transaction. */
  const insertAccount = async (
    tx: Queries,
    values: Omit<NewUser, "username" | "slug">,
    username?: string,
  ): Promise<UserRow | undefined> => {
    for (let attempt = 0; attempt < 8; attempt++) {
      const chosen = username ?? generateUsername(values.email);
      const row = await store.insert(tx, {
        ...values,
        username: chosen,
        slug: generateSlug(chosen),
        support_tier: welcome.support,
        daily_credits: welcome.dailyCredits,
        // Today's credits, so that the daily job does not grant them again today.
        daily_credits_reset_at: new Date().toISOString(),
        signup_bonus_credits: welcome.bonusCredits,
        signup_bonus_expires_at: new Date(Date.now() + welcome.bonusDays * 86_400_000).toISOString(),
        referral_code: generateReferralCode(),
      });
      if (row) {
        for (const hook of onRegistered) await hook(tx, row);
        return row;
      }
      if (await store.findByEmail(values.email, tx)) return undefined;
      if (username && (await store.findByUsername(username, tx))) return undefined;
    }
    throw new Error("no free username, slug and referral code found");
  };

  /** Rate limited, because processing images takes CPU time. */
  const pictureOf = async (id: string, bytes: Buffer): Promise<AvatarPicture> => {
    await limits.count({ key: `avatar:${id}`, max: 30, windowSeconds: 3600 });
    return makeAvatar(bytes);
  };
  const putAvatar = (tx: Queries, id: string, { version, webp }: AvatarPicture) =>
    store.putAvatar(tx, id, { version, webp_base64: webp.toString("base64"), url: `/api/users/${id}/avatar/${version}` });
  const requirePublic = (row: UserRow | undefined): PublicUser => {
    if (!row || !(canSignIn(row) || row.is_system)) throw notFound("User");
    return presentPublicUser(row);
  };

  /** Throws `code` for an invalid or weak password. */
  const checkPassword = async (password: string, user: Pick<UserRow, "email" | "username">, code: ErrorCode): Promise<void> => {
    const problem = passwordProblem(password, user);
    if (problem) throw badRequest(problem, code);
    if (await passwords.isEasyToGuess(password, user))
      throw badRequest("This password is too easy to guess. Use a longer one, for example four unrelated words.", code);
  };

  /** Throws `current_password_required`, `current_password_wrong`. Rate limited, so that a stolen session cannot guess the password. */
  const requireCurrentPassword = async (user: UserRow, given: string | undefined): Promise<void> => {
    if (given === undefined) throw badRequest("Enter your current password to change this.", "current_password_required");
    const key = `password:${user.id}`;
    await limits.count({ key, max: 10, windowSeconds: 900 });
    if (!(await passwords.verify(user.hashed_password, given))) throw wrongPassword();
    await limits.reset(key);
  };

  return {
    requireCurrentPassword,
    /** Checks that result in 422; such requests do not count towards rate limits. */
    checkRegistration: ({ username, name }: Registration): void => {
      if (name) refuse("name", nameProblem(name));
      if (username && !isWellFormedUsername(normalizeUsername(username))) throw malformedUsername();
    },
    /** Throws `register_invalid_password`, `username_taken`, `register_user_already_exists`. `decideAdmin` and `alongside` run in the transaction. */
    register: async (
      input: Registration,
      decideAdmin: (tx: Queries) => Promise<boolean>,
      alongside: OnRegistered = async () => undefined,
    ): Promise<UserRow> => {
      const email = normalizeEmail(input.email);
      const username = input.username ? usernameOf(input.username) : undefined;
      await checkPassword(input.password, { email, username: username ?? "" }, "register_invalid_password");
      const hashed_password = await passwords.hash(input.password);
      const name = cleanName(input.name ?? "") || defaultName(email);

      return store.transaction(async (tx) => {
        const is_superuser = await decideAdmin(tx);
        const referrer = input.referral_code ? await store.findByReferralCode(input.referral_code.trim().toUpperCase(), tx) : undefined;
        const row = await insertAccount(
          tx,
          { email, hashed_password, name, is_superuser, referred_by: referrer?.referral_code ?? null },
          username,
        );
        if (row) {
          await alongside(tx, row);
          return row;
        }
        if (username && (await store.findByUsername(username, tx))) throw usernameTaken();
        throw badRequest("An account with this email already exists.", "register_user_already_exists");
      });
    },

    /** Creates an account from a sign-in provider: verified email, no password. `undefined` when the email is taken. */
    registerVerified: (
      tx: Queries,
      input: { email: string; name: string | null; avatar_url: string | null },
      is_superuser: boolean,
    ): Promise<UserRow | undefined> => {
      const email = normalizeEmail(input.email);
      const avatar_url = input.avatar_url !== null && avatarProblem(input.avatar_url) === undefined ? input.avatar_url : null;
      const name = (nameProblem(input.name ?? "") ? "" : cleanName(input.name ?? "")) || defaultName(email);
      return insertAccount(tx, { email, hashed_password: null, name, is_superuser, is_verified: true, avatar_url });
    },

    get: async (id: string): Promise<UserRow> => {
      const row = await store.find(id);
      if (!row) throw notFound("User");
      return row;
    },
    find: (id: string, q?: Queries): Promise<UserRow | undefined> => store.find(id, q),
    findByEmail: (email: string, q?: Queries): Promise<UserRow | undefined> => store.findByEmail(normalizeEmail(email), q),
    checkPassword,
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

    /** Updates the profile. Only fields of the contract can be changed. */
    update: async (id: string, sessionId: string | undefined, body: UpdateUser): Promise<UserRow> => {
      const user = await store.find(id);
      if (!user) throw notFound("User");
      const email = body.email === undefined ? user.email : normalizeEmail(body.email);
      const username = body.username === undefined ? user.username : usernameOf(body.username);
      if (body.password !== undefined) await checkPassword(body.password, { email, username }, "update_user_invalid_password");
      if (body.avatar_url) refuse("avatar_url", avatarProblem(body.avatar_url));
      if (body.name !== undefined) refuse("name", nameProblem(body.name));
      const given = body.avatar_url ? pictureIn(body.avatar_url) : undefined;
      const picture = given && (await pictureOf(id, given));
      if (body.website_url) refuse("website_url", websiteProblem(body.website_url));

      const hasNewEmail = email !== user.email;
      const isSensitive =
        hasNewEmail || body.password !== undefined || (body.two_fa_enabled ?? user.two_fa_enabled) !== user.two_fa_enabled;
      if (isSensitive && user.hashed_password !== null) await requireCurrentPassword(user, body.current_password);
      if (body.two_fa_enabled === true && !user.two_fa_enabled && !hasTwoFactor)
        throw new AppError("not_configured", "Two-factor authentication by email is not available on this server.");
      // Codes are sent to this address, so an unconfirmed one could lock the account.
      if (body.two_fa_enabled === true && !user.two_fa_enabled && (!user.is_verified || hasNewEmail))
        throw conflict("email_not_verified", "Confirm your email address first. The codes are sent to it.");

      const isAsked = hasNewEmail && confirmsEmail;
      if (isAsked) {
        await limits.count({ key: `email_change:${id}`, max: 10, windowSeconds: 3600 });
        if (await store.findByEmail(email)) throw emailTaken();
      }
      const changes: UserChanges = {
        ...(hasNewEmail && !confirmsEmail && { email, is_verified: false }),
        ...(body.email !== undefined && {
          pending_email: isAsked ? email : null,
          pending_email_at: isAsked ? new Date().toISOString() : null,
        }),
        ...(body.password !== undefined && { hashed_password: await passwords.hash(body.password) }),
        ...(body.username !== undefined && { username }),
        ...(body.name !== undefined && { name: cleanName(body.name) || user.name }),
      };
      if (body.preferences !== undefined) changes.preferences = store.mergedPreferences(knownOf(body.preferences));
      for (const key of profileFields) if (body[key] !== undefined) Object.assign(changes, { [key]: body[key] });
      try {
        const row = await store.transaction(async (tx) => {
          if (body.theme_preset !== undefined && !(await lockTheme(tx, id, body.theme_preset))) refuse("theme_preset", "Theme not found");
          if (isSensitive && !(await isStillVerified(tx, user))) throw wrongPassword();
          if (isSensitive && sessionId !== undefined && !(await sessions.isOpenNow(tx, sessionId, id))) throw unauthorized(sessionOver);
          if (body.avatar_url !== undefined && !picture) await store.deleteAvatar(tx, id);
          let updated = await store.update(id, changes, tx);
          if (picture) updated = await putAvatar(tx, id, picture);
          if (body.password !== undefined) await sessions.revokeOthers(tx, id, sessionId, "password_changed");
          if (updated) for (const kind of eventsOf(user, updated)) await onSecurityEvent(tx, updated, kind);
          if (isAsked && updated) for (const hook of onEmailAsked) await hook(tx, updated);
          if (hasNewEmail && !isAsked && updated) for (const hook of onEmailChanged) await hook(tx, updated, user.email);
          return updated;
        });
        if (!row) throw notFound("User");
        await sessions.forgetUser(id);
        return row;
      } catch (error) {
        if (isUniqueViolation(error, "users_username_key")) throw usernameTaken();
        if (isUniqueViolation(error, "users_email_key")) throw emailTaken();
        throw error;
      }
    },
    /**
     * Applies a confirmed email change. `undefined` when the change is no longer pending. Throws
     * `update_user_email_already_exists`.
     */
    applyPendingEmail: async (id: string, email: string, askedAt: string, after: OnEmailChanged): Promise<UserRow | undefined> => {
      try {
        const row = await store.transaction(async (tx) => {
          const before = await store.find(id, tx);
          const updated = await store.applyPendingEmail(tx, id, email, askedAt);
          if (!before || !updated) return undefined;
          await onSecurityEvent(tx, updated, "email_changed");
          await after(tx, updated, before.email);
          return updated;
        });
        if (row) await sessions.forgetUser(id);
        return row;
      } catch (error) {
        if (isUniqueViolation(error, "users_email_key")) throw emailTaken();
        throw error;
      }
    },

    /** Throws `bad_image`. */
    setAvatar: async (id: string, bytes: Buffer): Promise<UserRow> => {
      const picture = await pictureOf(id, bytes);
      const row = await store.transaction((tx) => putAvatar(tx, id, picture));
      if (!row) throw notFound("User");
      return row;
    },
    removeAvatar: async (id: string): Promise<void> => {
      await store.transaction(async (tx) => {
        await store.deleteAvatar(tx, id);
        await store.update(id, { avatar_url: null }, tx);
      });
    },
    avatar: async (id: string, version: string): Promise<Buffer> => {
      const found = await store.findAvatar(id, version);
      if (found === undefined) throw notFound("Picture");
      return Buffer.from(found, "base64");
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
    lockSetup: store.lockSetup,
    rehash: store.rehash,
  };
}

const profileFields = [
  "diagram_model",
  "avatar_url",
  "bio",
  "twitter_handle",
  "github_username",
  "website_url",
  "theme_preset",
  "chat_position",
  "disabled_models",
  "two_fa_enabled",
] as const satisfies (keyof UpdateUser)[];

/** Drops unknown preferences. */
const knownOf = (given: Partial<Preferences>): Partial<Preferences> =>
  Object.fromEntries(Object.entries(given).filter(([key]) => key in defaultPreferences));

/** For requests whose session ended during the request. */
export const sessionOver = "Your session has ended. Sign in again.";
const usernameRule = "3 to 50 letters, digits, - or _; starts and ends with a letter or digit; no consecutive - or _";
const takenSentence = "This username is not available.";
const malformedUsername = () => invalid(["body", "username"], usernameRule);
const wrongPassword = () => badRequest("The current password is wrong.", "current_password_wrong");
const emailTaken = () => badRequest("Another account already uses this email.", "update_user_email_already_exists");
const usernameTaken = () => conflict("username_taken", takenSentence);
const eventsOf = (before: UserRow, after: UserRow): SecurityEventKind[] => [
  ...(after.hashed_password === before.hashed_password ? [] : (["password_changed"] as const)),
  ...(after.email === before.email ? [] : (["email_changed"] as const)),
  ...(after.two_fa_enabled === before.two_fa_enabled
    ? []
    : [after.two_fa_enabled ? ("email_codes_on" as const) : ("email_codes_off" as const)]),
];

function refuse(field: string, problem: string | undefined): void {
  if (problem) throw invalid(["body", field], problem);
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
