import { defaultPreferences, type Preferences, type SecurityEventKind, type UpdateUser } from "@tesslate/contract";
import type { UserRow } from "../../../db/schema/accounts.ts";
import { isUniqueViolation, type Queries } from "../../../platform/database.ts";
import { AppError, conflict, notFound, unauthorized } from "../../../platform/errors.ts";
import type { Avatars } from "./avatars.ts";
import { wrongPassword, type PasswordChecks } from "./password-checks.ts";
import { emailTaken, refuse, usernameOf, usernameTaken } from "./users.refusals.ts";
import { avatarProblem, cleanName, nameProblem, normalizeEmail, pictureIn, websiteOf } from "./users.rules.ts";
import { isStillVerified, type UserChanges, type UsersStore } from "./users.store.ts";

/** Locks a theme if the user may use it. */
export type LockTheme = (tx: Queries, userId: string, themeId: string) => Promise<boolean>;
export type OnEmailChanged = (tx: Queries, user: UserRow, formerEmail: string) => Promise<void>;

/** What changing an email needs. */
export interface EmailChanges {
  /** The server sends email: a new address must be confirmed before it takes effect, and codes can be sent to it. */
  isOn: boolean;
  /** Limits how often a person asks for a change. */
  countRequest(userId: string): Promise<void>;
  /** Called in the transaction that stores a requested change (`pending_email`). */
  onRequested(tx: Queries, user: UserRow): Promise<void>;
  /** Called in the transaction that changes the email without confirmation. */
  onChanged: OnEmailChanged;
}

/** What profile changes need of sessions. */
export interface UserSessions {
  revokeOthers(tx: Queries, userId: string, keepSessionId: string | undefined, reason: string): Promise<void>;
  /** Whether the session is open; keeps it open until the transaction ends. Lock the user first. */
  isOpenNow(tx: Queries, sessionId: string, userId: string): Promise<boolean>;
  /** Invalidates the cached user; call after the commit. */
  forgetUser(userId: string): Promise<void>;
}
/** These, and the security log. */
export interface ProfileSessions extends UserSessions {
  /** Notes a change of sign-in settings, in the transaction that makes it. */
  noteEvent(tx: Queries, user: UserRow, kind: SecurityEventKind): Promise<void>;
}

export type Profiles = ReturnType<typeof createProfiles>;
/** Changes of a user's own data. */
export function createProfiles({
  store,
  passwordChecks,
  avatars,
  sessions,
  emails,
  lockTheme,
}: {
  store: UsersStore;
  passwordChecks: PasswordChecks;
  avatars: Avatars;
  sessions: ProfileSessions;
  emails: EmailChanges;
  /** Called before the user's row is locked. */
  lockTheme: LockTheme;
}) {
  return {
    /** Updates the profile. Only fields of the contract can be changed. */
    update: async (id: string, sessionId: string | undefined, body: UpdateUser): Promise<UserRow> => {
      const user = await store.find(id);
      if (!user) throw notFound("User");
      const email = body.email === undefined ? user.email : normalizeEmail(body.email);
      const username = body.username === undefined ? user.username : usernameOf(body.username);
      if (body.password !== undefined)
        await passwordChecks.checkPassword(body.password, { email, username }, "update_user_invalid_password");
      if (body.avatar_url) refuse("avatar_url", avatarProblem(body.avatar_url));
      if (body.name !== undefined) refuse("name", nameProblem(body.name));
      const given = body.avatar_url ? pictureIn(body.avatar_url) : undefined;
      const picture = given && (await avatars.pictureOf(id, given));
      const website_url = body.website_url ? websiteOf(body.website_url) : body.website_url;
      if (body.website_url && website_url === undefined) refuse("website_url", "Enter a website, for example alder.example");

      const hasNewEmail = email !== user.email;
      const isSensitive =
        hasNewEmail || body.password !== undefined || (body.two_fa_enabled ?? user.two_fa_enabled) !== user.two_fa_enabled;
      if (isSensitive && user.hashed_password !== null) await passwordChecks.requireCurrentPassword(user, body.current_password);
      if (body.two_fa_enabled === true && !user.two_fa_enabled && !emails.isOn)
        throw new AppError("not_configured", "Two-factor authentication by email is not available on this server.");
      // Codes are sent to this address, so an unconfirmed one could lock the account.
      if (body.two_fa_enabled === true && !user.two_fa_enabled && (!user.is_verified || hasNewEmail))
        throw conflict("email_not_verified", "Confirm your email address first. The codes are sent to it.");

      const needsConfirmation = hasNewEmail && emails.isOn;
      if (needsConfirmation) {
        await emails.countRequest(id);
        if (await store.findByEmail(email)) throw emailTaken();
      }
      const changes: UserChanges = {
        ...(hasNewEmail && !emails.isOn && { email, is_verified: false }),
        ...(body.email !== undefined && {
          pending_email: needsConfirmation ? email : null,
          pending_email_at: needsConfirmation ? new Date().toISOString() : null,
        }),
        ...(body.password !== undefined && { hashed_password: await passwordChecks.hash(body.password) }),
        ...(body.username !== undefined && { username }),
        ...(body.name !== undefined && { name: cleanName(body.name) || user.name }),
      };
      if (body.preferences !== undefined) changes.preferences = store.mergedPreferences(knownOf(body.preferences));
      for (const key of profileFields) if (body[key] !== undefined) Object.assign(changes, { [key]: body[key] });
      if (website_url !== undefined) changes.website_url = website_url;
      try {
        const row = await store.transaction(async (tx) => {
          if (body.theme_preset !== undefined && !(await lockTheme(tx, id, body.theme_preset))) refuse("theme_preset", "Theme not found");
          if (isSensitive && !(await isStillVerified(tx, user))) throw wrongPassword();
          if (isSensitive && sessionId !== undefined && !(await sessions.isOpenNow(tx, sessionId, id))) throw unauthorized(sessionOver);
          if (body.avatar_url !== undefined && !picture) await store.deleteAvatar(tx, id);
          let updated = await store.update(id, changes, tx);
          if (picture) updated = await avatars.putAvatar(tx, id, picture);
          if (body.password !== undefined) await sessions.revokeOthers(tx, id, sessionId, "password_changed");
          if (updated) for (const kind of eventsOf(user, updated)) await sessions.noteEvent(tx, updated, kind);
          if (needsConfirmation && updated) await emails.onRequested(tx, updated);
          if (hasNewEmail && !needsConfirmation && updated) await emails.onChanged(tx, updated, user.email);
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
    applyPendingEmail: async (id: string, email: string, requestedAt: string, after: OnEmailChanged): Promise<UserRow | undefined> => {
      try {
        const row = await store.transaction(async (tx) => {
          const before = await store.find(id, tx);
          const updated = await store.applyPendingEmail(tx, id, email, requestedAt);
          if (!before || !updated) return undefined;
          await sessions.noteEvent(tx, updated, "email_changed");
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
const eventsOf = (before: UserRow, after: UserRow): SecurityEventKind[] => [
  ...(after.hashed_password === before.hashed_password ? [] : (["password_changed"] as const)),
  ...(after.email === before.email ? [] : (["email_changed"] as const)),
  ...(after.two_fa_enabled === before.two_fa_enabled
    ? []
    : [after.two_fa_enabled ? ("email_codes_on" as const) : ("email_codes_off" as const)]),
];
