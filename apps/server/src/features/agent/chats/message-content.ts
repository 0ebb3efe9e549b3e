import { imageTypes, maxImageBytes, type Attached, type HistoryMessage, type ImagePart } from "@tesslate/agent";
import type { Mention, MessageAttachment } from "@tesslate/contract";
import type { MessageRow } from "../../../db/schema/agent.ts";

/** What a message of the person may carry beside its words (agent-git-deploy 4.19). */
export interface MessageExtras {
  attachments?: MessageAttachment[];
  mentions?: Mention[];
}
export const extrasOf = (row: MessageRow): MessageExtras => (row.message_metadata ?? {}) as MessageExtras;
/** What a message is called: its words, else the names of what is attached. */
export const wordsOf = (text: string, attachments: readonly Pick<MessageAttachment, "name">[]): string =>
  text || attachments.map(({ name }) => name).join(", ");
/** As metadata; null when there is nothing. */
export const metadataOf = ({ attachments = [], mentions = [] }: MessageExtras): Record<string, unknown> | null =>
  attachments.length + mentions.length === 0
    ? null
    : { ...(attachments.length > 0 && { attachments }), ...(mentions.length > 0 && { mentions }) };

/** Of earlier messages: the newest so many pictures are shown again, within so many bytes. */
const maxOldPictures = 4;
const maxOldPictureBytes = 8_000_000;
/** More of a text is not handed to the agent, which quotes less than this. */
const maxTextChars = 20_000;

/** Turns attachments of messages into what the agent is handed. `bytesOf` answers undefined for one that has gone. */
export function createAttachedReader({ bytesOf }: { bytesOf(id: string): Promise<Buffer | undefined> }) {
  const picture = async ({ id, name, mime_type, width, height, size_bytes }: MessageAttachment): Promise<ImagePart | undefined> => {
    const media_type = imageTypes.find((type) => type === mime_type);
    const data = media_type && size_bytes <= maxImageBytes ? await bytesOf(id) : undefined;
    return media_type && data ? { name, media_type, data: new Uint8Array(data), width, height } : undefined;
  };
  const plain = ({ id, name, mime_type: media_type, size_bytes }: MessageAttachment) => ({ id, name, media_type, size_bytes });

  return {
    /** Of the message that is answered. Without `canSee` its pictures are named only. */
    ofQuestion: async (row: MessageRow, canSee: boolean): Promise<{ attached: Attached[]; images: ImagePart[]; mentions: string[] }> => {
      const { attachments = [], mentions = [] } = extrasOf(row);
      const images: ImagePart[] = [];
      const attached: Attached[] = [];
      for (const one of attachments) {
        if (one.kind === "image") {
          const image = canSee ? await picture(one) : undefined;
          if (image) images.push(image);
          attached.push({ ...plain(one), kind: image ? "shown" : "unseen" });
        } else if (one.kind === "text") {
          const text = (await bytesOf(one.id))?.toString("utf8") ?? "(gone)";
          attached.push({ ...plain(one), kind: "text", text: text.slice(0, maxTextChars), chars: text.length });
        } else attached.push({ ...plain(one), kind: "file" });
      }
      return { attached, images, mentions: mentions.map(({ path }) => path) };
    },
    /** Earlier messages, oldest first: what was attached is named again, and the newest pictures are shown again. */
    ofHistory: async (rows: readonly MessageRow[], canSee: boolean): Promise<Map<string, Pick<HistoryMessage, "attached" | "images">>> => {
      const found = new Map<string, { attached: Attached[]; images: ImagePart[] }>();
      let left = canSee ? maxOldPictures : 0;
      let bytesLeft = maxOldPictureBytes;
      for (const row of rows.toReversed()) {
        const { attachments = [] } = extrasOf(row);
        if (row.role !== "user" || attachments.length === 0) continue;
        const images: ImagePart[] = [];
        const attached: Attached[] = [];
        for (const one of attachments) {
          const image = one.kind === "image" && left > 0 && one.size_bytes <= bytesLeft ? await picture(one) : undefined;
          if (image) {
            left -= 1;
            bytesLeft -= one.size_bytes;
            images.push(image);
          }
          attached.push({ ...plain(one), kind: one.kind === "image" ? (image ? "shown" : "unseen") : one.kind });
        }
        found.set(row.id, { attached, images });
      }
      return found;
    },
  };
}
