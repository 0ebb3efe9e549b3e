import { createHmac, randomInt } from "node:crypto";
import type { Config } from "../../../config.ts";
import type { CryptoBox } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import type { Mail } from "../../../platform/mail.ts";
import type { UserRow } from "../users/index.ts";
import type { Attempt, AttemptsStore } from "./attempts.store.ts";
import { signInCodeEmail } from "./emails.ts";
import { isEqual } from "./tokens.ts";

export type EmailCodes = ReturnType<typeof createEmailCodes>;
/** Emailed codes of sign-in attempts. */
export function createEmailCodes({
  store,
  mail,
  box,
  config: { codeMs: lifetimeMs, maxTries },
}: {
  store: Pick<AttemptsStore, "setCode">;
  mail: Pick<Mail, "queue">;
  box: CryptoBox;
  config: Pick<Config["auth"]["twoFactor"], "codeMs" | "maxTries">;
}) {
  const key = box.deriveKey("two-factor codes");
  const hashOf = (attemptId: string, code: string) => createHmac("sha256", key).update(`${attemptId}\n${code}`).digest("hex");
  const newCode = () => String(randomInt(1_000_000)).padStart(6, "0");
  return {
    /** Wrong tries after which a code is invalid. */
    maxTries,
    /** Replaces the code of the attempt. */
    send: async (tx: Queries, attemptId: string, user: UserRow): Promise<void> => {
      const code = newCode();
      await store.setCode(tx, attemptId, hashOf(attemptId, code), lifetimeMs);
      await mail.queue(tx, signInCodeEmail(user, code, lifetimeMs));
    },
    isRight: (attempt: Attempt, code: string): boolean =>
      attempt.isCodeValid && attempt.code_hash !== null && isEqual(attempt.code_hash, hashOf(attempt.id, code)),
  };
}
