import { generateAuthenticationOptions, verifyAuthenticationResponse, type AuthenticationResponseJSON } from "@simplewebauthn/server";
import { hashToken, randomToken } from "../../../platform/crypto.ts";
import { AppError, unauthorized } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { rateLimitNetwork, type RateLimiter } from "../../../platform/rate-limit.ts";
import { canSignIn, type UserRow, type Users } from "../users/index.ts";
import { challengeMs, userHandleOf, type PasskeySite } from "./passkey-site.ts";
import type { PasskeysStore } from "./passkeys.store.ts";
import type { Origin, SecurityLog } from "./security-log.ts";

const quarterHour = 15 * 60;
export const passkeyRefused = () => unauthorized("This passkey is not registered here.", "passkey_refused");

export type PasskeySignIn = ReturnType<typeof createPasskeySignIn>;
/** Sign-in with a passkey. A challenge is valid once, for one browser. */
export function createPasskeySignIn({
  store,
  site,
  users,
  securityLog,
  limits,
  log,
}: {
  store: PasskeysStore;
  site: PasskeySite;
  users: Pick<Users, "find">;
  securityLog: Pick<SecurityLog, "note">;
  limits: RateLimiter;
  log: Logger;
}) {
  return {
    /** `browser`: a cookie value the browser must send with its response. */
    beginSignIn: async (ip: string): Promise<{ options: Record<string, unknown>; browser: string }> => {
      site.require();
      await limits.count({ key: `passkey:options:${rateLimitNetwork(ip)}`, max: 100, windowSeconds: quarterHour });
      const browser = randomToken();
      const options = await generateAuthenticationOptions({ rpID: site.id, userVerification: "required", timeout: challengeMs });
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
      site.require();
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
      if (!handle || !Buffer.from(handle, "base64url").equals(Buffer.from(userHandleOf(known.user_id))))
        return refuse("user handle mismatch");
      let info;
      try {
        const verified = await verifyAuthenticationResponse({
          response: credential,
          expectedChallenge: (challenge) => store.takeChallenge(hashToken(challenge), "sign_in", hashToken(browser)),
          expectedOrigin: site.origin,
          expectedRPID: site.id,
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
  };
}
