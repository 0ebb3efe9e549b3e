import { hkdfSync } from "node:crypto";
import type { Database } from "./database.ts";
import { serverSettings } from "../db/schema/platform.ts";
import type { SealingKeys } from "./crypto.ts";
import type { ServerSettings } from "./server-settings.ts";

/** Kept in the database: a keyed hash of each key, from which the key cannot be found. */
interface Fingerprints {
  secret: string;
  sealing: string;
}
const setting = "key_fingerprints";
const fingerprintOf = (key: string): string => Buffer.from(hkdfSync("sha256", key, "tesslate-studio", "fingerprint", 16)).toString("hex");

/**
 * Compares the keys with those that the database was made with. With others, sign-ins would end and nothing sealed could be opened, and everything
 * written from now on could not be opened with the right ones. Throws a sentence that names the setting.
 */
export async function checkKeys(
  settings: ServerSettings,
  secretKey: string,
  { current = secretKey, former = [] }: SealingKeys,
): Promise<void> {
  const given: Fingerprints = { secret: fingerprintOf(secretKey), sealing: fingerprintOf(current) };
  const stored = await settings.setOnce<Fingerprints>(setting, given);
  const known = new Set([secretKey, current, ...former].map(fingerprintOf));
  const wayOut =
    "Set it to the former value (a server without the setting keeps it in DATA_DIR, in secret.key and sealing.keys), or, to change it, put the former value into DEPLOYMENT_ENCRYPTION_KEYS_FORMER and run ./studio rotate-keys.";
  if (!known.has(stored.secret)) throw new Error(`SECRET_KEY is not the one that this database was made with. ${wayOut}`);
  if (!known.has(stored.sealing)) throw new Error(`DEPLOYMENT_ENCRYPTION_KEY is not the one that this database was made with. ${wayOut}`);
  if (stored.secret !== given.secret) await settings.set(setting, { ...stored, secret: given.secret });
}

/** Everything is sealed with the current key now: the former ones are needed no more. */
export async function keepKeys(db: Database, secretKey: string, { current = secretKey }: SealingKeys): Promise<void> {
  const value: Fingerprints = { secret: fingerprintOf(secretKey), sealing: fingerprintOf(current) };
  await db.insert(serverSettings).values({ key: setting, value }).onConflictDoUpdate({ target: serverSettings.key, set: { value } });
}
