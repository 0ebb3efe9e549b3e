import { secondFactorRoutes } from "@tesslate/contract";
import type { Context, Principal } from "../../../http/context.ts";
import type { Mount } from "../../../http/mount.ts";
import { conflict } from "../../../platform/errors.ts";
import type { Users } from "../users/index.ts";
import type { Reauthenticate } from "./reauthenticate.ts";
import type { SessionOrigin } from "./lock-user.ts";
import type { SecurityLog } from "./security-log.ts";
import type { Totp } from "./totp.ts";

export const sessionOriginOf = ({ ip, headers, user }: Pick<Context<Principal>, "ip" | "headers" | "user">): SessionOrigin => ({
  ip,
  user_agent: headers["user-agent"],
  session_id: user.session_id,
});

/** Routes of the authenticator app, recovery codes and the security log. */
export function mountSecondFactor(
  mount: Mount,
  {
    totp,
    log,
    users,
    reauthenticate,
    isForAll,
    countLoginMethods,
  }: {
    totp: Totp;
    log: SecurityLog;
    users: Users;
    reauthenticate: Reauthenticate;
    /** Two-factor authentication is required for all users of this server. */
    isForAll: boolean;
    countLoginMethods: (userId: string) => Promise<{ passkeys: number; linked_accounts: number }>;
  },
): void {
  mount("secondFactor", secondFactorRoutes, {
    security: async ({ user: { id } }) => {
      const [user, app, recovery_codes_left, loginMethods] = await Promise.all([
        users.get(id),
        totp.status(id),
        totp.countCodes(id),
        countLoginMethods(id),
      ]);
      return {
        has_password: user.hashed_password !== null,
        email_codes: user.two_fa_enabled,
        is_required_here: isForAll,
        totp: app ? { confirmed_at: app.confirmed_at, last_used_at: app.last_used_at } : null,
        recovery_codes_left,
        ...loginMethods,
      };
    },
    events: ({ user }, { query }) => log.list(user.id, query),
    beginTotp: async (context, { body }) => {
      context.setHeader("cache-control", "no-store");
      return totp.begin(await reauthenticate(context.user.id, body));
    },
    confirmTotp: async (context, { body }) => {
      context.setHeader("cache-control", "no-store");
      return { recovery_codes: await totp.confirm(await users.get(context.user.id), body.code, sessionOriginOf(context)) };
    },
    removeTotp: async (context, { body }) => {
      const user = await reauthenticate(context.user.id, body);
      await totp.remove(user, user.two_fa_enabled, sessionOriginOf(context));
    },
    makeRecoveryCodes: async (context, { body }) => {
      const user = await reauthenticate(context.user.id, body);
      if (!user.two_fa_enabled && !isForAll && !(await totp.status(user.id)))
        throw conflict("two_fa_not_on", "Turn on two-factor authentication before creating recovery codes.");
      context.setHeader("cache-control", "no-store");
      return { recovery_codes: await totp.makeCodes(user, sessionOriginOf(context)) };
    },
  });
}
