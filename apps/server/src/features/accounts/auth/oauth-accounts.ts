import type { SignInProvider } from "@tesslate/contract";
import { badRequest, unauthorized } from "../../../platform/errors.ts";
import { canSignIn, isAsciiEmail, type UserRow, type Users } from "../users/index.ts";
import type { ApiKeys } from "./api-keys.ts";
import type { LoginMethods } from "./login-methods.store.ts";
import type { Profile } from "./oauth.providers.ts";
import type { OauthStore } from "./oauth.store.ts";
import type { Sessions } from "./sessions.ts";
import type { Setup } from "./setup.ts";

export type OauthAccounts = ReturnType<typeof createOauthAccounts>;
/** The users of provider accounts. */
export function createOauthAccounts({
  store,
  users,
  sessions,
  setup,
  loginMethods,
  apiKeys,
}: {
  store: OauthStore;
  users: Pick<Users, "find" | "findByEmail" | "registerVerified" | "claim" | "backfillAvatar">;
  sessions: Pick<Sessions, "revokeOthers" | "forgetUser">;
  setup: Pick<Setup, "decideAdmin" | "finish">;
  loginMethods: Pick<LoginMethods, "clear">;
  apiKeys: Pick<ApiKeys, "removeAll">;
}) {
  /** Finds the user of a provider account: linked before, with the same verified email, or newly created. */
  const resolve = (name: SignInProvider, profile: Profile): Promise<{ user: UserRow; isAdmin: boolean }> =>
    store.transaction(async (tx) => {
      await store.lockAccount(tx, name, profile.account_id);
      const knownId = await store.findAccount(tx, name, profile.account_id);
      const known = knownId && (await users.find(knownId, tx));
      if (known) {
        if (profile.avatar_url) await users.backfillAvatar(tx, known.id, profile.avatar_url);
        return { user: known, isAdmin: false };
      }
      // Non-ASCII addresses are refused, because look-alikes must not match an existing account.
      if (!profile.email || !profile.isEmailVerified || !isAsciiEmail(profile.email))
        throw badRequest(
          "The provider did not share a confirmed email address. Confirm your email there, or allow access to it.",
          "oauth_not_available_email",
        );
      const link = (user: UserRow) =>
        store.insertAccount(tx, { user_id: user.id, provider: name, account_id: profile.account_id, account_email: profile.email ?? "" });
      const { email, name: called, avatar_url } = profile;
      let existing = await users.findByEmail(email, tx);
      if (!existing) {
        const is_superuser = await setup.decideAdmin(tx, undefined);
        const created = await users.registerVerified(tx, { email, name: called, avatar_url }, is_superuser);
        if (created) {
          await link(created);
          return { user: created, isAdmin: is_superuser };
        }
        existing = await users.findByEmail(email, tx);
        if (!existing) throw new Error("account neither created nor found");
      }
      if (!canSignIn(existing)) throw unauthorized("This account cannot sign in.", "login_bad_credentials");
      if (!existing.is_verified) {
        // The account's email was never verified; the provider just verified its owner, so remove earlier credentials.
        existing = (await users.claim(tx, existing.id)) ?? existing;
        await loginMethods.clear(tx, existing.id);
        await apiKeys.removeAll(tx, existing.id);
        await sessions.revokeOthers(tx, existing.id, undefined, "claimed");
      }
      if (avatar_url) await users.backfillAvatar(tx, existing.id, avatar_url);
      await link(existing);
      return { user: existing, isAdmin: false };
    });

  return {
    /** The user who signs in with a provider account, who may be new. Throws `oauth_not_available_email`, `sign_up_closed`, `login_bad_credentials`. */
    signIn: async (name: SignInProvider, profile: Profile): Promise<UserRow> => {
      const { user, isAdmin } = await resolve(name, profile);
      if (isAdmin) await setup.finish();
      if (!canSignIn(user)) throw unauthorized("This account cannot sign in.", "login_bad_credentials");
      await sessions.forgetUser(user.id);
      return user;
    },
  };
}
