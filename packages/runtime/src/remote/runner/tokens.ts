import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";

/** Of equal length whatever was shown, so that a comparison takes the same time. */
const digest = (text: string) => createHash("sha256").update(text).digest();

/** The SHA-256 of a token, in hexadecimal digits: what a runner may know where project code can read its files. */
export const hashToken = (token: string): string => digest(token).toString("hex");

export const isSameToken = (token: string): ((shown: string) => boolean) => {
  const expected = digest(token);
  return (shown) => timingSafeEqual(digest(shown), expected);
};

/**
 * Whether a token has the hash that is in a file. The file is read again when a token does not fit, since it may have been written after the
 * start; nobody is let in while it has no hash.
 */
export function hasHashIn(file: string): (shown: string) => boolean {
  let expected: Buffer | undefined;
  const read = () => {
    const [hash] = /^[0-9a-f]{64}$/.exec(readFileSync(file, "utf8").trim()) ?? [];
    expected = hash === undefined ? undefined : Buffer.from(hash, "hex");
  };
  const fits = (shown: string) => expected !== undefined && timingSafeEqual(digest(shown), expected);
  return (shown) => {
    if (fits(shown)) return true;
    try {
      read();
    } catch {
      return false; // it is being replaced, or not there yet
    }
    return fits(shown);
  };
}
