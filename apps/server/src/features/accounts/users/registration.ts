import type { UserRow } from "../../../db/schema/accounts.ts";
import type { Queries } from "../../../platform/database.ts";
import { badRequest } from "../../../platform/errors.ts";
import type { PasswordChecks } from "./password-checks.ts";
import { checkSignUp, type SignUpPolicy } from "./sign-up-policy.ts";
import { malformedUsername, refuse, usernameOf, usernameTaken } from "./users.refusals.ts";
import {
  avatarProblem,
  cleanName,
  defaultName,
  generateReferralCode,
  generateSlug,
  generateUsername,
  isWellFormedUsername,
  nameProblem,
  normalizeEmail,
  normalizeUsername,
} from "./users.rules.ts";
import type { NewUser, UsersStore } from "./users.store.ts";

export interface Registration {
  email: string;
  password: string;
  name?: string | null;
  username?: string | null;
  referral_code?: string | null;
}
export type OnRegistered = (tx: Queries, user: UserRow) => Promise<void>;

/** Credits and support level of new accounts. */
export interface SignupTerms {
  dailyCredits: number;
  bonusCredits: number;
  /** Days until the bonus expires. */
  bonusDays: number;
  /** Support level. */
  support: string;
}

export type UserRegistration = ReturnType<typeof createUserRegistration>;
/** Creates accounts. */
export function createUserRegistration({
  store,
  passwordChecks,
  terms,
  onRegistered,
  signUp = { mode: "open", emailDomains: [] },
}: {
  store: UsersStore;
  passwordChecks: Pick<PasswordChecks, "checkPassword" | "hash">;
  terms: SignupTerms;
  /** Called in the transaction that creates an account. */
  onRegistered: readonly OnRegistered[];
  /** Administrators are not subject to it. Default: anyone can register. */
  signUp?: SignUpPolicy;
}) {
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
        support_tier: terms.support,
        daily_credits: terms.dailyCredits,
        // Today's credits, so that the daily job does not grant them again today.
        daily_credits_reset_at: new Date().toISOString(),
        signup_bonus_credits: terms.bonusCredits,
        signup_bonus_expires_at: new Date(Date.now() + terms.bonusDays * 86_400_000).toISOString(),
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

  return {
    /** Checks that result in 422; such requests do not count towards rate limits. */
    checkRegistration: ({ username, name }: Registration): void => {
      if (name) refuse("name", nameProblem(name));
      if (username && !isWellFormedUsername(normalizeUsername(username))) throw malformedUsername();
    },
    /** Throws `sign_up_closed`, `register_invalid_password`, `username_taken`, `register_user_already_exists`. `decideAdmin` and `alongside` run in the transaction. */
    register: async (
      input: Registration,
      decideAdmin: (tx: Queries) => Promise<boolean>,
      alongside: OnRegistered = async () => undefined,
    ): Promise<UserRow> => {
      const email = normalizeEmail(input.email);
      const username = input.username ? usernameOf(input.username) : undefined;
      await passwordChecks.checkPassword(input.password, { email, username: username ?? "" }, "register_invalid_password");
      const hashed_password = await passwordChecks.hash(input.password);
      const name = cleanName(input.name ?? "") || defaultName(email);

      return store.transaction(async (tx) => {
        const is_superuser = await decideAdmin(tx);
        if (!is_superuser) checkSignUp(signUp, { email, isConfirmed: false });
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

    /** Creates an account from a sign-in provider: verified email, no password. `undefined` when the email is taken. Throws `sign_up_closed`. */
    registerVerified: async (
      tx: Queries,
      input: { email: string; name: string | null; avatar_url: string | null },
      is_superuser: boolean,
    ): Promise<UserRow | undefined> => {
      const email = normalizeEmail(input.email);
      if (!is_superuser) checkSignUp(signUp, { email, isConfirmed: true });
      const avatar_url = input.avatar_url !== null && avatarProblem(input.avatar_url) === undefined ? input.avatar_url : null;
      const name = (nameProblem(input.name ?? "") ? "" : cleanName(input.name ?? "")) || defaultName(email);
      return insertAccount(tx, { email, hashed_password: null, name, is_superuser, is_verified: true, avatar_url });
    },
  };
}
