import { randomUUID } from "node:crypto";
import { maxAttachedBytes, maxAttachmentBytes, type Attachment, type MessageAttachment } from "@tesslate/contract";
import type { UploadedField, UploadedFile } from "../../../http/uploads.ts";
import type { CryptoBox } from "../../../platform/crypto.ts";
import type { Database, Queries } from "../../../platform/database.ts";
import type { Logger } from "../../../platform/logger.ts";
import { AppError, badRequest, conflict, invalid, notFound } from "../../../platform/errors.ts";
import { attachmentName, createFileInspection } from "./attachments.inspect.ts";
import type { AttachmentsStore } from "./attachments.store.ts";
import type { AttachmentRow } from "../../../db/schema/agent/chats.ts";

/** Bytes of all images of tool results in one project. */
const maxToolImageBytes = 100 * 2 ** 20;

/** Attachments are stored in pieces: large enough for few rows, small enough to re-encrypt a hundred at once. */
const pieceBytes = 256 * 1024;

/** Additional authenticated data: pieces of other attachments, or in another order, cannot be decrypted. */
export const attachmentAad = (row: { attachment_id: string; position: string | number }): string =>
  `chat_attachment_pieces:${row.attachment_id}:${row.position}`;

export interface AttachmentsOptions {
  db: Database;
  store: AttachmentsStore;
  box: CryptoBox;
  projects: { require(userId: string, ref: string): Promise<{ id: string }> };
  limits?: { fileBytes: number; totalBytes: number; toolImageBytes?: number };
  log: Logger;
}

export type Attachments = ReturnType<typeof createAttachments>;
/**
 * Files that people attach to messages: uploaded first, referenced by the message, deleted when no message references them. The images of tool results are
 * stored here too; the record of a chat references them.
 */
