import { createCipheriv, createDecipheriv, randomBytes, scrypt, type ScryptOptions } from "node:crypto";
import { BackupError } from "./backup-error.ts";

/** Keys and secret settings, encrypted with a passphrase: scrypt and AES-256-GCM. Binary values are base64. */
export interface SealedKeys {
  algorithm: "scrypt-aes-256-gcm";
  cost: number;
  salt: string;
  nonce: string;
  tag: string;
  data: string;
}

/** What is needed to read what the database has encrypted. */
export interface InstallationKeys {
  secret_key: string;
  /** The current key first. Empty: the secret key serves. */
  encryption_keys: string[];
  /** Secret settings of the environment by name. */
  settings: Record<string, string>;
}

const cost = 2 ** 17;
const minimumPassphrase = 12;

const derive = (passphrase: string, salt: Buffer, work: number) =>
  new Promise<Buffer>((resolve, reject) => {
    const options: ScryptOptions = { N: work, r: 8, p: 1, maxmem: 256 * work * 8 };
    scrypt(passphrase.normalize("NFC"), salt, 32, options, (error, key) => (error ? reject(error) : resolve(key)));
  });

export function checkPassphrase(passphrase: string): string {
  if (passphrase.length < minimumPassphrase)
    throw new BackupError(`The passphrase needs at least ${minimumPassphrase} characters (it has ${passphrase.length}).`);
  return passphrase;
}

/** `backup` is the id of the backup: sealed keys cannot be moved to another one. */
export async function sealKeys(keys: InstallationKeys, passphrase: string, backup: string): Promise<SealedKeys> {
  const [salt, nonce] = [randomBytes(16), randomBytes(12)];
  const cipher = createCipheriv("aes-256-gcm", await derive(checkPassphrase(passphrase), salt, cost), nonce).setAAD(Buffer.from(backup));
  const data = Buffer.concat([cipher.update(JSON.stringify(keys), "utf8"), cipher.final()]);
  return {
    algorithm: "scrypt-aes-256-gcm",
    cost,
    salt: salt.toString("base64"),
    nonce: nonce.toString("base64"),
    tag: cipher.getAuthTag().toString("base64"),
    data: data.toString("base64"),
  };
}

/** Throws for a wrong passphrase. */
export async function unsealKeys(sealed: SealedKeys, passphrase: string, backup: string): Promise<InstallationKeys> {
  // A manifest from elsewhere must not exhaust memory.
  if (sealed.algorithm !== "scrypt-aes-256-gcm" || !Number.isInteger(sealed.cost) || sealed.cost > 2 ** 20 || sealed.cost < 2)
    throw new BackupError("The keys of this backup are sealed in a way that this version does not know. Use a newer version.");
  const key = await derive(passphrase, Buffer.from(sealed.salt, "base64"), sealed.cost);
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(sealed.nonce, "base64"), { authTagLength: 16 })
      .setAAD(Buffer.from(backup))
      .setAuthTag(Buffer.from(sealed.tag, "base64"));
    const text = Buffer.concat([decipher.update(Buffer.from(sealed.data, "base64")), decipher.final()]);
    return JSON.parse(text.toString("utf8")) as InstallationKeys;
  } catch (cause) {
    throw new BackupError("The passphrase does not open the keys of this backup. Use the passphrase it was made with.", { cause });
  }
}
