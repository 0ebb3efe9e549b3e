/** An image, from the person or in the result of a tool. */
export interface ImagePart {
  type: "image";
  name: string;
  media_type: ImageType;
  /** Base64. Absent: the image was deleted, and the model only gets its name. */
  data?: string;
  /** Where the caller stores the image. */
  reference?: string;
  /** Pixels; null when the bytes do not contain them. */
  width: number | null;
  height: number | null;
}

/** An image of a tool's result as it is stored and emitted. */
export type StoredImage = Omit<ImagePart, "data"> & { reference: string };

/** An image as a tool returns it: of any size, from anywhere. */
export interface ToolImage {
  /** For people and the model, such as the path of the file. */
  name: string;
  data: Uint8Array;
}

/** Keeps the images of tool results outside of the conversation. */
export interface ImageStore {
  /** Reduces the image to what models take and stores it. Throws `ToolFailure` with the reason why that is not possible. */
  keep(image: ToolImage, signal: AbortSignal): Promise<StoredImage & { data: string }>;
  /** Base64; undefined when the image was deleted. */
  load(reference: string): Promise<string | undefined>;
}

/** What every provider with vision takes. */
export const imageTypes = ["image/png", "image/jpeg", "image/gif", "image/webp"] as const;
export type ImageType = (typeof imageTypes)[number];

/** Larger ones are refused by at least one provider (5 MB of base64), so they are named instead of shown. */
export const maxImageBytes = 3_750_000;

/** The type of an image by its first bytes; undefined for everything that is not in `imageTypes`. */
export function imageTypeOf(data: Uint8Array): ImageType | undefined {
  const start = Buffer.from(data.subarray(0, 12)).toString("latin1");
  if (start.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (start.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (/^GIF8[79]a/.test(start)) return "image/gif";
  return /^RIFF[^]{4}WEBP/.test(start) ? "image/webp" : undefined;
}

/** The most that one costs at any provider: models with high resolution scale to about 3.6 megapixels. The unknown is counted as that. */
const maxImageTokens = 4_784;

/** Pixels / 750, as Anthropic counts; OpenAI's and Google's tiles amount to less. */
export function estimateImageTokens({ width, height }: Pick<ImagePart, "width" | "height">): number {
  if (!width || !height) return maxImageTokens;
  return Math.min(maxImageTokens, Math.max(1, Math.ceil((width * height) / 750)));
}
