import { imageTypes } from "@tesslate/agent";
import type { MessageAttachment } from "@tesslate/contract";
import { fileTypeFromBuffer } from "file-type";
import { imageSize } from "image-size";

/** So much of a file says what it is; pictures of cameras carry long notes in front of their size. */
const headBytes = 1024 * 1024;
const maxName = 200;

type Facts = Pick<MessageAttachment, "kind" | "mime_type" | "width" | "height">;

/** Looks at bytes as they pass, and says at the end what they are: what the client said of them does not count. */
export function createInspection() {
  const head: Uint8Array[] = [];
  let kept = 0;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let isText = true;
  return {
    see(chunk: Uint8Array): void {
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
    async facts(): Promise<Facts> {
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
      // SVG and HTML are texts like any other: quoted, never shown.
      if (isText && (seen === undefined || /xml|^text\/|json/.test(seen)))
        return { kind: "text", mime_type: "text/plain", width: null, height: null };
      return { kind: "file", mime_type: seen ?? "application/octet-stream", width: null, height: null };
    },
  };
}

/** Pixels as they are seen; null where the head does not tell. */
function sizeOf(head: Uint8Array): { width: number | null; height: number | null } {
  try {
    const { width, height, orientation = 1 } = imageSize(head);
    return orientation >= 5 ? { width: height, height: width } : { width, height };
  } catch {
    return { width: null, height: null };
  }
}

/** The last part of what the client calls it, on one line and without characters that turn text around. */
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
