import { secondFactorRoutes } from "@tesslate/contract";
import type { Context, Principal } from "../../../http/context.ts";
import type { Mount } from "../../../http/mount.ts";
import { conflict } from "../../../platform/errors.ts";
import type { Users } from "../users/index.ts";
import type { Prove, Signed } from "./proof.ts";
import type { SecurityLog } from "./security-log.ts";
import type { Totp } from "./totp.ts";

export const signedOf = ({ ip, headers, user }: Pick<Context<Principal>, "ip" | "headers" | "user">): Signed => ({
  ip,
  user_agent: headers["user-agent"],
  session_id: user.session_id,
});

/** accounts-projects 9: authenticator app, recovery codes, and what happened to one's account. */
export function mountSecondFactor(
  mount: Mount,
  {
    totp,
    log,
    users,
    prove,
    isForAll,
    countWays,
  }: {
    totp: Totp;
    log: SecurityLog;
    users: Users;
    prove: Prove;
    /** This server asks everybody for a second step. */
    isForAll: boolean;
    countWays: (userId: string) => Promise<{ passkeys: number; linked_accounts: number }>;
  },
): void {
  mount("secondFactor", secondFactorRoutes, {
    security: async ({ user: { id } }) => {
      const [user, app, recovery_codes_left, ways] = await Promise.all([
        users.get(id),
        totp.status(id),
        totp.countCodes(id),
        countWays(id),
      ]);
      return {
        has_password: user.hashed_password !== null,
        email_codes: user.two_fa_enabled,
        is_required_here: isForAll,
        totp: app ? { confirmed_at: app.confirmed_at, last_used_at: app.last_used_at } : null,
        recovery_codes_left,
        ...ways,
      };
    },
    events: ({ user }, { query }) => log.list(user.id, query),
    beginTotp: async (context, { body }) => {
      context.setHeader("cache-control", "no-store");
      return totp.begin(await prove(context.user.id, body));
    },
    confirmTotp: async (context, { body }) => {
      context.setHeader("cache-control", "no-store");
      return { recovery_codes: await totp.confirm(await users.get(context.user.id), body.code, signedOf(context)) };
    },
    removeTotp: async (context, { body }) => {
      const user = await prove(context.user.id, body);
      await totp.remove(user, user.two_fa_enabled, signedOf(context));
    },
    makeRecoveryCodes: async (context, { body }) => {
      const user = await prove(context.user.id, body);
      if (!user.two_fa_enabled && !isForAll && !(await totp.status(user.id)))
        throw conflict("two_fa_not_on", "Recovery codes stand in for a second step: switch one on first.");
      context.setHeader("cache-control", "no-store");
      return { recovery_codes: await totp.makeCodes(user, signedOf(context)) };
    },
  });
}
