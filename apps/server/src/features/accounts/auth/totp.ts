import { createHmac, randomInt } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import type { CryptoBox } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import { badRequest, conflict, notFound } from "../../../platform/errors.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { UserRow } from "../users/index.ts";
import type { SecondFactorStore } from "./second-factor.store.ts";
import type { Hold, Signed } from "./proof.ts";
import type { SecurityLog } from "./security-log.ts";

/** What the secret of an authenticator app is bound to. */
export const totpAad = (userId: string): string => `totp_secrets:${userId}`;

const periodSeconds = 30;
/** Clocks of phones may be off by one period. */
const toleratedPeriods = 1;
const secretBytes = 20;
const codeCount = 10;
/** Nothing that is read as something else. */
const codeLetters = "23456789abcdefghjkmnpqrstuvwxyz";
const codePart = () => Array.from({ length: 5 }, () => codeLetters[randomInt(codeLetters.length)]).join("");
const quarterHour = 15 * 60;
/** What may be guessed of an account's codes in a day, wherever they are asked for: with more, patience finds one. */
export const codesADay = (userId: string) => ({ key: `2fa:daily:${userId}`, max: 100, windowSeconds: 24 * 3600 });

/** What people type differs from what was shown by case, spaces and dashes. */
const plain = (code: string) => code.toLowerCase().replace(/[\s-]/g, "");

/**
 * Authenticator app (RFC 6238) and recovery codes. A code of the app serves once: it and all older ones are used up with it. Recovery codes are kept as
 * keyed hashes and serve once each.
 */
export type Totp = ReturnType<typeof createTotp>;
export function createTotp({
  store,
  hold,
  log,
  limits,
  box,
  issuer,
}: {
  store: SecondFactorStore;
  hold: Hold;
  log: SecurityLog;
  limits: RateLimiter;
  box: CryptoBox;
  /** How the app lists this account: the host people know the studio by. */
  issuer: string;
}) {
  const key = box.deriveKey("recovery codes");
  const hashOf = (userId: string, code: string) =>
    createHmac("sha256", key)
      .update(`${userId}\n${plain(code)}`)
      .digest("hex");
  const appOf = (secret: Secret, label: string) => new TOTP({ issuer, label, secret, algorithm: "SHA1", digits: 6, period: periodSeconds });
  /** The period a code belongs to; `undefined`: to none of now. */
  const stepOf = (userId: string, sealed: Buffer, code: string): number | undefined => {
    const app = appOf(Secret.fromBase32(box.open(sealed, totpAad(userId))), "");
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

    /** A secret that counts once it is confirmed. Throws `two_fa_already_on`. */
    begin: async (user: UserRow): Promise<{ secret: string; otpauth_url: string }> => {
      const secret = new Secret({ size: secretBytes });
      if (!(await store.putTotp(user.id, box.seal(secret.base32, totpAad(user.id))))) throw alreadyOn();
      return { secret: secret.base32, otpauth_url: appOf(secret, user.email).toString() };
    },
    /** Throws `code_invalid`, `two_fa_not_begun`, `two_fa_already_on`. */
    confirm: async (user: UserRow, code: string, from: Signed): Promise<string[]> => {
      const found = await store.findTotp(user.id);
      if (!found) throw conflict("two_fa_not_begun", "Begin setting up an authenticator app first.");
      if (found.confirmed_at) throw alreadyOn();
      await limits.count({ key: `totp:confirm:${user.id}`, max: 20, windowSeconds: quarterHour });
      const step = stepOf(user.id, found.sealed_secret, code);
      if (step === undefined) throw codeInvalid();
      return store.transaction(async (tx) => {
        await hold(tx, user.id, from);
        if (!(await store.confirmTotp(tx, user.id, found.sealed_secret, step))) throw alreadyOn();
        await log.note(tx, user, "totp_on", from);
        return makeCodes(tx, user.id);
      });
    },
    /** Throws `not_found`. `keepsCodes`: there is another second step that recovery codes stand in for. */
    remove: async (user: UserRow, keepsCodes: boolean, from: Signed): Promise<void> =>
      store.transaction(async (tx) => {
        await hold(tx, user.id, from);
        if (!(await store.removeTotp(tx, user.id))) throw notFound("Authenticator app");
        if (!keepsCodes) await store.replaceCodes(tx, user.id, []);
        await log.note(tx, user, "totp_off", from);
      }),
    /** Takes app and recovery codes away, in the caller's transaction; says whether there was an app. */
    clear: async (tx: Queries, user: UserRow): Promise<boolean> => {
      await store.replaceCodes(tx, user.id, []);
      const hadApp = await store.removeTotp(tx, user.id);
      if (hadApp) await log.note(tx, user, "totp_off");
      return hadApp;
    },
    /** In the place of all former ones, however many are made at once. */
    makeCodes: async (user: UserRow, from: Signed): Promise<string[]> =>
      store.transaction(async (tx) => {
        await hold(tx, user.id, from);
        await log.note(tx, user, "recovery_codes_made", from);
        return makeCodes(tx, user.id);
      }),

    /** Whether this code of the app is right, and not used before; it is used up. */
    use: async (userId: string, code: string, q?: Queries): Promise<boolean> => {
      const found = await findConfirmed(userId, q);
      const step = found && stepOf(userId, found.sealed_secret, code);
      return step !== undefined && store.useTotp(userId, step, q);
    },
    useRecoveryCode: (tx: Queries, userId: string, code: string): Promise<boolean> => store.useCode(tx, userId, hashOf(userId, code)),
  };
}

export const codeInvalid = () => badRequest("That code is wrong or was used already.", "code_invalid");
const alreadyOn = () => conflict("two_fa_already_on", "An authenticator app is set up already. Switch it off first.");
