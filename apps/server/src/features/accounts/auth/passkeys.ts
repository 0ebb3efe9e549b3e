import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
} from "@simplewebauthn/server";
import { isIP } from "node:net";
import type { List, Passkey } from "@tesslate/contract";
import type { Config } from "../../../config.ts";
import { hashToken, randomToken } from "../../../platform/crypto.ts";
import { AppError, badRequest, notFound, unauthorized } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { rateLimitNetwork, type RateLimiter } from "../../../platform/rate-limit.ts";
import { canSignIn, type UserRow, type Users } from "../users/index.ts";
import type { PasskeysStore } from "./passkeys.store.ts";
import type { PasskeyRow } from "../../../db/schema/accounts.ts";
import type { LockUser, SessionOrigin } from "./lock-user.ts";
import type { Origin, SecurityLog } from "./security-log.ts";
import type { LoginMethods } from "./login-methods.store.ts";

export const challengeMs = 300_000;
const maxPasskeys = 20;
const quarterHour = 15 * 60;
/** EdDSA, ECDSA P-256, RSA. */
const algorithms = [-8, -7, -257];

/**
 * Passkeys (WebAuthn) as discoverable credentials with user verification, so a passkey replaces password and second factor. A challenge is valid once,
 * for one session or browser. The relying party is the app's host; signatures for other origins, including previews, are rejected.
 */
