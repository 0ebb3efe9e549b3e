import {
  imagesOf,
  imageTypes,
  mapImages,
  maxImageBytes,
  type AttachedFile,
  type HistoryMessage,
  type ImagePart,
  type Message,
} from "@tesslate/agent";
import type { Mention, MessageAttachment } from "@tesslate/contract";
import type { MessageRow } from "../../../db/schema/agent/chats.ts";
import type { Queries } from "../../../platform/database.ts";
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

/** The agent quotes less of a text than this. */
const maxTextChars = 20_000;

export type AttachmentReader = ReturnType<typeof createAttachmentReader>;
/** Loads attachments of messages and records for the agent. `readAttachment` returns undefined for a deleted one. */
export function createAttachmentReader({
  readAttachment,
  readAttachments,
  useToolImages,
}: {
  readAttachment(id: string): Promise<Buffer | undefined>;
  readAttachments(ids: readonly string[]): Promise<ReadonlyMap<string, Buffer>>;
  useToolImages(tx: Queries, ids: readonly string[]): Promise<void>;
}) {
  /** Without its data; undefined for files that models take as no image. */
  const imageOf = ({ id, name, mime_type, width, height, size_bytes }: MessageAttachment): ImagePart | undefined => {
    const media_type = size_bytes <= maxImageBytes ? imageTypes.find((type) => type === mime_type) : undefined;
    return media_type && { type: "image", name, media_type, width, height, reference: id };
  };
  const loadImage = async (image: ImagePart): Promise<ImagePart> => {
    if (image.data !== undefined || image.reference === undefined) return image;
    const data = await readAttachment(image.reference);
    return data ? { ...image, data: data.toString("base64") } : image;
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
          const known = canSee ? imageOf(one) : undefined;
          const image = known && (await loadImage(known));
          if (image?.data !== undefined) images.push(image);
          attached.push({ ...describe(one), kind: image?.data === undefined ? "unseen" : "shown" });
        } else if (one.kind === "text") {
          const text = (await readAttachment(one.id))?.toString("utf8") ?? "(deleted)";
          attached.push({ ...describe(one), kind: "text", text: text.slice(0, maxTextChars), chars: text.length });
        } else attached.push({ ...describe(one), kind: "file" });
      }
      return { attached, images, mentions: mentions.map(({ path }) => path) };
    },
    /** For messages without a record: all attachments are named, images are referenced. */
    forHistory: async (rows: readonly MessageRow[]): Promise<Map<string, Pick<HistoryMessage, "attached" | "images">>> =>
      new Map(
        rows.flatMap((row) => {
          const { attachments = [] } = messageReferences(row);
          if (row.role !== "user" || attachments.length === 0) return [];
          const images = attachments.flatMap((one) => (one.kind === "image" ? (imageOf(one) ?? []) : []));
          const shown = new Set(images.map((image) => image.reference));
          const attached = attachments.map((one): AttachedFile => ({
            ...describe(one),
            kind: one.kind === "image" ? (shown.has(one.id) ? "shown" : "unseen") : one.kind,
          }));
          return [[row.id, { attached, images }] as const];
        }),
      ),
    /** The record with the data of its images, which are loaded in one query. Those that were deleted stay without. */
    withData: async (record: readonly Message[]): Promise<Message[]> => {
      const images = record.flatMap((message) => (message.role === "compaction" ? [] : imagesOf(message)));
      const missing = new Set(images.flatMap(({ reference, data }) => (data === undefined && reference !== undefined ? reference : [])));
      if (missing.size === 0) return [...record];
      const found = await readAttachments([...missing]);
      return record.map((message) =>
        mapImages(message, (image) => {
          const data = image.reference === undefined ? undefined : found.get(image.reference);
          return data ? { ...image, data: data.toString("base64") } : image;
        }),
      );
    },
    /** In the transaction of the record that refers to them. */
    useToolImages,
  };
}