export function createAttachments({
  db,
  store,
  box,
  projects,
  limits = { fileBytes: maxAttachmentBytes, totalBytes: maxAttachedBytes },
  log,
}: AttachmentsOptions) {
  const sealed = (id: string, position: number, data: Buffer): Buffer =>
    box.seal(data.toString("base64"), attachmentAad({ attachment_id: id, position }));
  const own = async (userId: string, id: string): Promise<AttachmentRow> => {
    const row = await store.find(id);
    if (!row || row.user_id !== userId) throw notFound("Attachment");
    return row;
  };
  async function* piecesOf(id: string): AsyncGenerator<Buffer> {
    for (let position = 0; ; position++) {
      const encrypted = await store.readPiece(id, position);
      if (!encrypted) return;
      yield Buffer.from(box.open(encrypted, attachmentAad({ attachment_id: id, position })), "base64");
    }
  }
  const listInOrder = async (q: Queries, userId: string, projectId: string | null, ids: readonly string[], isClaimed: boolean) => {
    const requested = [...new Set(ids.map((id) => id.toLowerCase()))];
    const rows = new Map((await store.listOwn(q, userId, projectId, requested, isClaimed)).map((row) => [row.id, row]));
    return requested.map((id): MessageAttachment => {
      const row = rows.get(id);
      if (!row) throw notFound("Attachment");
      return messageAttachment(row);
    });
  };

  return {
    /** Stores the file of a form. Throws `file_too_large` and `attachments_full` while it streams; nothing is stored then. */
    upload: async (userId: string, ref: string | undefined, parts: AsyncIterable<UploadedFile | UploadedField>): Promise<Attachment> => {
      const projectId = ref === undefined ? null : (await projects.require(userId, ref)).id;
      for await (const part of parts) {
        if ("value" in part) continue;
        if (part.field !== "file") throw invalid(["body", "file"], "Field required", "missing");
        const remaining = limits.totalBytes - (await store.sumOf(userId, projectId));
        const id = await store.begin({ user_id: userId, project_id: projectId, name: attachmentName(part.path) });
        if (id === undefined) throw notFound("Project");
        try {
          const inspection = createFileInspection();
          let size = 0;
          let position = 0;
          let waiting: Uint8Array[] = [];
          let waitingBytes = 0;
          const flush = async () => {
            const data = Buffer.concat(waiting);
            waiting = [];
            waitingBytes = 0;
            if (data.length === 0) return;
            await store.addPiece(id, position, sealed(id, position, data), data.length);
            position += 1;
          };
          for await (const chunk of part.data) {
            size += chunk.byteLength;
            if (size > limits.fileBytes)
              throw new AppError(
                "file_too_large",
                `The file is too large. Attachments can have at most ${limits.fileBytes / 2 ** 20} MiB.`,
                {
                  details: { limit: limits.fileBytes },
                },
              );
            if (size > remaining)
              throw conflict(
                "attachments_full",
                projectId === null
                  ? `Attachments without a project can have at most ${limits.totalBytes / 2 ** 20} MiB in total. Create the project or remove some.`
                  : `Attachments of a project can have at most ${limits.totalBytes / 2 ** 20} MiB in total. Clear or delete old chats first.`,
                {
                  limit: limits.totalBytes,
                },
              );
            inspection.push(chunk);
            for (let at = 0; at < chunk.byteLength;) {
              const taken = chunk.subarray(at, at + pieceBytes - waitingBytes);
              waiting.push(taken);
              waitingBytes += taken.byteLength;
              at += taken.byteLength;
              if (waitingBytes === pieceBytes) await flush();
            }
          }
          if (part.isCut()) throw badRequest("The upload was interrupted. Try again.");
          if (size === 0) throw invalid(["body", "file"], "The file is empty", "too_short");
          await flush();
          const row = await store.finish(id, await inspection.result());
          if (!row) throw notFound("Project");
          return present(row);
        } catch (error) {
          await store.remove(id).catch((err: unknown) => log.warn({ err, attachment_id: id }, "failed upload not removed"));
          throw error;
        }
      }
      throw invalid(["body", "file"], "Field required", "missing");
    },
    /**
     * Stores an image of a tool's result and returns its id. It is deleted after a day unless a record refers to it by then (`useToolImages`). When images
     * of tools take too much space in a project, the oldest are deleted until half of it is free: each deletion changes the beginning of requests, so
     * there are few.
     */
    addToolImage: async (
      owner: { user_id: string; project_id: string },
      { data, name, media_type, ...size }: { data: Buffer; name: string; media_type: string; width: number; height: number },
    ): Promise<string> => {
      const id = randomUUID();
      const pieces = Array.from({ length: Math.ceil(data.length / pieceBytes) }, (_, position) =>
        sealed(id, position, data.subarray(position * pieceBytes, (position + 1) * pieceBytes)),
      );
      await store.insertToolImage(
        { id, ...owner, name: attachmentName(name), mime_type: media_type, ...size, size_bytes: data.length },
        pieces,
      );
      await store.trimToolImages(owner.project_id, limits.toolImageBytes ?? maxToolImageBytes);
      return id;
    },
    /** In the transaction that refers to them in a record. */
    useToolImages: store.useToolImages,
    /** With its content. */
    open: async (userId: string, id: string): Promise<{ row: AttachmentRow; pieces: AsyncIterable<Buffer> }> => {
      const row = await own(userId, id.toLowerCase());
      return { row, pieces: piecesOf(row.id) };
    },
    /** Throws 404, and `attachment_used` for one that a message references. */
    remove: async (userId: string, id: string): Promise<void> => {
      const row = await own(userId, id.toLowerCase());
      if (await store.isReferenced(row.id)) throw conflict("attachment_used", "A message uses this attachment. Delete the chat first.");
      await store.remove(row.id);
    },
    /** Finds a user's attachments of a project (null: uploaded without one), in the order of `ids`. Throws 404 when one is missing. */
    require: (userId: string, projectId: string | null, ids: readonly string[]): Promise<MessageAttachment[]> =>
      listInOrder(db, userId, projectId, ids, false),
    /** The same in the transaction of the message that references them, so that none is deleted before it commits. */
    claim: (tx: Queries, userId: string, projectId: string, ids: readonly string[]): Promise<MessageAttachment[]> =>
      listInOrder(tx, userId, projectId, ids, true),
    /** Assigns uploads for the first message to the new project, in the transaction that creates it. Throws 404 when one is missing. */
    assign: async (tx: Queries, userId: string, projectId: string, ids: readonly string[]): Promise<void> => {
      const requested = new Set(ids.map((id) => id.toLowerCase()));
      if ((await store.assign(tx, userId, projectId, [...requested])).length < requested.size) throw notFound("Attachment");
    },
    /** Without an owner check, for runs. Undefined when it was deleted. */
    read: async (id: string): Promise<Buffer | undefined> => {
      const pieces: Buffer[] = [];
      for await (const piece of piecesOf(id)) pieces.push(piece);
      return pieces.length === 0 ? undefined : Buffer.concat(pieces);
    },
    /** The same for several. Deleted ones are missing. */
    readAll: async (ids: readonly string[]): Promise<Map<string, Buffer>> => {
      const pieces = Map.groupBy(await store.listPieces(ids), ({ attachment_id }) => attachment_id);
      return new Map(
        [...pieces].map(([id, rows]) => [
          id,
          Buffer.concat(rows.map((row) => Buffer.from(box.open(row.encrypted_data, attachmentAad(row)), "base64"))),
        ]),
      );
    },
    listOfChat: store.listOfChat,
    listOfUser: store.listOfUser,
    /** Deletes unreferenced attachments after messages were deleted. Never throws; an hourly job deletes the rest. */
    prune: async (projectId: string): Promise<void> => {
      await store.prune(projectId).catch((err: unknown) => log.warn({ err, project_id: projectId }, "attachments not pruned"));
    },
    jobHandlers: {
      prune_attachments: async () => {
        const removed = await store.prune();
        if (removed > 0) log.info({ removed }, "attachments pruned");
      },
    },
  };
}

const messageAttachment = ({ id, name, mime_type, kind, size_bytes, width, height }: AttachmentRow): MessageAttachment => ({
  id,
  name,
  mime_type,
  kind,
  size_bytes,
  width,
  height,
});
const present = (row: AttachmentRow): Attachment => ({ ...messageAttachment(row), project_id: row.project_id, created_at: row.created_at });
