import { randomUUID } from "node:crypto";
import {
  mapImages,
  recordOfHistory,
  recordOfQuestion,
  recordOfSteps,
  type AgentStep,
  type HistoryMessage,
  type HistoryStep,
  type Message,
  type SteeredText,
} from "@tesslate/agent";
import type { Queries } from "../../../platform/database.ts";
import type { MessageRow } from "../../../db/schema/agent/chats.ts";
import { endOfChat, type ChatStore } from "./chats.store.ts";
import { resultImages, type ConversationStore, type NewConversationMessage } from "./conversation.store.ts";
import { promptText, type AttachmentReader } from "./message-content.ts";

/** Messages of a chat without a record that its first record is built from. */
const maxMessages = 20;

/** Steering messages that the person sent during the run of this answer. */
const steeredTexts = (message: MessageRow | undefined): SteeredText[] => (message?.message_metadata?.["steered"] ?? []) as SteeredText[];

/** Where a message of the record belongs. */
interface ConversationPlace {
  chat_id: string;
  task_id: string | null;
  /** The person's message. */
  user_message_id: string;
  /** The answer. */
  message_id: string;
}

export type Conversations = ReturnType<typeof createConversations>;
/**
 * The records of chats: what was said to the model and by it, from which requests are made. A record is only extended. Chats from before records, and
 * messages whose run failed before it began, get theirs from messages and steps when it is needed first.
 */
export function createConversations({
  store,
  chats,
  attachments,
}: {
  store: ConversationStore;
  chats: ChatStore;
  attachments: AttachmentReader;
}) {
  const rowsOf = (place: { chat_id: string; message_id: string; task_id?: string }, all: readonly Message[]): NewConversationMessage[] =>
    all.map((data) => ({ id: randomUUID(), task_id: null, ...place, data }));

  /** The record of messages before this position that have none. `recorded`: the position of the newest message that has one. */
  const build = async (chatId: string, position: number): Promise<{ recorded: number; rows: NewConversationMessage[] }> => {
    const recorded = await store.lastRecordedPosition(chatId);
    const rows = (await chats.listMessagesBefore(chatId, position, maxMessages)).toReversed().filter((row) => row.position > recorded);
    if (rows.length === 0) return { recorded, rows: [] };
    const summary = recorded === -1 ? (await chats.findChat(chatId))?.summary : undefined;
    const until = summary ? await chats.findMessage(summary.until_message_id) : undefined;
    const isValid = until !== undefined && until.chat_id === chatId && until.position < position;
    const listed = rows.filter((row) => !isValid || row.position > until.position);
    const steps = await chats.listSteps(listed.filter((row) => row.role === "assistant").map((row) => row.id));
    const attached = await attachments.forHistory(listed);
    const record = recordOfHistory(
      listed.map((row): HistoryMessage => ({
        role: row.role,
        content: row.role === "user" ? promptText(row) : row.content,
        ...attached.get(row.id),
        steps: steps.filter((step) => step.message_id === row.id).map((step) => step.step_data as unknown as HistoryStep),
        steered: steeredTexts(row),
      })),
    );
    const built = listed.flatMap((row, index) => rowsOf({ chat_id: chatId, message_id: row.id }, record[index] ?? []));
    if (!isValid || !summary) return { recorded, rows: built };
    const mark: Message = {
      role: "compaction",
      summary: `[SUMMARY of earlier turns]\n${summary.text.trim()}\n[/SUMMARY]`,
      kept: 0,
      replaced: until.position + 1,
      tokens_before: 0,
      tokens_after: 0,
    };
    return { recorded, rows: [...rowsOf({ chat_id: chatId, message_id: until.id }, [mark]), ...built] };
  };

  const ensure = async (chatId: string, position: number): Promise<void> => {
    const { recorded, rows } = await build(chatId, position);
    if (rows.length === 0) return;
    await store.transaction(async (tx) => {
      await store.lock(tx, chatId);
      // Unless another process has built it.
      if ((await store.lastRecordedPosition(chatId, tx)) === recorded) await store.append(tx, rows);
    });
  };

  return {
    /** The record of a chat without an active run, up to and including a message, without the data of images. */
    upTo: async ({ chat_id, position }: MessageRow): Promise<Message[]> => {
      await ensure(chat_id, position + 1);
      return store.listLive(chat_id);
    },
    /** The record as it would be if a message were sent now. Stores nothing. */
    preview: async (chatId: string): Promise<Message[]> => {
      const [live, { rows }] = await Promise.all([store.listLive(chatId), build(chatId, endOfChat)]);
      return [...live, ...rows.map(({ data }) => data)];
    },
    /** The record for the run that answers this message, with images. Those whose attachment was deleted have no data. */
    forRun: async ({ chat_id, position }: MessageRow): Promise<Message[]> => {
      await ensure(chat_id, position);
      return attachments.withData(await store.listLive(chat_id));
    },
    /** Whether the person's message is in the record. It is from the moment at which its run has begun. */
    isRecorded: (messageId: string): Promise<boolean> => store.hasMessage(messageId),
    /** Builds the record of a run that was interrupted before there were records. */
    adopt: async (question: MessageRow, answerId: string, steps: readonly AgentStep[]): Promise<void> => {
      const attached = (await attachments.forHistory([question])).get(question.id);
      const { chat_id } = question;
      const steered = steeredTexts(await chats.findMessage(answerId));
      await ensure(chat_id, question.position);
      await store.transaction((tx) =>
        store.append(tx, [
          ...rowsOf({ chat_id, message_id: question.id }, [recordOfQuestion({ content: promptText(question), ...attached })]),
          ...rowsOf({ chat_id, message_id: answerId }, recordOfSteps(steps, steered)),
        ]),
      );
    },
    /** Prepares messages of a run for `append`: ids are given once, so that a repeated commit stores them once. */
    entries: (place: ConversationPlace, all: readonly Message[], ids: readonly string[] = []): NewConversationMessage[] =>
      all.map((data, index) => ({
        id: ids[index] ?? randomUUID(),
        chat_id: place.chat_id,
        task_id: place.task_id,
        message_id: data.role === "user" && data.kind === undefined ? place.user_message_id : place.message_id,
        data: withoutStoredImages(data),
      })),
    append: async (tx: Queries, entries: readonly NewConversationMessage[]): Promise<void> => {
      await store.append(tx, entries);
      await attachments.useToolImages(
        tx,
        entries.flatMap(({ data }) => resultImages(data)),
      );
    },
    /** Prepares a compaction that a person asked for, for `append`. */
    markEntries: (chatId: string, messageId: string, mark: Message): NewConversationMessage[] =>
      rowsOf({ chat_id: chatId, message_id: messageId }, [mark]),
    transaction: store.transaction,
  };
}

/** The data of images that are attachments stays there. */
const withoutStoredImages = (message: Message): Message =>
  mapImages(message, (image) => {
    if (image.reference === undefined) return image;
    const { data: _, ...rest } = image;
    return rest;
  });
