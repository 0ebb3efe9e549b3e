import { hkdfSync } from "node:crypto";
import type { Database } from "./database.ts";
import { serverSettings } from "../db/schema/platform.ts";
import type { SealingKeys } from "./crypto.ts";
import type { ServerSettings } from "./server-settings.ts";

/** A one-way fingerprint of each key, stored in the database. */
interface Fingerprints {
  secret: string;
  sealing: string;
}
const setting = "key_fingerprints";
const fingerprintOf = (key: string): string => Buffer.from(hkdfSync("sha256", key, "tesslate-studio", "fingerprint", 16)).toString("hex");

/**
 * Compares the keys with the fingerprints in the database. With other keys all sessions would end, sealed values could not be opened, and new ones
 * would be unreadable with the right keys. Throws an error that names the setting.
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
    "Set it to the previous value (without the setting it is in DATA_DIR, in secret.key and sealing.keys). To change the key, put the previous value into DEPLOYMENT_ENCRYPTION_KEYS_FORMER and run ./studio rotate-keys.";
  if (!known.has(stored.secret)) throw new Error(`SECRET_KEY does not match this database. ${wayOut}`);
  if (!known.has(stored.sealing)) throw new Error(`DEPLOYMENT_ENCRYPTION_KEY does not match this database. ${wayOut}`);
  if (stored.secret !== given.secret) await settings.set(setting, { ...stored, secret: given.secret });
}

/** Stores the fingerprints after a rotation, when everything is sealed with the current key. */
export async function storeKeyFingerprints(db: Database, secretKey: string, { current = secretKey }: SealingKeys): Promise<void> {
  const value: Fingerprints = { secret: fingerprintOf(secretKey), sealing: fingerprintOf(current) };
  await db.insert(serverSettings).values({ key: setting, value }).onConflictDoUpdate({ target: serverSettings.key, set: { value } });
}
