import { hash, verify } from "@node-rs/argon2";
import { randomToken } from "../../platform/crypto.ts";

/** Argon2id with 19 MiB and two passes (the OWASP floor); the library's default algorithm is Argon2id. */
const options = { memoryCost: 19456, timeCost: 2, parallelism: 1 };
const current = "$argon2id$v=19$m=19456,t=2,p=1$";

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes as long when there is no hash (unknown user, account without a password) as when there is one. */
  verify(stored: string | null | undefined, password: string): Promise<boolean>;
  /** Made with other costs than today's: hash again at the next sign-in. */
  isOutdated(stored: string): boolean;
}

export function createPasswords(): Passwords {
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
