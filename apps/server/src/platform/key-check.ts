import { hkdfSync } from "node:crypto";
import { eq } from "drizzle-orm";
import type { Database, DatabaseHandle } from "./database.ts";
import { serverSettings } from "../db/schema/platform.ts";
import type { EncryptionKeys } from "./crypto.ts";
import type { ServerSettings } from "./server-settings.ts";

/** One-way fingerprints of the keys, stored in the database. */
interface Fingerprints {
  secret: string;
  sealing: string;
  /** Keys that have encrypted values since then, beside `sealing`. A rotation leaves one key. */
  added?: string[];
}
const setting = "key_fingerprints";
const fingerprintOf = (key: string): string => Buffer.from(hkdfSync("sha256", key, "tesslate-studio", "fingerprint", 16)).toString("hex");
const fingerprintsOf = (secretKey: string, { current = secretKey }: EncryptionKeys): Fingerprints => ({
  secret: fingerprintOf(secretKey),
  sealing: fingerprintOf(current),
});

/**
 * With other keys all sessions would end, encrypted values could not be opened, and new ones would be unreadable with the right keys. Throws an
 * error that names the setting.
 */
function refuseOtherKeys(stored: Fingerprints, secretKey: string, { current = secretKey, former = [] }: EncryptionKeys): void {
  const known = new Set([secretKey, current, ...former].map(fingerprintOf));
  const wayOut =
    "Set it to the previous value (without the setting it is in DATA_DIR, in secret.key and sealing.keys). To change the key, put the previous value into DEPLOYMENT_ENCRYPTION_KEYS_FORMER and run ./studio rotate-keys.";
  if (!known.has(stored.secret)) throw new Error(`SECRET_KEY does not match this database. ${wayOut}`);
  if (![stored.sealing, ...(stored.added ?? [])].every((fingerprint) => known.has(fingerprint)))
    throw new Error(`DEPLOYMENT_ENCRYPTION_KEY does not match this database. ${wayOut}`);
}

/** The same check before the database is migrated, so that a refused start changes nothing. */
export async function refuseKeysOfOtherDatabase(
  { pool, db }: DatabaseHandle,
  secretKey: string,
  encryptionKeys: EncryptionKeys,
): Promise<void> {
  const { rows } = await pool.query<{ name: string | null }>("select to_regclass('server_settings')::text as name");
  if (!rows[0]?.name) return;
  const [stored] = await db.select({ value: serverSettings.value }).from(serverSettings).where(eq(serverSettings.key, setting));
  if (stored) refuseOtherKeys(stored.value as Fingerprints, secretKey, encryptionKeys);
}

/** Compares the keys with the fingerprints in the database, and stores those of new ones. Throws as described above. */
export async function checkKeys(settings: ServerSettings, secretKey: string, encryptionKeys: EncryptionKeys): Promise<void> {
  const given = fingerprintsOf(secretKey, encryptionKeys);
  const stored = await settings.setOnce<Fingerprints>(setting, given);
  refuseOtherKeys(stored, secretKey, encryptionKeys);
  const sealing = [stored.sealing, ...(stored.added ?? [])];
  if (stored.secret === given.secret && sealing.includes(given.sealing)) return;
  const [first = given.sealing, ...added] = new Set([...sealing, given.sealing]);
  await settings.set(setting, { secret: given.secret, sealing: first, added });
}

/** Stores the fingerprints after a rotation, when everything is encrypted with the current key. */
export async function storeKeyFingerprints(db: Database, secretKey: string, encryptionKeys: EncryptionKeys): Promise<void> {
  const value = fingerprintsOf(secretKey, encryptionKeys);
  await db.insert(serverSettings).values({ key: setting, value }).onConflictDoUpdate({ target: serverSettings.key, set: { value } });
}
