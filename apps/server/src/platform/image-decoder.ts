import type { Sharp } from "sharp";

/** An image that cannot be decoded within the limits. */
export class UndecodableImage extends Error {
  override readonly name = "UndecodableImage";
  readonly reason: "damaged" | "too_many_pixels";
  constructor(cause: unknown) {
    super("The image cannot be decoded.", { cause });
    this.reason = cause instanceof Error && /pixel limit/i.test(cause.message) ? "too_many_pixels" : "damaged";
  }
}

export type DecodeImage = <T>(bytes: Uint8Array, work: (image: Sharp) => Promise<T>) => Promise<T>;
/**
 * Decodes images of strangers: their first frame, upright, up to `maxPixels` and for at most `seconds`, one at a time to limit memory. What `work` returns
 * has no metadata of the original. The library supports many formats, so the caller checks the first bytes. Throws `UndecodableImage`.
 */
export function createImageDecoder({ maxPixels, seconds }: { maxPixels: number; seconds: number }): DecodeImage {
  let last: Promise<unknown> = Promise.resolve();
  const decode: DecodeImage = async (bytes, work) => {
    const { default: sharp } = await import("sharp");
    sharp.cache(false);
    const image = sharp(bytes, { failOn: "error", limitInputPixels: maxPixels, pages: 1, sequentialRead: true });
    return work(image.timeout({ seconds }).autoOrient()).catch((error: unknown) => {
      throw new UndecodableImage(error);
    });
  };
  return (bytes, work) => {
    const decoded = last.then(() => decode(bytes, work));
    last = decoded.catch(() => undefined);
    return decoded;
  };
}
