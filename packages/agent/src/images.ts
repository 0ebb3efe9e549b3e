/** A picture, from the person or in the result of a tool. */
export interface ImagePart {
  type: "image";
  name: string;
  media_type: ImageType;
  /** Base64. Absent: the picture was deleted, and the model only gets its name. */
  data?: string;
  /** Where the caller stores the picture. */
  reference?: string;
  /** Pixels; null when the bytes do not contain them. */
  width: number | null;
  height: number | null;
}

/** What every provider with vision takes. */
export const imageTypes = ["image/png", "image/jpeg", "image/gif", "image/webp"] as const;
export type ImageType = (typeof imageTypes)[number];

/** Larger ones are refused by at least one provider (5 MB of base64), so they are named instead of shown. */
export const maxImageBytes = 3_750_000;

/** Providers scale to about 1.15 megapixels first, so this is the most that one costs; the unknown is counted as that. */
const maxImageTokens = 1_600;

/** Pixels / 750, as Anthropic counts; OpenAI's and Google's tiles amount to less. */
export function estimateImageTokens({ width, height }: Pick<ImagePart, "width" | "height">): number {
  if (!width || !height) return maxImageTokens;
  return Math.min(maxImageTokens, Math.max(1, Math.ceil((width * height) / 750)));
}
