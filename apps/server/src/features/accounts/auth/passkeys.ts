import { generateRegistrationOptions, verifyRegistrationResponse, type RegistrationResponseJSON } from "@simplewebauthn/server";
import type { List, Passkey } from "@tesslate/contract";
import { hashToken } from "../../../platform/crypto.ts";
import { badRequest, limitReached, notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { UserRow } from "../users/index.ts";
import type { PasskeysStore } from "./passkeys.store.ts";
import type { PasskeyRow } from "../../../db/schema/accounts.ts";
import type { LockUser, SessionOrigin } from "./lock-user.ts";
import type { LoginMethods } from "./login-methods.store.ts";
import { algorithms, challengeMs, userHandleOf, type PasskeySite } from "./passkey-site.ts";
import type { SecurityLog } from "./security-log.ts";

const maxPasskeys = 20;

/**
 * Passkeys (WebAuthn) as discoverable credentials with user verification, so a passkey replaces password and second factor. A challenge is valid once,
 * for one session.
 */
export type Passkeys = ReturnType<typeof createPasskeys>;
export function createPasskeys({
  store,
  site,
  lockUser,
  loginMethods,
  securityLog,
  log,
}: {
  store: PasskeysStore;
  site: PasskeySite;
  lockUser: LockUser;
  loginMethods: Pick<LoginMethods, "count" | "requireOne">;
  securityLog: Pick<SecurityLog, "note">;
  log: Logger;
}) {
  return {
    isAvailable: site.isAvailable,

    list: async (userId: string, query: PageQuery): Promise<List<Passkey>> => {
      const page = pageOf(query);
      const { rows, total } = await store.list(userId, page);
      return page.envelope(rows.map(presentPasskey), total);
    },

    /** Throws `not_configured`, `key_limit_reached`. */
    begin: async (user: UserRow, sessionId: string): Promise<Record<string, unknown>> => {
      site.require();
      const own = await store.listAll(user.id);
      if (own.length >= maxPasskeys) throw tooMany();
      const options = await generateRegistrationOptions({
        rpName: "Tesslate Studio",
        rpID: site.id,
        userName: user.email,
        userDisplayName: user.name,
        userID: userHandleOf(user.id),
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
      site.require();
      const credential = response as RegistrationResponseJSON;
      const verified = await verifyRegistrationResponse({
        response: credential,
        expectedChallenge: (challenge) => store.takeChallenge(hashToken(challenge), "create", hashToken(sessionId)),
        expectedOrigin: site.origin,
        expectedRPID: site.id,
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

    prune: store.pruneChallenges,
  };
}

const tooMany = () =>
  limitReached("key_limit_reached", `You have ${maxPasskeys} passkeys, the maximum. Remove one you no longer use.`, {
    used: maxPasskeys,
    limit: maxPasskeys,
  });
const presentPasskey = ({ id, name, is_synced, created_at, last_used_at }: PasskeyRow): Passkey => ({
  id,
  name,
  is_synced,
  created_at,
  last_used_at,
});
