import { createHash } from "node:crypto";
import type { Sharp } from "sharp";
import { AppError } from "../../../platform/errors.ts";
import { isRaster } from "./users.rules.ts";

export interface AvatarPicture {
  /** 16 hex digits of its bytes. */
  version: string;
  webp: Buffer;
}
export type AvatarRenderer = (bytes: Buffer) => Promise<AvatarPicture>;

/** Side of the stored image in pixels: three times the largest display size. */
const side = 256;
/** Limits memory for decoding. */
const maxPixels = 24_000_000;
const decodeSeconds = 5;

/**
 * Decodes, rotates, crops and re-encodes an uploaded image, so that no metadata or hidden content survives. Throws `bad_image`. Runs one at a time to
 * limit memory.
 */
export function createAvatarRenderer(): AvatarRenderer {
  let last: Promise<unknown> = Promise.resolve();
  const make = async (bytes: Buffer): Promise<AvatarPicture> => {
    // sharp supports many formats; only these five are passed to it.
    if (!isRaster(bytes)) throw bad("The file must be a PNG, JPEG, GIF, WebP or AVIF image.");
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
        throw bad(isTooLarge ? "The image has too many pixels. Use an image of at most 24 megapixels." : "The image is damaged.", error);
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
