import { createHmac, randomInt } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import type { CryptoBox } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import { badRequest, conflict, notFound } from "../../../platform/errors.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { UserRow } from "../users/index.ts";
import type { SecondFactorStore } from "./second-factor.store.ts";
import type { LockUser, SessionOrigin } from "./lock-user.ts";
import type { SecurityLog } from "./security-log.ts";

/** The AAD of a TOTP secret. */
export const totpAad = (userId: string): string => `totp_secrets:${userId}`;

const periodSeconds = 30;
/** Clocks of phones may be off by one period. */
const toleratedPeriods = 1;
const secretBytes = 20;
const codeCount = 10;
/** Without characters that are easily confused. */
const codeLetters = "23456789abcdefghjkmnpqrstuvwxyz";
const codePart = () => Array.from({ length: 5 }, () => codeLetters[randomInt(codeLetters.length)]).join("");
const quarterHour = 15 * 60;
/** Limits wrong codes per account and day across all prompts, so that codes cannot be brute-forced slowly. */
export const dailyCodeLimit = (userId: string) => ({ key: `2fa:daily:${userId}`, max: 100, windowSeconds: 24 * 3600 });

/** Ignores case, spaces and dashes. */
const normalizeCode = (code: string) => code.toLowerCase().replace(/[\s-]/g, "");

/**
 * Authenticator app (TOTP, RFC 6238) and recovery codes. Each TOTP code works once and invalidates older ones. Recovery codes are stored as keyed
 * hashes and work once.
 */
export type Totp = ReturnType<typeof createTotp>;
export function createTotp({
  store,
  lockUser,
  log,
  limits,
  box,
  issuer,
}: {
  store: SecondFactorStore;
  lockUser: LockUser;
  log: SecurityLog;
  limits: RateLimiter;
  box: CryptoBox;
  /** The issuer shown in the authenticator app. */
  issuer: string;
}) {
  const key = box.deriveKey("recovery codes");
  const hashOf = (userId: string, code: string) =>
    createHmac("sha256", key)
      .update(`${userId}\n${normalizeCode(code)}`)
      .digest("hex");
  const appOf = (secret: Secret, label: string) => new TOTP({ issuer, label, secret, algorithm: "SHA1", digits: 6, period: periodSeconds });
  /** The time step of a code; `undefined` when it matches none of the current ones. */
  const stepOf = (userId: string, encrypted: Buffer, code: string): number | undefined => {
    const app = appOf(Secret.fromBase32(box.open(encrypted, totpAad(userId))), "");
    const delta = app.validate({ token: code, window: toleratedPeriods });
    return delta === null ? undefined : app.counter() + delta;
  };
  const makeCodes = async (tx: Queries, userId: string): Promise<string[]> => {
    const codes = Array.from({ length: codeCount }, () => `${codePart()}-${codePart()}`);
    await store.replaceCodes(
      tx,
      userId,
      codes.map((code) => hashOf(userId, code)),
    );
    return codes;
  };
  const findConfirmed = async (userId: string, q?: Queries) => {
    const found = await store.findTotp(userId, q);
    return found?.confirmed_at ? { ...found, confirmed_at: found.confirmed_at } : undefined;
  };

  return {
    status: findConfirmed,
    countCodes: store.countCodes,

    /** Creates a secret that takes effect once it is confirmed. Throws `two_fa_already_on`. */
    begin: async (user: UserRow): Promise<{ secret: string; otpauth_url: string }> => {
      const secret = new Secret({ size: secretBytes });
      if (!(await store.putTotp(user.id, box.seal(secret.base32, totpAad(user.id))))) throw alreadyOn();
      return { secret: secret.base32, otpauth_url: appOf(secret, user.email).toString() };
    },
    /** Throws `code_invalid`, `two_fa_not_begun`, `two_fa_already_on`. */
    confirm: async (user: UserRow, code: string, from: SessionOrigin): Promise<string[]> => {
      const found = await store.findTotp(user.id);
      if (!found) throw conflict("two_fa_not_begun", "Start the authenticator app setup first.");
      if (found.confirmed_at) throw alreadyOn();
      await limits.count({ key: `totp:confirm:${user.id}`, max: 20, windowSeconds: quarterHour });
      const step = stepOf(user.id, found.encrypted_secret, code);
      if (step === undefined) throw codeInvalid();
      return store.transaction(async (tx) => {
        await lockUser(tx, user.id, from);
        if (!(await store.confirmTotp(tx, user.id, found.encrypted_secret, step))) throw alreadyOn();
        await log.note(tx, user, "totp_on", from);
        return makeCodes(tx, user.id);
      });
    },
    /** Throws `not_found`. `keepsCodes`: another second factor remains, so recovery codes are kept. */
    remove: async (user: UserRow, keepsCodes: boolean, from: SessionOrigin): Promise<void> =>
      store.transaction(async (tx) => {
        await lockUser(tx, user.id, from);
        if (!(await store.removeTotp(tx, user.id))) throw notFound("Authenticator app");
        if (!keepsCodes) await store.replaceCodes(tx, user.id, []);
        await log.note(tx, user, "totp_off", from);
      }),
    /** Removes app and recovery codes, in the caller's transaction. Returns whether there was an app. */
    clear: async (tx: Queries, user: UserRow): Promise<boolean> => {
      await store.replaceCodes(tx, user.id, []);
      const hadApp = await store.removeTotp(tx, user.id);
      if (hadApp) await log.note(tx, user, "totp_off");
      return hadApp;
    },
    /** Replaces all recovery codes. */
    makeCodes: async (user: UserRow, from: SessionOrigin): Promise<string[]> =>
      store.transaction(async (tx) => {
        await lockUser(tx, user.id, from);
        await log.note(tx, user, "recovery_codes_made", from);
        return makeCodes(tx, user.id);
      }),

    /** Consumes a TOTP code. False when it is wrong or already used. */
    use: async (userId: string, code: string, q?: Queries): Promise<boolean> => {
      const found = await findConfirmed(userId, q);
      const step = found && stepOf(userId, found.encrypted_secret, code);
      return step !== undefined && store.useTotp(userId, step, q);
    },
    useRecoveryCode: (tx: Queries, userId: string, code: string): Promise<boolean> => store.useCode(tx, userId, hashOf(userId, code)),
  };
}

export const codeInvalid = () => badRequest("The code is wrong or has already been used.", "code_invalid");
const alreadyOn = () => conflict("two_fa_already_on", "An authenticator app is already set up. Turn it off first.");
