import { passkeysRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import { AppError } from "../../../platform/errors.ts";
import type { Users } from "../users/index.ts";
import { authPath, type AuthCookies } from "./auth.cookies.ts";
import type { Auth } from "./auth.service.ts";
import { challengeMs } from "./passkey-site.ts";
import { passkeyRefused, type PasskeySignIn } from "./passkey-sign-in.ts";
import type { Passkeys } from "./passkeys.ts";
import type { Reauthenticate } from "./reauthenticate.ts";
import { sessionOriginOf } from "./second-factor.routes.ts";

const browserCookie = "tesslate_passkey";

/** Routes of passkeys. */
export function mountPasskeys(
  mount: Mount,
  {
    passkeys,
    auth,
    users,
    reauthenticate,
    cookies,
  }: { passkeys: Passkeys & PasskeySignIn; auth: Auth; users: Users; reauthenticate: Reauthenticate; cookies: AuthCookies },
): void {
  const sessionOf = ({ session_id }: { session_id: string | undefined }) => {
    if (session_id === undefined) throw new AppError("session_required", "Sign in to do this.");
    return session_id;
  };
  const flags = { ...cookies.flags, sameSite: "strict" as const, path: `${authPath}/passkeys` };
  mount("passkeys", passkeysRoutes, {
    list: ({ user }, { query }) => passkeys.list(user.id, query),
    begin: async ({ user, setHeader }, { body }) => {
      setHeader("cache-control", "no-store");
      return passkeys.begin(await reauthenticate(user.id, body), sessionOf(user));
    },
    create: async (context, { body }) =>
      passkeys.create(
        await users.get(context.user.id),
        sessionOf(context.user),
        body.name?.trim() || undefined,
        body.credential,
        sessionOriginOf(context),
      ),
    rename: ({ user }, { params, body }) => passkeys.rename(user.id, params.id, body.name.trim() || "Passkey"),
    remove: async (context, { params, body }) => {
      await passkeys.require(context.user.id, params.id);
      await passkeys.remove(await reauthenticate(context.user.id, body), params.id, sessionOriginOf(context));
    },
    beginSignIn: async ({ ip, setCookie, setHeader }) => {
      const { options, browser } = await passkeys.beginSignIn(ip);
      setCookie(browserCookie, browser, { ...flags, maxAge: challengeMs / 1000 });
      setHeader("cache-control", "no-store");
      return options;
    },
    signIn: async (context, { body }) => {
      const from = { ip: context.ip, user_agent: context.headers["user-agent"] };
      const user = await passkeys.signIn(body.credential, context.cookies[browserCookie], from);
      const { answer, pair } = auth.signedIn(await auth.open(user, from, "passkey", passkeyRefused));
      cookies.setPair(context, pair);
      context.clearCookie(browserCookie, flags);
      return answer;
    },
  });
}
