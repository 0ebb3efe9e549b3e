import { createHash } from "node:crypto";
import type { Sharp } from "sharp";
import { isRaster } from "../../accounts/users/index.ts";
import { AppError } from "../../../platform/errors.ts";
import { createImageDecoder, UndecodableImage } from "../../../platform/image-decoder.ts";
import type { EncodedPicture } from "./item-pictures.store.ts";

const limits = { maxPixels: 24_000_000, seconds: 5 };
const shapes: Record<"icon" | "screenshot" | "cover", (image: Sharp) => Sharp> = {
  icon: (image) => image.resize(256, 256, { fit: "cover" }),
  screenshot: (image) => image.resize(1280, 800, { fit: "inside", withoutEnlargement: true }),
  cover: (image) => image.resize(640, 400, { fit: "cover", position: "top" }),
};
const versionOf = (webp: Buffer) => createHash("sha256").update(webp).digest("hex").slice(0, 16);

/** A picture that is encoded already. */
export const asPicture = (webp: Buffer): EncodedPicture => ({ version: versionOf(webp), webp });

export type ItemPictureEncoder = (bytes: Buffer, shape: keyof typeof shapes) => Promise<EncodedPicture>;
/** Resizes and encodes an uploaded picture again, so that no metadata or hidden content survives. Throws `bad_image`. */
export function createItemPictureEncoder(): ItemPictureEncoder {
  const decode = createImageDecoder(limits);
  return async (bytes, shape) => {
    if (!isRaster(bytes)) throw bad("The file must be a PNG, JPEG, GIF, WebP or AVIF image.");
    const webp = await decode(bytes, (image) => shapes[shape](image).webp({ quality: 82 }).toBuffer()).catch((error: unknown) => {
      const isTooLarge = error instanceof UndecodableImage && error.reason === "too_many_pixels";
      throw bad(isTooLarge ? "The image has too many pixels. Use an image of at most 24 megapixels." : "The image is damaged.", error);
    });
    return asPicture(webp);
  };
}

const bad = (sentence: string, cause?: unknown) => new AppError("bad_image", sentence, { cause });
