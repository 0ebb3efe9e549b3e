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
import { networkOf, type RateLimiter } from "../../../platform/rate-limit.ts";
import { isLiving, type UserRow, type Users } from "../users/index.ts";
import type { PasskeysStore } from "./passkeys.store.ts";
import type { PasskeyRow } from "../../../db/schema/accounts.ts";
import type { Hold, Signed } from "./proof.ts";
import type { Origin, SecurityLog } from "./security-log.ts";
import type { WaysIn } from "./login-methods.store.ts";

export const challengeMs = 300_000;
const maxPasskeys = 20;
const quarterHour = 15 * 60;
/** EdDSA, ECDSA P-256, RSA. */
const algorithms = [-8, -7, -257];

/**
 * Passkeys (WebAuthn): found by the authenticator, without a name being typed; the person is verified by it, so a passkey stands for password and second
 * step. A challenge serves once, for whom it was made. The site is the one people know the studio by; whatever another page says, previews included,
 * was signed for another origin and is refused.
 */
export type Passkeys = ReturnType<typeof createPasskeys>;
export function createPasskeys({
  store,
  users,
  hold,
  ways,
  securityLog,
  limits,
  log,
  site: { appBaseUrl, appHost },
}: {
  store: PasskeysStore;
  users: Users;
  hold: Hold;
  ways: WaysIn;
  securityLog: SecurityLog;
  limits: RateLimiter;
  log: Logger;
  site: Pick<Config["http"], "appBaseUrl" | "appHost">;
}) {
  const { origin, protocol } = new URL(appBaseUrl);
  const isLocal = appHost === "localhost" || appHost.endsWith(".localhost");
  // Browsers know passkeys in secure contexts under a name only.
  const isAvailable = (protocol === "https:" || isLocal) && isIP(appHost.replace(/^\[|\]$/g, "")) === 0;
  const requireSite = () => {
    if (!isAvailable)
      throw new AppError("not_configured", "Passkeys need the studio to be reached under a name over https (APP_BASE_URL).");
  };
  const idBytes = (userId: string) => new Uint8Array(Buffer.from(userId.replaceAll("-", ""), "hex"));

  return {
    isAvailable,

    list: async (userId: string, query: PageQuery): Promise<List<Passkey>> => {
      const page = pageOf(query);
      const { rows, total } = await store.list(userId, page);
      return page.envelope(rows.map(wireOf), total);
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
    create: async (user: UserRow, sessionId: string, name: string | undefined, response: unknown, from: Signed): Promise<Passkey> => {
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
        log.warn({ err, user_id: user.id }, "passkey not taken");
        return undefined;
      });
      const made = verified?.registrationInfo;
      if (!made) throw badRequest("That passkey could not be taken. Try again.", "passkey_invalid");
      const row = await store.transaction(async (tx) => {
        await hold(tx, user.id, from);
        if ((await ways.count(user.id, tx)).passkeys >= maxPasskeys) throw tooMany();
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
      if (!row) throw badRequest("This passkey is known already.", "passkey_invalid");
      return wireOf(row);
    },

    rename: async (userId: string, id: string, name: string): Promise<Passkey> => {
      const row = await store.rename(userId, id, name);
      if (!row) throw notFound("Passkey");
      return wireOf(row);
    },

    /** Throws `not_found`: what is not theirs is not there, before anything else is asked. */
    require: async (userId: string, id: string): Promise<void> => {
      if (!(await store.listAll(userId)).some((row) => row.id === id)) throw notFound("Passkey");
    },
    /** Throws `not_found`, `last_way_in`. */
    remove: async (user: UserRow, id: string, from: Signed): Promise<void> =>
      store.transaction(async (tx) => {
        await hold(tx, user.id, from);
        const removed = await store.remove(tx, user.id, id);
        if (!removed) throw notFound("Passkey");
        await ways.requireOne(tx, user.id);
        await securityLog.note(tx, user, "passkey_removed", from, removed.name);
      }),

    /** `browser`: what the browser brings back with its answer. */
    beginSignIn: async (ip: string): Promise<{ options: Record<string, unknown>; browser: string }> => {
      requireSite();
      await limits.count({ key: `passkey:options:${networkOf(ip)}`, max: 100, windowSeconds: quarterHour });
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

    /** Who comes in. Throws `passkey_refused` for whatever is wrong. */
    signIn: async (response: unknown, browser: string | undefined, from: Origin & { ip: string }): Promise<UserRow> => {
      requireSite();
      await limits.count({ key: `passkey:ip:${networkOf(from.ip)}`, max: 50, windowSeconds: quarterHour });
      const credential = response as AuthenticationResponseJSON;
      const known = await store.findByCredential(credential.id);
      const user = known && (await users.find(known.user_id));
      const refuse = async (reason: unknown): Promise<never> => {
        log.warn({ err: reason, user_id: user?.id }, "passkey refused");
        if (user) await store.transaction((tx) => securityLog.note(tx, user, "passkey_refused", from, known?.name));
        throw passkeyRefused();
      };
      if (!known || !user || browser === undefined) return refuse("unknown passkey or browser");
      // The authenticator says whose it is; a key that stands under somebody else's name is nobody's.
      const handle = credential.response.userHandle;
      if (!handle || !Buffer.from(handle, "base64url").equals(Buffer.from(idBytes(known.user_id))))
        return refuse("user handle of somebody else");
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
      if (!isLiving(user)) return refuse("account is not living");
      const { newCounter, credentialBackedUp } = info;
      if (!(await store.transaction((tx) => store.use(tx, known.id, newCounter, credentialBackedUp))))
        return refuse("counter did not go on");
      return user;
    },

    prune: store.pruneChallenges,
  };
}

export const passkeyRefused = () => unauthorized("That passkey does not open an account here.", "passkey_refused");
const tooMany = () => badRequest(`You have ${maxPasskeys} passkeys. Remove one that is not used any more.`, "key_limit_reached");
const wireOf = ({ id, name, is_synced, created_at, last_used_at }: PasskeyRow): Passkey => ({
  id,
  name,
  is_synced,
  created_at,
  last_used_at,
});
