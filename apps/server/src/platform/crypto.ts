import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** SHA-256 of a random token, hex: how one-use tokens and refresh tokens are stored. */
export const hashToken = (token: string) => createHash("sha256").update(token).digest("hex");
export const randomToken = (bytes = 32) => randomBytes(bytes).toString("base64url");
const lowerAlphanumerics = "0123456789abcdefghijklmnopqrstuvwxyz";
/** `length` characters of `0-9a-z`, unbiased. */
export function randomCode(length: number): string {
  let out = "";
  while (out.length < length)
    for (const byte of randomBytes(length * 2)) if (byte < 252 && out.length < length) out += lowerAlphanumerics[byte % 36];
  return out;
}

/** Encrypts small secrets at rest: AES-256-GCM, fresh nonce, bound to its place (`aad`) so that a row cannot be moved. Layout: key id (1) nonce (12) tag (16) text. */
export interface CryptoBox {
  seal(plain: string, aad: string): Buffer;
  /** Throws when the text, the key or the place does not fit. */
  open(sealed: Uint8Array, aad: string): string;
  /** A key for one purpose, derived from the secret key. */
  deriveKey(purpose: string): Buffer;
}
export function createCryptoBox(secretKey: string): CryptoBox {
  const deriveKey = (purpose: string) => Buffer.from(hkdfSync("sha256", secretKey, "tesslate-studio", purpose, 32));
  const key = deriveKey("secrets at rest");
  return {
    deriveKey,
    seal(plain, aad) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(aad));
      const text = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
      return Buffer.concat([Buffer.from([1]), nonce, cipher.getAuthTag(), text]);
    },
    open(sealed, aad) {
      const bytes = Buffer.from(sealed);
      if (bytes[0] !== 1) throw new Error("sealed with an unknown key");
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(1, 13), { authTagLength: 16 })
        .setAAD(Buffer.from(aad))
        .setAuthTag(bytes.subarray(13, 29));
      return decipher.update(bytes.subarray(29), undefined, "utf8") + decipher.final("utf8");
    },
  };
}

/** The given key, or the one generated into `dataDir` on first start. */
export async function loadSecretKey(given: string | undefined, dataDir: string): Promise<string> {
  if (given) return given;
  const file = join(dataDir, "secret.key");
  const fresh = randomToken(48);
  try {
    await writeFile(file, fresh, { flag: "wx", mode: 0o600, flush: true });
    return fresh;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    await chmod(file, 0o600);
    const stored = (await readFile(file, "utf8")).trim();
    if (stored.length < 32) throw new Error(`${file} is damaged: it should hold at least 32 characters.`, { cause });
    return stored;
  }
}
