import { createHash } from "node:crypto";
import type { Sharp } from "sharp";
import { AppError } from "../../../platform/errors.ts";
import { isRaster } from "./users.rules.ts";

export interface AvatarPicture {
  /** 16 hex digits of its bytes. */
  version: string;
  webp: Buffer;
}
export type AvatarMaker = (bytes: Buffer) => Promise<AvatarPicture>;

/** Pixels of a side of what is kept: three times the largest place it is shown at. */
const side = 256;
/** More would take too much memory to unpack, however small the file is. */
const maxPixels = 24_000_000;
const decodeSeconds = 5;

/**
 * Makes the picture that is kept of whatever was uploaded: decoded, upright, cropped to a square and encoded anew, so that nothing of the file
 * itself survives: no notes, no place, no second format hidden in it. Throws `bad_image`. One at a time, so that many cannot fill the memory.
 */
export function createAvatarMaker(): AvatarMaker {
  let last: Promise<unknown> = Promise.resolve();
  const make = async (bytes: Buffer): Promise<AvatarPicture> => {
    // The library knows many formats; these five are all that it is ever given.
    if (!isRaster(bytes)) throw bad("This is not a PNG, JPEG, GIF, WebP or AVIF picture.");
    const { default: sharp } = await import("sharp");
    sharp.cache(false);
    const source: Sharp = sharp(bytes, { failOn: "error", limitInputPixels: maxPixels, pages: 1, sequentialRead: true });
    const webp = await source
      .timeout({ seconds: decodeSeconds })
      .autoOrient()
      .resize(side, side, { fit: "cover" })
      .webp({ quality: 82 })
      .toBuffer()
      .catch((error: unknown) => {
        const isTooLarge = error instanceof Error && /pixel limit/i.test(error.message);
        throw bad(
          isTooLarge ? "This picture has too many pixels. Make it smaller first." : "This picture is damaged and cannot be read.",
          error,
        );
      });
    return { version: createHash("sha256").update(webp).digest("hex").slice(0, 16), webp };
  };
  return (bytes) => {
    const made = last.then(() => make(bytes));
    last = made.catch(() => undefined);
    return made;
  };
}

const bad = (sentence: string, cause?: unknown) => new AppError("bad_image", sentence, { cause });
