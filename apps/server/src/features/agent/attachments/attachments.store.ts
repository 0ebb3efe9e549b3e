import { and, asc, eq, inArray, isNull, sql } from "drizzle-orm";
import type { MessageAttachment } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { attachmentPieces, attachments, type AttachmentRow } from "../../../db/schema/agent/chats.ts";

export type AttachmentsStore = ReturnType<typeof createAttachmentsStore>;
export function createAttachmentsStore(db: Database) {
  /** Ids that messages, records and waiting batches reference, including queued messages and what a redo would bring back. */
  const referenced = sql`
    select entry->>'id' from messages m, jsonb_array_elements(m.message_metadata->'attachments') entry
      where m.message_metadata ? 'attachments'
    union all
    select queued.id from queued_messages q, jsonb_array_elements_text(
        case jsonb_typeof(q.options->'attachments') when 'array' then q.options->'attachments' else '[]' end) queued(id)
    union all
    select entry->>'id' from chat_rewinds r, jsonb_array_elements(r.messages) m, jsonb_array_elements(m->'message_metadata'->'attachments') entry
      where jsonb_typeof(m->'message_metadata'->'attachments') = 'array'
    union all
    select said.id::text from conversation_messages c, unnest(c.image_ids) said(id) where c.image_ids is not null
    union all
    select said.id from chat_rewinds r, jsonb_array_elements(r.conversation) c, jsonb_array_elements_text(c->'image_ids') said(id)
      where jsonb_typeof(c->'image_ids') = 'array'
    union all
    select image->>'reference' from approvals a, jsonb_path_query(a.pending, '$.**.images[*]') image
      where a.pending is not null and (a.answered_at is null or a.response = 'expired') and a.created_at > now() - interval '7 days'`;
  const ofProject = (projectId: string | null) =>
    projectId === null ? isNull(attachments.project_id) : eq(attachments.project_id, projectId);
  const ownComplete = (userId: string, projectId: string | null, ids: readonly string[]) =>
    and(
      inArray(attachments.id, ids as string[]),
      eq(attachments.user_id, userId),
      ofProject(projectId),
      sql`${attachments.completed_at} is not null`,
    );
  return {
    /** Bytes of what a person attached in a project, including uploads in progress. */
    sumOf: async (userId: string, projectId: string | null): Promise<number> => {
      const [row] = await db
        .select({ bytes: sql<string>`coalesce(sum(${attachments.size_bytes}), 0)` })
        .from(attachments)
        .where(and(eq(attachments.user_id, userId), ofProject(projectId), eq(attachments.is_tool_image, false)));
      return Number(row?.bytes ?? 0);
    },
    insertToolImage: async (
      values: Pick<AttachmentRow, "id" | "user_id" | "project_id" | "name" | "mime_type" | "width" | "height" | "size_bytes">,
      pieces: readonly Buffer[],
    ): Promise<void> => {
      await db.transaction(async (tx) => {
        await tx.insert(attachments).values({ ...values, kind: "image", is_tool_image: true, completed_at: sql`now()` });
        await tx
          .insert(attachmentPieces)
          .values(pieces.map((encrypted_data, position) => ({ attachment_id: values.id, position, encrypted_data })));
      });
    },
    /** When the images of tools in a project have more bytes than `most`, deletes the oldest until half of that is left. */
    trimToolImages: async (projectId: string, most: number): Promise<void> => {
      await db.execute(sql`
        delete from chat_attachments where id in (
          select id from (
            select id, sum(size_bytes) over () as total, sum(size_bytes) over (order by created_at desc, id) as newer
            from chat_attachments where project_id = ${projectId} and is_tool_image) sized
          where total > ${most} and newer > ${most} / 2)`);
    },
    /** From now on they are deleted as soon as no record refers to them. */
    useToolImages: async (tx: Queries, ids: readonly string[]): Promise<void> => {
      if (ids.length === 0) return;
      await tx
        .update(attachments)
        .set({ used_at: sql`clock_timestamp()` })
        .where(and(inArray(attachments.id, ids as string[]), eq(attachments.is_tool_image, true)));
    },
    /** Undefined when the project was deleted. */
    begin: async (values: Pick<AttachmentRow, "user_id" | "project_id" | "name">): Promise<string | undefined> =>
      (
        await db.execute<{ id: string }>(sql`
          insert into chat_attachments (user_id, project_id, name, mime_type, kind)
          select ${values.user_id}, ${values.project_id}::uuid, ${values.name}, 'application/octet-stream', 'file'
          where ${values.project_id}::uuid is null or exists (select 1 from projects where id = ${values.project_id}) returning id`)
      ).rows[0]?.id,
    addPiece: async (id: string, position: number, encrypted_data: Buffer, bytes: number): Promise<void> => {
      await db.transaction(async (tx) => {
        await tx.insert(attachmentPieces).values({ attachment_id: id, position, encrypted_data });
        await tx
          .update(attachments)
          .set({ size_bytes: sql`${attachments.size_bytes} + ${bytes}` })
          .where(eq(attachments.id, id));
      });
    },
    finish: async (id: string, facts: Pick<AttachmentRow, "mime_type" | "kind" | "width" | "height">): Promise<AttachmentRow | undefined> =>
      (
        await db
          .update(attachments)
          .set({ ...facts, completed_at: sql`now()` })
          .where(eq(attachments.id, id))
          .returning()
      )[0],
    find: async (id: string): Promise<AttachmentRow | undefined> =>
      (
        await db
          .select()
          .from(attachments)
          .where(and(eq(attachments.id, id), sql`${attachments.completed_at} is not null`))
      )[0],
    /** The person's complete attachments of the project among `ids`. `isClaimed` locks them until the transaction ends. */
    listOwn: async (
      q: Queries,
      userId: string,
      projectId: string | null,
      ids: readonly string[],
      isClaimed: boolean,
    ): Promise<AttachmentRow[]> => {
      if (ids.length === 0) return [];
      const which = ownComplete(userId, projectId, ids);
      return isClaimed
        ? q
            .update(attachments)
            .set({ used_at: sql`clock_timestamp()` })
            .where(which)
            .returning()
        : q.select().from(attachments).where(which);
    },
    /** Moves attachments without a project to one. Returns the ids that it found. */
    assign: async (tx: Queries, userId: string, projectId: string, ids: readonly string[]): Promise<string[]> =>
      ids.length === 0
        ? []
        : (
            await tx
              .update(attachments)
              .set({ project_id: projectId })
              .where(ownComplete(userId, null, ids))
              .returning({ id: attachments.id })
          ).map(({ id }) => id),
    /** Attachments that the messages of a chat reference. */
    listOfChat: async (chatId: string): Promise<MessageAttachment[]> =>
      (
        await db.execute<{ entry: MessageAttachment }>(sql`
          select entry from messages m, jsonb_array_elements(m.message_metadata->'attachments') entry
          where m.chat_id = ${chatId} and m.message_metadata ? 'attachments' order by m.position`)
      ).rows.map(({ entry }) => entry),
    listOfUser: (userId: string): Promise<{ id: string; name: string }[]> =>
      db.select({ id: attachments.id, name: attachments.name }).from(attachments).where(eq(attachments.user_id, userId)),
    readPiece: async (id: string, position: number): Promise<Buffer | undefined> =>
      (
        await db
          .select({ encrypted: attachmentPieces.encrypted_data })
          .from(attachmentPieces)
          .where(and(eq(attachmentPieces.attachment_id, id), eq(attachmentPieces.position, position)))
          .orderBy(asc(attachmentPieces.position))
      )[0]?.encrypted,
    /** Of several attachments, each in order. */
    listPieces: (ids: readonly string[]): Promise<(typeof attachmentPieces.$inferSelect)[]> =>
      ids.length === 0
        ? Promise.resolve([])
        : db
            .select()
            .from(attachmentPieces)
            .where(inArray(attachmentPieces.attachment_id, ids as string[]))
            .orderBy(asc(attachmentPieces.position)),
    remove: async (id: string): Promise<void> => {
      await db.delete(attachments).where(eq(attachments.id, id));
    },
    isReferenced: async (id: string): Promise<boolean> =>
      (await db.execute<{ one: number }>(sql`select 1 as one where ${id} in (${referenced})`)).rows.length > 0,
    /**
     * Deletes unreferenced attachments: at once if a message referenced them before, else after a day, incomplete uploads after an hour. One that is
     * claimed at the same time is kept, because its `used_at` has changed. Returns the number deleted.
     */
    prune: async (projectId?: string): Promise<number> => {
      const found = await db.execute<{ id: string; used_at: string | null }>(sql`
        select id, used_at::text as used_at from chat_attachments a
        where ${projectId === undefined ? sql`true` : sql`a.project_id = ${projectId}`}
          and (a.used_at is not null or a.created_at < now() - case when a.completed_at is null then interval '1 hour' else interval '1 day' end)
          and a.id::text not in (select coalesce(referenced.id, '') from (${referenced}) referenced(id))`);
      let removed = 0;
      for (const { id, used_at } of found.rows) {
        const deleted = await db.execute<{ id: string }>(
          sql`delete from chat_attachments where id = ${id} and used_at::text is not distinct from ${used_at} returning id`,
        );
        removed += deleted.rows.length;
      }
      return removed;
    },
  };
}
