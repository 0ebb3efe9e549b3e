import { hash, verify } from "@node-rs/argon2";
import type { ZxcvbnFactory } from "@zxcvbn-ts/core";
import { randomToken } from "../../../platform/crypto.ts";

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes the same time when there is no hash (unknown user, account without a password). */
  verify(stored: string | null | undefined, password: string): Promise<boolean>;
  /** The hash was made with other cost parameters; rehash at the next sign-in. */
  isOutdated(stored: string): boolean;
  /** Whether zxcvbn estimates fewer than about a million guesses, given the user's names. */
  isEasyToGuess(password: string, user: { email: string; username: string }): Promise<boolean>;
}

/** The dictionaries take some megabytes and 0.1 s to load, so they are loaded on first use. */
async function loadStrengthMeter(): Promise<ZxcvbnFactory> {
  const [{ ZxcvbnFactory }, { dictionary, adjacencyGraphs }] = await Promise.all([
    import("@zxcvbn-ts/core"),
    import("@zxcvbn-ts/language-common"),
  ]);
  return new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });
}

export function createPasswords({ memoryKib, passes }: { memoryKib: number; passes: number }): Passwords {
  // The library's default algorithm is Argon2id.
  const options = { memoryCost: memoryKib, timeCost: passes, parallelism: 1 };
  const current = `$argon2id$v=19$m=${memoryKib},t=${passes},p=1$`;
  const decoy = hash(randomToken(), options);
  decoy.catch(() => undefined);
  let strengthMeter: Promise<ZxcvbnFactory> | undefined;
  return {
    hash: (password) => hash(password, options),
    verify: async (stored, password) => {
      const matches = await verify(stored ?? (await decoy), password);
      return matches && Boolean(stored);
    },
    isOutdated: (stored) => !stored.startsWith(current),
    isEasyToGuess: async (password, { email, username }) => {
      const meter = await (strengthMeter ??= loadStrengthMeter());
      return meter.check(password, ["tesslate", "studio", username, ...email.split(/[@.]/)].filter(Boolean)).score < 2;
    },
  };
}
