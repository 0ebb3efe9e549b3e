import type { ErrorCode, LinkedAccount, List, SignInProvider } from "@tesslate/contract";
import { notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { UserRow, Users } from "../users/index.ts";
import type { LockUser, SessionOrigin } from "./lock-user.ts";
import type { LoginMethods } from "./login-methods.store.ts";
import type { Profile } from "./oauth.providers.ts";
import type { OauthStore } from "./oauth.store.ts";
import type { Origin, SecurityLog } from "./security-log.ts";
import type { Sessions } from "./sessions.ts";

/** The user and session that link a provider account. */
export interface LinkingSession {
  user_id: string;
  session_id: string;
}

export type OauthLinks = ReturnType<typeof createOauthLinks>;
/** The provider accounts that users linked. */
export function createOauthLinks({
  store,
  users,
  sessions,
  lockUser,
  loginMethods,
  securityLog,
}: {
  store: OauthStore;
  users: Pick<Users, "find">;
  sessions: Pick<Sessions, "find" | "isOpenNow">;
  lockUser: LockUser;
  loginMethods: Pick<LoginMethods, "lock" | "requireOne">;
  securityLog: Pick<SecurityLog, "note">;
}) {
  return {
    /** Links a provider account to the user. Returns an error code on failure. */
    connect: async (name: SignInProvider, profile: Profile, link: LinkingSession, from: Origin): Promise<ErrorCode | undefined> => {
      // The session may have ended since.
      const session = await sessions.find(link.session_id);
      if (session?.user.id !== link.user_id) return "unauthorized";
      return store.transaction(async (tx) => {
        await store.lockAccount(tx, name, profile.account_id);
        await loginMethods.lock(tx, link.user_id);
        if (!(await sessions.isOpenNow(tx, link.session_id, link.user_id))) return "unauthorized";
        const knownId = await store.findAccount(tx, name, profile.account_id);
        if (knownId === link.user_id) return undefined;
        if (knownId !== undefined) return "account_linked_elsewhere";
        const user = await users.find(link.user_id, tx);
        if (!user) return "unauthorized";
        await store.insertAccount(tx, {
          user_id: user.id,
          provider: name,
          account_id: profile.account_id,
          account_email: profile.email ?? "",
        });
        await securityLog.note(tx, user, "account_linked", from, name);
        return undefined;
      });
    },
    list: async (userId: string, query: PageQuery, isUsable: (provider: string) => boolean): Promise<List<LinkedAccount>> => {
      const page = pageOf(query);
      const { rows, total } = await store.list(userId, page);
      return page.envelope(
        rows.map(({ id, provider, account_email, created_at }) => ({
          id,
          provider: provider as SignInProvider,
          email: account_email || null,
          is_usable: isUsable(provider),
          created_at,
        })),
        total,
      );
    },
    /** Throws `not_found`. Call it before re-authentication. */
    requireLinked: async (userId: string, id: string): Promise<void> => {
      if (!(await store.isLinked(userId, id))) throw notFound("Linked account");
    },
    /** Throws `not_found`, `last_way_in`. */
    disconnect: async (user: UserRow, id: string, from: SessionOrigin): Promise<void> =>
      store.transaction(async (tx) => {
        await lockUser(tx, user.id, from);
        const removed = await store.remove(tx, user.id, id);
        if (!removed) throw notFound("Linked account");
        await loginMethods.requireOne(tx, user.id);
        await securityLog.note(tx, user, "account_unlinked", from, removed.provider);
      }),
  };
}
