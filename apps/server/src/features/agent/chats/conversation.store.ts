import { and, asc, desc, eq, gt, sql } from "drizzle-orm";
import { imagesOf, type Message } from "@tesslate/agent";
import type { Database, Queries } from "../../../platform/database.ts";
import { conversationMessages, messages } from "../../../db/schema/agent/chats.ts";

/** A message of the record before it has its position. Storing the same `id` again does nothing, so a commit may be repeated. */
export interface NewConversationMessage {
  id: string;
  chat_id: string;
  message_id: string;
  task_id: string | null;
  data: Message;
}

/** The attachments whose images a message refers to in results of tools. */
export const resultImages = (message: Message): string[] =>
  message.role === "tool" ? imagesOf(message).flatMap(({ reference }) => reference ?? []) : [];

const isMark = sql`${conversationMessages.data}->>'role' = 'compaction'`;

export type ConversationStore = ReturnType<typeof createConversationStore>;
/** The records of chats: what was said to the model and by it. */
export function createConversationStore(db: Database) {
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    /** Serializes the first build of a record, until the transaction ends. */
    lock: async (tx: Queries, chatId: string): Promise<void> => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`conversation:${chatId}`}, 0))`);
    },
    append: async (tx: Queries, rows: readonly NewConversationMessage[]): Promise<void> => {
      const chatId = rows[0]?.chat_id;
      if (chatId === undefined) return;
      const [last] = await tx
        .select({ position: sql<number>`coalesce(max(${conversationMessages.position}), -1)` })
        .from(conversationMessages)
        .where(eq(conversationMessages.chat_id, chatId));
      const next = Number(last?.position ?? -1) + 1;
      await tx
        .insert(conversationMessages)
        .values(
          rows.map((row, index) => {
            const source = row.data.role === "assistant" ? row.data.source : undefined;
            const images = resultImages(row.data);
            return {
              ...row,
              position: next + index,
              provider: source?.provider ?? null,
              model: source?.model ?? null,
              image_ids: images.length > 0 ? images : null,
            };
          }),
        )
        .onConflictDoNothing({ target: conversationMessages.id });
    },
    /** What the next request is made of, oldest first: the last compaction with the messages that it keeps, and those after it. */
    listLive: async (chatId: string): Promise<Message[]> => {
      const ofChat = eq(conversationMessages.chat_id, chatId);
      const [mark] = await db
        .select()
        .from(conversationMessages)
        .where(and(ofChat, isMark))
        .orderBy(desc(conversationMessages.position))
        .limit(1);
      const after = await db
        .select({ data: conversationMessages.data })
        .from(conversationMessages)
        .where(and(ofChat, mark && gt(conversationMessages.position, mark.position)))
        .orderBy(asc(conversationMessages.position));
      const rest = after.map(({ data }) => data);
      if (mark?.data.role !== "compaction") return rest;
      if (mark.data.kept === 0) return [mark.data, ...rest];
      const kept = await db
        .select({ data: conversationMessages.data })
        .from(conversationMessages)
        .where(and(ofChat, sql`${conversationMessages.position} < ${mark.position}`, sql`not (${isMark})`))
        .orderBy(desc(conversationMessages.position))
        .limit(mark.data.kept);
      return [...kept.toReversed().map(({ data }) => data), mark.data, ...rest];
    },
    /** The position in the chat of the newest message that is in the record; -1: none. */
    lastRecordedPosition: async (chatId: string, q: Queries = db): Promise<number> => {
      const [last] = await q
        .select({ position: sql<number>`coalesce(max(${messages.position}), -1)` })
        .from(conversationMessages)
        .innerJoin(messages, eq(messages.id, conversationMessages.message_id))
        .where(eq(conversationMessages.chat_id, chatId));
      return Number(last?.position ?? -1);
    },
    hasMessage: async (messageId: string): Promise<boolean> =>
      (
        await db
          .select({ id: conversationMessages.id })
          .from(conversationMessages)
          .where(eq(conversationMessages.message_id, messageId))
          .limit(1)
      ).length > 0,
    /** The record of copied messages. */
    copy: async (tx: Queries, from: string, to: string): Promise<void> => {
      await tx.execute(sql`
        insert into conversation_messages (chat_id, message_id, position, provider, model, data, image_ids, created_at)
        select ${to}, copy.id, said.position, said.provider, said.model, said.data, said.image_ids, said.created_at
        from conversation_messages said
        join messages original on original.id = said.message_id
        join messages copy on copy.chat_id = ${to} and copy.position = original.position
        where said.chat_id = ${from}`);
    },
  };
}
