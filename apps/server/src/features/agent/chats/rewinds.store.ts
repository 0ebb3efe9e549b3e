import { and, asc, desc, eq, gte, inArray, lt, or } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import {
  agentSteps,
  chatRewinds,
  chats,
  conversationMessages,
  messages,
  runTranscripts,
  type MessageRow,
  type RewindRow,
} from "../../../db/schema/agent/chats.ts";
import { branches } from "../../../db/schema/source.ts";

export type RewindsStore = ReturnType<typeof createRewindsStore>;
/** Messages that a rewind removed from a chat. */
export function createRewindsStore(db: Database) {
  return {
    /** The user message that this one answers, or the message itself. */
    findQuestion: async (message: MessageRow): Promise<MessageRow | undefined> =>
      message.role === "user"
        ? message
        : (
            await db
              .select()
              .from(messages)
              .where(and(eq(messages.chat_id, message.chat_id), eq(messages.role, "user"), lt(messages.position, message.position)))
              .orderBy(desc(messages.position))
              .limit(1)
          )[0],
    findLast: async (chatId: string): Promise<RewindRow | undefined> =>
      (await db.select().from(chatRewinds).where(eq(chatRewinds.chat_id, chatId)).orderBy(desc(chatRewinds.created_at)).limit(1))[0],
    /** Of each chat that can work in a project or branch, the first message that was sent at this moment or later. */
    findFirstQuestionsSince: async (projectId: string, since: string): Promise<MessageRow[]> =>
      (
        await db
          .selectDistinctOn([messages.chat_id], { message: messages })
          .from(messages)
          .innerJoin(chats, eq(chats.id, messages.chat_id))
          .leftJoin(branches, eq(branches.chat_id, chats.id))
          .where(
            and(
              or(eq(chats.project_id, projectId), eq(branches.id, projectId)),
              eq(messages.role, "user"),
              gte(messages.created_at, since),
            ),
          )
          .orderBy(messages.chat_id, asc(messages.position))
      ).map((row) => row.message),
    /** The chats from which a restore removed messages, by the point that redoes it. */
    findChatsOf: async (pointId: string): Promise<string[]> =>
      (await db.selectDistinct({ chat_id: chatRewinds.chat_id }).from(chatRewinds).where(eq(chatRewinds.checkpoint_id, pointId))).map(
        (row) => row.chat_id,
      ),
    findOf: async (tx: Queries, chatId: string, pointId: string): Promise<RewindRow | undefined> =>
      (
        await tx
          .select()
          .from(chatRewinds)
          .where(and(eq(chatRewinds.chat_id, chatId), eq(chatRewinds.checkpoint_id, pointId)))
      )[0],
    /** Removes this message and all later ones from the chat. */
    removeMessages: async (tx: Queries, question: MessageRow, checkpointId: string): Promise<void> => {
      const rows = await tx
        .select()
        .from(messages)
        .where(and(eq(messages.chat_id, question.chat_id), gte(messages.position, question.position)))
        .orderBy(asc(messages.position));
      const ids = rows.map((row) => row.id);
      const steps = await tx.select().from(agentSteps).where(inArray(agentSteps.message_id, ids));
      const transcripts = await tx.select().from(runTranscripts).where(inArray(runTranscripts.message_id, ids));
      const conversation = await tx.select().from(conversationMessages).where(inArray(conversationMessages.message_id, ids));
      await tx
        .insert(chatRewinds)
        .values({ chat_id: question.chat_id, checkpoint_id: checkpointId, messages: rows, steps, transcripts, conversation });
      await tx.delete(messages).where(inArray(messages.id, ids));
    },
    restoreMessages: async (tx: Queries, rewind: RewindRow): Promise<void> => {
      if (rewind.messages.length > 0) await tx.insert(messages).values(rewind.messages);
      if (rewind.steps.length > 0) await tx.insert(agentSteps).values(rewind.steps);
      if (rewind.transcripts.length > 0) await tx.insert(runTranscripts).values(rewind.transcripts);
      if (rewind.conversation.length > 0) await tx.insert(conversationMessages).values(rewind.conversation);
      await tx.delete(chatRewinds).where(eq(chatRewinds.id, rewind.id));
    },
  };
}
