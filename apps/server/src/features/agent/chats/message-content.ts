import { imageTypes, maxImageBytes, type AttachedFile, type HistoryMessage, type ImagePart } from "@tesslate/agent";
import type { Mention, MessageAttachment } from "@tesslate/contract";
import type { MessageRow } from "../../../db/schema/agent.ts";
import { wrapUntrusted } from "../../../platform/untrusted-text.ts";

/** What a user message has besides its text. */
export interface MessageReferences {
  attachments?: MessageAttachment[];
  mentions?: Mention[];
  /** Material for the agent. */
  details?: string;
}
export const messageReferences = (row: MessageRow): MessageReferences => (row.message_metadata ?? {}) as MessageReferences;
/** The text, or the names of the attachments when there is none. */
export const messageText = (text: string, attachments: readonly Pick<MessageAttachment, "name">[]): string =>
  text || attachments.map(({ name }) => name).join(", ");
/** The text of a user message as the model gets it. It is the same every time, so that providers can cache it. */
export const promptText = (row: MessageRow): string => {
  const { details } = messageReferences(row);
  return details ? `${row.content}\n\n${wrapUntrusted("details of the message", details, row.id.slice(-8))}` : row.content;
};
/** As message metadata; null when empty. */
export const referencesMetadata = ({ attachments = [], mentions = [], details }: MessageReferences): Record<string, unknown> | null =>
  attachments.length + mentions.length === 0 && !details
    ? null
    : { ...(attachments.length > 0 && { attachments }), ...(mentions.length > 0 && { mentions }), ...(details && { details }) };

/** Limits for images of earlier messages that are sent again, newest first. */
const maxEarlierImages = 4;
const maxEarlierImageBytes = 8_000_000;
/** The agent quotes less of a text than this. */
const maxTextChars = 20_000;

/** Loads attachments of messages for the agent. `readAttachment` returns undefined for a deleted one. */
export function createAttachmentReader({ readAttachment }: { readAttachment(id: string): Promise<Buffer | undefined> }) {
  const loadImage = async ({ id, name, mime_type, width, height, size_bytes }: MessageAttachment): Promise<ImagePart | undefined> => {
    const media_type = imageTypes.find((type) => type === mime_type);
    const data = media_type && size_bytes <= maxImageBytes ? await readAttachment(id) : undefined;
    return media_type && data ? { name, media_type, data: new Uint8Array(data), width, height } : undefined;
  };
  const describe = ({ id, name, mime_type: media_type, size_bytes }: MessageAttachment) => ({ id, name, media_type, size_bytes });

  return {
    /** For the message that is answered. Without `canSee`, images are only named. */
    forQuestion: async (
      row: MessageRow,
      canSee: boolean,
    ): Promise<{ attached: AttachedFile[]; images: ImagePart[]; mentions: string[] }> => {
      const { attachments = [], mentions = [] } = messageReferences(row);
      const images: ImagePart[] = [];
      const attached: AttachedFile[] = [];
      for (const one of attachments) {
        if (one.kind === "image") {
          const image = canSee ? await loadImage(one) : undefined;
          if (image) images.push(image);
          attached.push({ ...describe(one), kind: image ? "shown" : "unseen" });
        } else if (one.kind === "text") {
          const text = (await readAttachment(one.id))?.toString("utf8") ?? "(deleted)";
          attached.push({ ...describe(one), kind: "text", text: text.slice(0, maxTextChars), chars: text.length });
        } else attached.push({ ...describe(one), kind: "file" });
      }
      return { attached, images, mentions: mentions.map(({ path }) => path) };
    },
    /** For earlier messages, oldest first: all attachments are named, and the newest images are sent again. */
    forHistory: async (rows: readonly MessageRow[], canSee: boolean): Promise<Map<string, Pick<HistoryMessage, "attached" | "images">>> => {
      const found = new Map<string, { attached: AttachedFile[]; images: ImagePart[] }>();
      let left = canSee ? maxEarlierImages : 0;
      let bytesLeft = maxEarlierImageBytes;
      for (const row of rows.toReversed()) {
        const { attachments = [] } = messageReferences(row);
        if (row.role !== "user" || attachments.length === 0) continue;
        const images: ImagePart[] = [];
        const attached: AttachedFile[] = [];
        for (const one of attachments) {
          const image = one.kind === "image" && left > 0 && one.size_bytes <= bytesLeft ? await loadImage(one) : undefined;
          if (image) {
            left -= 1;
            bytesLeft -= one.size_bytes;
            images.push(image);
          }
          attached.push({ ...describe(one), kind: one.kind === "image" ? (image ? "shown" : "unseen") : one.kind });
        }
        found.set(row.id, { attached, images });
      }
      return found;
    },
  };
}
