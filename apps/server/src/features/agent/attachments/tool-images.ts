import { imageTypeOf, ToolFailure, type ImageStore, type ImageType, type ToolImage } from "@tesslate/agent";
import { createImageDecoder, UndecodableImage } from "../../../platform/image-decoder.ts";
import type { Attachments } from "./attachments.service.ts";

/** The longest side in pixels: at most models with vision scale larger images down to this. */
const maxSide = 1_568;
const maxBytes = 1_000_000;
const limits = { maxPixels: 40_000_000, seconds: 5 };
/** Tried in this order, until one fits into `maxBytes`. */
const jpegAttempts = [
  { quality: 85, side: maxSide },
  { quality: 60, side: maxSide },
  { quality: 50, side: maxSide / 2 },
];

export interface ReducedImage {
  data: Buffer;
  media_type: ImageType;
  width: number;
  height: number;
}

export type ToolImages = ReturnType<typeof createToolImages>;
/** The images of tool results, as attachments of the project that the run works in. */
export function createToolImages({ attachments }: { attachments: Pick<Attachments, "addToolImage" | "read"> }) {
  const reduce = createImageReduction();
  return {
    /** For the runs of a person in a project. */
    of: (owner: { user_id: string; project_id: string }): ImageStore => ({
      keep: async ({ name, data: bytes }: ToolImage, signal) => {
        const { data, ...image } = await reduce(bytes);
        signal.throwIfAborted();
        const reference = await attachments.addToolImage(owner, { ...image, data, name: fileNameOf(name, image.media_type) });
        return { type: "image", name, ...image, reference, data: data.toString("base64") };
      },
      load: async (reference) => (await attachments.read(reference))?.toString("base64"),
    }),
  };
}

/**
 * Decodes an image of a tool and encodes it as PNG, or as JPEG if that is smaller than a large PNG, within the limits of `maxSide` and `maxBytes`. Some
 * servers with vision take no WebP. Throws `ToolFailure`.
 */
export function createImageReduction(): (bytes: Uint8Array) => Promise<ReducedImage> {
  const decode = createImageDecoder(limits);
  return async (bytes) => {
    const type = imageTypeOf(bytes);
    if (!type) throw new ToolFailure("Only PNG, JPEG, WebP and GIF images can be shown.");
    const { pixels, raw } = await decode(bytes, async (image) => {
      const { data, info } = await image
        .resize(maxSide, maxSide, { fit: "inside", withoutEnlargement: true })
        .toColorspace("srgb")
        .raw()
        .toBuffer({ resolveWithObject: true });
      return { pixels: data, raw: { width: info.width, height: info.height, channels: info.channels } };
    }).catch((error: unknown) => {
      if (!(error instanceof UndecodableImage)) throw error;
      throw new ToolFailure(
        error.reason === "too_many_pixels" ? "It has more than 40 megapixels." : "It is damaged, or decoding it takes too long.",
      );
    });
    const { default: sharp } = await import("sharp");
    const image = () => sharp(pixels, { raw });
    if (type !== "image/jpeg") {
      const data = await image().png().toBuffer();
      if (data.length <= maxBytes) return { data, media_type: "image/png", width: raw.width, height: raw.height };
    }
    for (const { quality, side } of jpegAttempts) {
      const { data, info } = await image()
        .flatten({ background: "#ffffff" })
        .resize(side, side, { fit: "inside", withoutEnlargement: true })
        .jpeg({ quality })
        .toBuffer({ resolveWithObject: true });
      if (data.length <= maxBytes) return { data, media_type: "image/jpeg", width: info.width, height: info.height };
    }
    throw new ToolFailure("It is too large to be shown.");
  };
}

/** With the ending of the type that it was encoded as. */
const fileNameOf = (name: string, type: ImageType): string =>
  `${name.replace(/\.(png|jpe?g|webp|gif)$/i, "") || "image"}${type === "image/png" ? ".png" : ".jpg"}`;
