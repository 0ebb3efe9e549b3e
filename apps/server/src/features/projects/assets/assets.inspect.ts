import { assetTypes, type AssetFileType } from "@tesslate/contract";
import { fileTypeFromBuffer } from "file-type";
import { imageSize } from "image-size";
import { typeByExtension } from "./assets.names.ts";

/** Bytes read to detect type and dimensions. Camera images can carry long metadata before their dimensions. */
export const headBytes = 1024 * 1024;

/** Facts read from the bytes of an asset. */
export interface AssetFacts {
  mime_type: string;
  file_type: AssetFileType;
  width: number | null;
  height: number | null;
}

/** The canonical MIME type of an allowed type; `undefined` for others. */
const canonical = (mimeType: string): string | undefined => {
  const plain = mimeType.split(";")[0]?.trim().toLowerCase() ?? "";
  return assetTypes.find((t) => t.mime === plain || t.also?.includes(plain))?.mime;
};
/** The type a client declares: the part's header, else the file extension. `undefined`: not allowed. */
export const declaredType = (mimeType: string, filename: string): string | undefined =>
  /^(application\/octet-stream)?$/i.test(mimeType.trim()) ? typeByExtension(filename) : canonical(mimeType);

const fileTypeOf = (mimeType: string): AssetFileType =>
  mimeType === "application/pdf"
    ? "document"
    : ((["image", "video", "font", "audio"] as const).find((k) => mimeType.startsWith(`${k}/`)) ?? "other");
/** Container formats shared by audio and video: the bytes do not distinguish them, so the declared type decides. */
const twins: ReadonlySet<string> = new Set([
  "audio/ogg video/ogg",
  "video/ogg audio/ogg",
  "audio/webm video/webm",
  "video/webm audio/webm",
]);
const rasters: ReadonlySet<string> = new Set(["image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/x-icon"]);

/**
 * Checks the declared type against the first bytes. An image of another image type than declared gets its real type;
 * any other mismatch is `undefined`.
 */
export async function inspect(head: Uint8Array, declared: string): Promise<AssetFacts | undefined> {
  const detected = isSvg(head) ? "image/svg+xml" : canonical((await fileTypeFromBuffer(head).catch(() => undefined))?.mime ?? "");
  if (detected === undefined || fileTypeOf(detected) !== fileTypeOf(declared))
    return twins.has(`${detected} ${declared}`) ? factsOf(declared, head) : undefined;
  return factsOf(detected, head);
}

const factsOf = (mime_type: string, head: Uint8Array): AssetFacts => ({
  mime_type,
  file_type: fileTypeOf(mime_type),
  ...(rasters.has(mime_type) ? sizeOf(head) : { width: null, height: null }),
});

/** Displayed dimensions in pixels, with EXIF rotation applied; null for a broken image. */
function sizeOf(head: Uint8Array): { width: number | null; height: number | null } {
  try {
    const { width, height, orientation = 1, images } = imageSize(head);
    const largest = images?.reduce((a, b) => (b.width > a.width ? b : a)) ?? { width, height };
    return orientation >= 5 ? { width: largest.height, height: largest.width } : { width: largest.width, height: largest.height };
  } catch {
    return { width: null, height: null };
  }
}

/** Whether the first element of an XML text is `<svg>`: after a byte order mark, declarations, comments and a document type. */
function isSvg(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, 64 * 1024)).toString("utf8");
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  for (;;) {
    while (/\s/.test(text.charAt(at))) at += 1;
    const next = prologueEnd(text, at);
    if (next === undefined) return /^<(?:[a-z]\w*:)?svg[\s/>]/i.test(text.slice(at, at + 40));
    at = next;
  }
}
/** End offset of the comment, processing instruction or doctype at `at`; `undefined` when there is none or it is unterminated. */
function prologueEnd(text: string, at: number): number | undefined {
  const after = (mark: string, from: number) => {
    const found = text.indexOf(mark, from);
    return found < 0 ? undefined : found + mark.length;
  };
  if (text.startsWith("<!--", at)) return after("-->", at + 4);
  if (text.startsWith("<?", at)) return after("?>", at + 2);
  if (!/^<!doctype/i.test(text.slice(at, at + 9))) return undefined;
  const [end, subset] = [after(">", at), after("[", at)];
  if (end === undefined || subset === undefined || subset > end) return end;
  const closed = after("]", subset);
  return closed === undefined ? undefined : after(">", closed);
}
