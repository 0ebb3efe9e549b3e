import { existsSync } from "node:fs";
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { explainRefusedAccess } from "./file-access.ts";

/** The keys for what is encrypted at rest; texts of any length. Without `current` the secret key serves. */
export interface EncryptionKeys {
  current?: string;
  /** Former keys (or a former secret key) that still open what they encrypted. */
  former?: readonly string[];
}

/** SHA-256 of a random token, hex. One-use and refresh tokens are stored as this hash. */
export const hashToken = (token: string) => createHash("sha256").update(token).digest("hex");
export const randomToken = (bytes = 32) => randomBytes(bytes).toString("base64url");
const lowerAlphanumerics = "0123456789abcdefghijklmnopqrstuvwxyz";
/** `length` characters of `alphabet`, unbiased. */
export function randomCode(length: number, alphabet = lowerAlphanumerics): string {
  const fair = 256 - (256 % alphabet.length);
  let out = "";
  while (out.length < length)
    for (const byte of randomBytes(length * 2)) if (byte < fair && out.length < length) out += alphabet[byte % alphabet.length];
  return out;
}

/**
 * Encrypts small secrets at rest: AES-256-GCM with a random nonce; `aad` (table, column, row id) keeps a value from being copied to another row.
 * Layout: format (1) key id (5) nonce (12) tag (16) ciphertext. The key id is a fingerprint of the key. Several keys may be known at once;
 * the current one encrypts, and `./studio rotate-keys` re-encrypts values of the others.
 */
export interface CryptoBox {
  seal(plain: string, aad: string): Buffer;
  /** Throws for a wrong key, another `aad` or a damaged value. */
  open(encrypted: Uint8Array, aad: string): string;
  /** The first bytes of every value encrypted with the current key: format and key id. */
  readonly header: Buffer;
  /** Derives a key for one purpose from the secret key. */
  deriveKey(purpose: string): Buffer;
}
const format = 2;
const headerBytes = 6;
const nonceBytes = 12;
const tagBytes = 16;

export function createCryptoBox(secretKey: string, { current = secretKey, former = [] }: EncryptionKeys = {}): CryptoBox {
  const derive = (from: string, purpose: string) => Buffer.from(hkdfSync("sha256", from, "tesslate-studio", purpose, 32));
  const headerOf = (key: Buffer) =>
    Buffer.concat([
      Buffer.from([format]),
      createHash("sha256")
        .update("key id")
        .update(key)
        .digest()
        .subarray(0, headerBytes - 1),
    ]);
  // The secret key is always known, because it encrypted everything before a separate key was set.
  const keysById = new Map(
    [current, secretKey, ...former].map((text) => {
      const key = derive(text, "secrets at rest");
      return [headerOf(key).toString("hex"), key] as const;
    }),
  );
  const key = derive(current, "secrets at rest");
  const header = headerOf(key);
  return {
    header,
    deriveKey: (purpose) => derive(secretKey, purpose),
    seal(plain, aad) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(aad));
      const text = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
      return Buffer.concat([header, nonce, cipher.getAuthTag(), text]);
    },
    open(encrypted, aad) {
      const bytes = Buffer.from(encrypted);
      const known = keysById.get(bytes.subarray(0, headerBytes).toString("hex"));
      if (!known) throw new Error("encrypted with an unknown key");
      let at = headerBytes;
      const decipher = createDecipheriv("aes-256-gcm", known, bytes.subarray(at, (at += nonceBytes)), { authTagLength: tagBytes })
        .setAAD(Buffer.from(aad))
        .setAuthTag(bytes.subarray(at, (at += tagBytes)));
      return decipher.update(bytes.subarray(at), undefined, "utf8") + decipher.final("utf8");
    },
  };
}

/** The configured key, or the one generated in `dataDir` on first start. */
export async function loadSecretKey(given: string | undefined, dataDir: string): Promise<string> {
  if (given) return given;
  const file = join(dataDir, "secret.key");
  if (!existsSync(file) && existsSync(join(dataDir, "postgres/data/PG_VERSION")))
    throw new Error(
      `${file} is missing, although the database of this folder exists. Restore the file from a backup, or set SECRET_KEY if you used that setting.`,
    );
  const fresh = randomToken(48);
  try {
    await writeFile(file, fresh, { flag: "wx", mode: 0o600, flush: true });
    return fresh;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    const stored = (await readOwnFile(file)).trim();
    if (stored.length < 32)
      throw new Error(`${file} is damaged: it must contain at least 32 characters. Restore it from a backup.`, { cause });
    return stored;
  }
}

/** A file that only this user may read. */
async function readOwnFile(file: string): Promise<string> {
  try {
    await chmod(file, 0o600);
    return await readFile(file, "utf8");
  } catch (cause) {
    const refusal = await explainRefusedAccess(file, cause, "read");
    if (refusal === undefined) throw cause;
    throw new Error(
      `${refusal}. Another user ran the server on this folder before: run it as that user, or change the owner of everything in it but \`postgres\`.`,
      { cause },
    );
  }
}
