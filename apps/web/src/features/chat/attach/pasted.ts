import type { ClipboardEvent } from "react";
import { longPasteChars } from "./attachment-drafts.ts";
import type { ComposerAttachments } from "./use-attachments.ts";

/** Long texts become attachments. */
export const isLongPaste = (text: string): boolean => text.length > longPasteChars;

/** Attaches pasted files and long texts. Returns `undefined` if the paste is text for the message. */
export function attachPasted(
  event: ClipboardEvent,
  attachments: Pick<ComposerAttachments, "add" | "addText">,
): { problem: string | undefined } | undefined {
  const text = event.clipboardData.getData("text/plain");
  const files = [...event.clipboardData.files];
  // Office programs add an image of the text to the clipboard.
  const isFiles = text.trim() === "" && files.length > 0;
  if (!isFiles && !isLongPaste(text)) return undefined;
  event.preventDefault();
  return { problem: isFiles ? attachments.add(files) : attachments.addText(text) };
}
