import { hash, verify } from "@node-rs/argon2";
import { randomToken } from "../../platform/crypto.ts";

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes as long when there is no hash (unknown user, account without a password) as when there is one. */
  verify(stored: string | null | undefined, password: string): Promise<boolean>;
  /** Made with other costs than today's: hash again at the next sign-in. */
  isOutdated(stored: string): boolean;
}

export function createPasswords({ memoryKib, passes }: { memoryKib: number; passes: number }): Passwords {
  // The library's default algorithm is Argon2id.
  const options = { memoryCost: memoryKib, timeCost: passes, parallelism: 1 };
  const current = `$argon2id$v=19$m=${memoryKib},t=${passes},p=1$`;
  const decoy = hash(randomToken(), options);
  decoy.catch(() => undefined);
  return {
    hash: (password) => hash(password, options),
    verify: async (stored, password) => {
      const matches = await verify(stored ?? (await decoy), password);
      return matches && Boolean(stored);
    },
    isOutdated: (stored) => !stored.startsWith(current),
  };
}
