import { createHmac } from "node:crypto";
import { randomToken, type CryptoBox } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import { forbidden } from "../../../platform/errors.ts";
import type { ServerSettings } from "../../../platform/server-settings.ts";
import type { Users } from "../users/index.ts";
import { isEqual } from "./tokens.ts";

const settingKey = "setup_token_salt";

/**
 * How the first account becomes administrator. The setup token is a MAC over a salt in the database, with this installation's key: all processes print
 * the same token, and the database alone does not reveal it.
 */
export type Setup = ReturnType<typeof createSetup>;
export function createSetup({
  users,
  settings,
  box,
  isOpen,
}: {
  users: Pick<Users, "hasAdministrator" | "hasAccounts" | "lockSetup">;
  settings: ServerSettings;
  box: CryptoBox;
  /** The server listens on loopback only, so the first account needs no token. */
  isOpen: boolean;
}) {
  const key = box.deriveKey("setup token");
  const tokenOf = (salt: string) => createHmac("sha256", key).update(salt).digest("base64url").slice(0, 32);
  let isDone = false;

  const isRequired = async (q?: Queries): Promise<boolean> => {
    if (isDone) return false;
    isDone = await users.hasAdministrator(q);
    return !isDone;
  };
  const self = {
    needsToken: !isOpen,
    /** True while no administrator exists. */
    isRequired: () => isRequired(),
    /** Whether anyone has signed up. */
    hasAccounts: () => users.hasAccounts(),
    /** The token to print at startup; `undefined` when an administrator exists. */
    token: async (): Promise<string | undefined> =>
      (await isRequired()) ? tokenOf(await settings.setOnce(settingKey, randomToken(16))) : undefined,
    /** Throws `setup_token_invalid` for a wrong or unneeded token. Takes a lock until the transaction ends. */
    decideAdmin: async (tx: Queries, given: string | null | undefined): Promise<boolean> => {
      if (!(await isRequired(tx))) {
        if (given) throw forbidden("setup_token_invalid", "This server already has an administrator. Register without the setup token.");
        return false;
      }
      await users.lockSetup(tx);
      if (!(await isRequired(tx))) return self.decideAdmin(tx, given);
      if (!given) return isOpen;
      const salt = await settings.get<string>(settingKey, tx);
      if (!salt || !isEqual(given, tokenOf(salt)))
        throw forbidden("setup_token_invalid", "The setup token is wrong. It is printed when the server starts.");
      return true;
    },
    /** Deletes the token's salt after the first administrator was created. */
    finish: async (): Promise<void> => {
      await settings.remove(settingKey);
    },
  };
  return self;
}