export type Passkeys = ReturnType<typeof createPasskeys>;
export function createPasskeys({
  store,
  users,
  lockUser,
  loginMethods,
  securityLog,
  limits,
  log,
  site: { appBaseUrl, appHost },
}: {
  store: PasskeysStore;
  users: Users;
  lockUser: LockUser;
  loginMethods: LoginMethods;
  securityLog: SecurityLog;
  limits: RateLimiter;
  log: Logger;
  site: Pick<Config["http"], "appBaseUrl" | "appHost">;
}) {
  const { origin, protocol } = new URL(appBaseUrl);
  const isLocal = appHost === "localhost" || appHost.endsWith(".localhost");
  // Browsers support passkeys only in secure contexts and for host names.
  const isAvailable = (protocol === "https:" || isLocal) && isIP(appHost.replace(/^\[|\]$/g, "")) === 0;
  const requireSite = () => {
    if (!isAvailable) throw new AppError("not_configured", "Passkeys require HTTPS and a host name in APP_BASE_URL.");
  };
  const idBytes = (userId: string) => new Uint8Array(Buffer.from(userId.replaceAll("-", ""), "hex"));

  return {
    isAvailable,

    list: async (userId: string, query: PageQuery): Promise<List<Passkey>> => {
      const page = pageOf(query);
      const { rows, total } = await store.list(userId, page);
      return page.envelope(rows.map(presentPasskey), total);
    },

    /** Throws `not_configured`, `key_limit_reached`. */
    begin: async (user: UserRow, sessionId: string): Promise<Record<string, unknown>> => {
      requireSite();
      const own = await store.listAll(user.id);
      if (own.length >= maxPasskeys) throw tooMany();
      const options = await generateRegistrationOptions({
        rpName: "Tesslate Studio",
        rpID: appHost,
        userName: user.email,
        userDisplayName: user.name,
        userID: idBytes(user.id),
        attestationType: "none",
        timeout: challengeMs,
        excludeCredentials: own.map(({ credential_id, transports }) => ({ id: credential_id, transports })),
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
        supportedAlgorithmIDs: algorithms,
      });
      await store.insertChallenge({
        challenge_hash: hashToken(options.challenge),
        purpose: "create",
        bound_to: hashToken(sessionId),
        lifetimeMs: challengeMs,
      });
      return { ...options };
    },

    /** Throws `passkey_invalid`, `key_limit_reached`. */
    create: async (
      user: UserRow,
      sessionId: string,
      name: string | undefined,
      response: unknown,
      from: SessionOrigin,
    ): Promise<Passkey> => {
      requireSite();
      const credential = response as RegistrationResponseJSON;
      const verified = await verifyRegistrationResponse({
        response: credential,
        expectedChallenge: (challenge) => store.takeChallenge(hashToken(challenge), "create", hashToken(sessionId)),
        expectedOrigin: origin,
        expectedRPID: appHost,
        requireUserVerification: true,
        supportedAlgorithmIDs: algorithms,
      }).catch((err: unknown) => {
        log.warn({ err, user_id: user.id }, "passkey registration rejected");
        return undefined;
      });
      const made = verified?.registrationInfo;
      if (!made) throw badRequest("The passkey could not be registered. Try again.", "passkey_invalid");
      const row = await store.transaction(async (tx) => {
        await lockUser(tx, user.id, from);
        if ((await loginMethods.count(user.id, tx)).passkeys >= maxPasskeys) throw tooMany();
        const inserted = await store.insert(tx, {
          user_id: user.id,
          credential_id: made.credential.id,
          public_key: Buffer.from(made.credential.publicKey).toString("base64url"),
          counter: made.credential.counter,
          transports: credential.response.transports ?? [],
          name: name ?? "Passkey",
          is_synced: made.credentialBackedUp,
        });
        if (inserted) await securityLog.note(tx, user, "passkey_added", from, inserted.name);
        return inserted;
      });
      if (!row) throw badRequest("This passkey is already registered.", "passkey_invalid");
      return presentPasskey(row);
    },

    rename: async (userId: string, id: string, name: string): Promise<Passkey> => {
      const row = await store.rename(userId, id, name);
      if (!row) throw notFound("Passkey");
      return presentPasskey(row);
    },

    /** Throws `not_found`. Call it before re-authentication. */
    require: async (userId: string, id: string): Promise<void> => {
      if (!(await store.listAll(userId)).some((row) => row.id === id)) throw notFound("Passkey");
    },
    /** Throws `not_found`, `last_way_in`. */
    remove: async (user: UserRow, id: string, from: SessionOrigin): Promise<void> =>
      store.transaction(async (tx) => {
        await lockUser(tx, user.id, from);
        const removed = await store.remove(tx, user.id, id);
        if (!removed) throw notFound("Passkey");
        await loginMethods.requireOne(tx, user.id);
        await securityLog.note(tx, user, "passkey_removed", from, removed.name);
      }),

    /** `browser`: a cookie value the browser must send with its response. */
    beginSignIn: async (ip: string): Promise<{ options: Record<string, unknown>; browser: string }> => {
      requireSite();
      await limits.count({ key: `passkey:options:${rateLimitNetwork(ip)}`, max: 100, windowSeconds: quarterHour });
      const browser = randomToken();
      const options = await generateAuthenticationOptions({ rpID: appHost, userVerification: "required", timeout: challengeMs });
      await store.insertChallenge({
        challenge_hash: hashToken(options.challenge),
        purpose: "sign_in",
        bound_to: hashToken(browser),
        lifetimeMs: challengeMs,
      });
      return { options: { ...options }, browser };
    },

    /** The user of the passkey. Throws `passkey_refused` for any failure. */
    signIn: async (response: unknown, browser: string | undefined, from: Origin & { ip: string }): Promise<UserRow> => {
      requireSite();
      await limits.count({ key: `passkey:ip:${rateLimitNetwork(from.ip)}`, max: 50, windowSeconds: quarterHour });
      const credential = response as AuthenticationResponseJSON;
      const known = await store.findByCredential(credential.id);
      const user = known && (await users.find(known.user_id));
      const refuse = async (reason: unknown): Promise<never> => {
        log.warn({ err: reason, user_id: user?.id }, "passkey sign-in rejected");
        if (user) await store.transaction((tx) => securityLog.note(tx, user, "passkey_refused", from, known?.name));
        throw passkeyRefused();
      };
      if (!known || !user || browser === undefined) return refuse("unknown passkey or browser");
      // The authenticator's user handle must match the key's owner.
      const handle = credential.response.userHandle;
      if (!handle || !Buffer.from(handle, "base64url").equals(Buffer.from(idBytes(known.user_id)))) return refuse("user handle mismatch");
      let info;
      try {
        const verified = await verifyAuthenticationResponse({
          response: credential,
          expectedChallenge: (challenge) => store.takeChallenge(hashToken(challenge), "sign_in", hashToken(browser)),
          expectedOrigin: origin,
          expectedRPID: appHost,
          requireUserVerification: true,
          credential: {
            id: known.credential_id,
            publicKey: new Uint8Array(Buffer.from(known.public_key, "base64url")),
            counter: known.counter,
            transports: known.transports,
          },
        });
        if (!verified.verified) return await refuse("signature");
        info = verified.authenticationInfo;
      } catch (error) {
        if (error instanceof AppError) throw error;
        return refuse(error);
      }
      if (!canSignIn(user)) return refuse("account cannot sign in");
      const { newCounter, credentialBackedUp } = info;
      if (!(await store.transaction((tx) => store.use(tx, known.id, newCounter, credentialBackedUp))))
        return refuse("counter did not increase");
      return user;
    },

    prune: store.pruneChallenges,
  };
}

export const passkeyRefused = () => unauthorized("This passkey is not registered here.", "passkey_refused");
const tooMany = () => badRequest(`You have ${maxPasskeys} passkeys, the maximum. Remove one you no longer use.`, "key_limit_reached");
const presentPasskey = ({ id, name, is_synced, created_at, last_used_at }: PasskeyRow): Passkey => ({
  id,
  name,
  is_synced,
  created_at,
  last_used_at,
});
