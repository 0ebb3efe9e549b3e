import { createHash } from "node:crypto";
import { AppError } from "../../../platform/errors.ts";
import { createImageDecoder, UndecodableImage } from "../../../platform/image-decoder.ts";
import { isRaster } from "./users.rules.ts";

export interface AvatarPicture {
  /** 16 hex digits of its bytes. */
  version: string;
  webp: Buffer;
}
export type AvatarRenderer = (bytes: Buffer) => Promise<AvatarPicture>;

/** Side of the stored image in pixels: three times the largest display size. */
const side = 256;
const limits = { maxPixels: 24_000_000, seconds: 5 };

/** Crops and re-encodes an uploaded image, so that no metadata or hidden content survives. Throws `bad_image`. */
export function createAvatarRenderer(): AvatarRenderer {
  const decode = createImageDecoder(limits);
  return async (bytes) => {
    if (!isRaster(bytes)) throw bad("The file must be a PNG, JPEG, GIF, WebP or AVIF image.");
    const webp = await decode(bytes, (image) => image.resize(side, side, { fit: "cover" }).webp({ quality: 82 }).toBuffer()).catch(
      (error: unknown) => {
        const isTooLarge = error instanceof UndecodableImage && error.reason === "too_many_pixels";
        throw bad(isTooLarge ? "The image has too many pixels. Use an image of at most 24 megapixels." : "The image is damaged.", error);
      },
    );
    return { version: createHash("sha256").update(webp).digest("hex").slice(0, 16), webp };
  };
}

const bad = (sentence: string, cause?: unknown) => new AppError("bad_image", sentence, { cause });
