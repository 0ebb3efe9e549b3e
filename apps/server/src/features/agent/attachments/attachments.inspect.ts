import { imageTypes } from "@tesslate/agent";
import type { MessageAttachment } from "@tesslate/contract";
import { fileTypeFromBuffer } from "file-type";
import { imageSize } from "image-size";

/** Enough to detect the type. Camera images have long metadata before their size. */
const headBytes = 1024 * 1024;
const maxName = 200;

type DetectedFile = Pick<MessageAttachment, "kind" | "mime_type" | "width" | "height">;

/** Detects the type of a file from its bytes as they stream. The type that the client claims is ignored. */
export function createFileInspection() {
  const head: Uint8Array[] = [];
  let kept = 0;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let isText = true;
  return {
    push(chunk: Uint8Array): void {
      if (kept < headBytes) {
        head.push(Uint8Array.from(chunk.subarray(0, headBytes - kept)));
        kept += Math.min(chunk.byteLength, headBytes - kept);
      }
      if (!isText) return;
      try {
        isText = !chunk.includes(0);
        decoder.decode(chunk, { stream: true });
      } catch {
        isText = false;
      }
    },
    async result(): Promise<DetectedFile> {
      if (isText)
        try {
          decoder.decode();
        } catch {
          isText = false;
        }
      const start = Buffer.concat(head);
      const seen = (await fileTypeFromBuffer(start).catch(() => undefined))?.mime;
      const image = imageTypes.find((type) => type === seen);
      if (image) return { kind: "image", mime_type: image, ...sizeOf(start) };
      // SVG and HTML count as text: they are quoted, never rendered.
      if (isText && (seen === undefined || /xml|^text\/|json/.test(seen)))
        return { kind: "text", mime_type: "text/plain", width: null, height: null };
      return { kind: "file", mime_type: seen ?? "application/octet-stream", width: null, height: null };
    },
  };
}

/** Pixels in display orientation; null when unknown. */
function sizeOf(head: Uint8Array): { width: number | null; height: number | null } {
  try {
    const { width, height, orientation = 1 } = imageSize(head);
    return orientation >= 5 ? { width: height, height: width } : { width, height };
  } catch {
    return { width: null, height: null };
  }
}

/** A safe file name: the last path segment without control and bidirectional characters. */
export function attachmentName(given: string): string {
  const base = given.replaceAll("\\", "/").split("/").at(-1) ?? "";
  const clean = base
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "")
    .trim()
    .replace(/^\.+$/, "");
  if (clean === "") return "file";
  if (clean.length <= maxName) return clean;
  const ending = /\.[^.]{1,12}$/.exec(clean)?.[0] ?? "";
  return clean.slice(0, maxName - ending.length) + ending;
}
