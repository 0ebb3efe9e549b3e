import type { ClipboardEvent } from "react";
import { longPasteChars } from "./attachment-drafts.ts";
import type { ComposerAttachments } from "./use-attachments.ts";

/** What of a paste becomes an attachment: files, and a text too long to be read in the message. `undefined`: it is text of the message. */
export function attachPasted(
  event: ClipboardEvent,
  attachments: Pick<ComposerAttachments, "add" | "addText">,
): { problem: string | undefined } | undefined {
  const text = event.clipboardData.getData("text/plain");
  const files = [...event.clipboardData.files];
  // Office programs put a picture of the text beside the text.
  const isFiles = text.trim() === "" && files.length > 0;
  if (!isFiles && text.length <= longPasteChars) return undefined;
  event.preventDefault();
  return { problem: isFiles ? attachments.add(files) : attachments.addText(text) };
}
