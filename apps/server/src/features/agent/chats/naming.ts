import { AppError } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import { enqueueJob } from "../../../platform/jobs.ts";
import type { Logger } from "../../../platform/logger.ts";
import { shortTitle } from "../../../platform/short-title.ts";
import { messageReferences, messageText } from "./message-content.ts";
import type { ChatStore } from "./chats.store.ts";
import type { ModelTexts } from "./model-texts.ts";
import type { ChatRow, MessageRow } from "../../../db/schema/agent/chats.ts";

const job = "name_chat";
/** Failed runs do not name their chat. */
const successReasons: ReadonlySet<unknown> = new Set(["no_more_actions", "task_complete_signal"]);

/**
 * Names a chat with its model after the first answer, replacing the title taken from the first message. One short call, charged as usage; on any
 * failure the first title stays. A title that a person gave is never replaced.
 */
export function createChatNaming({
  store,
  generateTitle,
  events,
  isOn,
  log,
}: {
  store: ChatStore;
  generateTitle: ModelTexts["title"];
  events: EventLog;
  isOn: boolean;
  log: Logger;
}) {
  /** A chat with one answer that still has its first title. */
  const findUnnamed = async (chatId: string): Promise<{ chat: ChatRow; question: MessageRow; answer: MessageRow } | undefined> => {
    const chat = await store.findChat(chatId);
    if (!chat?.project_id || chat.message_count !== 2) return undefined;
    const { rows } = await store.listMessages(chatId, { limit: 2, offset: 0, order: "asc" });
    const [question, answer] = rows;
    if (question?.role !== "user" || answer?.role !== "assistant") return undefined;
    if (chat.title !== titleFromMessage(messageText(question.content, messageReferences(question).attachments ?? []))) return undefined;
    return successReasons.has(answer.message_metadata?.["completion_reason"]) ? { chat, question, answer } : undefined;
  };

  const name = async (chatId: string): Promise<void> => {
    const found = await findUnnamed(chatId);
    if (!found) return;
    const { chat, question, answer } = found;
    const projectId = chat.project_id ?? "";
    const answerText = await generateTitle(chat, question, answer);
    if (answerText === undefined) return;
    const title = titleFromModel(answerText);
    if (title === undefined) return;
    await events.appendWith(projectId, async (tx) =>
      (await store.retitle(tx, chat.id, { from: chat.title, to: title }))
        ? [{ type: "chat_title", data: { chat_id: chat.id, title } }]
        : [],
    );
  };

  return {
    /** Enqueues the naming after the first run. Never throws. */
    afterRun: async (chatId: string): Promise<void> => {
      try {
        if (isOn && (await findUnnamed(chatId)))
          await store.transaction((tx) => enqueueJob(tx, job, { chat_id: chatId }, { key: `${job}:${chatId}`, maxAttempts: 1 }));
      } catch (err) {
        log.warn({ err, chat_id: chatId }, "chat naming not enqueued");
      }
    },
    jobHandlers: {
      [job]: async (payload: unknown): Promise<void> => {
        const { chat_id } = payload as { chat_id: string };
        await name(chat_id).catch((err: unknown) => {
          if (!(err instanceof AppError)) log.warn({ err, chat_id }, "chat not named");
        });
      },
    },
  };
}

const maxTitle = 61;

const unmarked = (text: string): string => text.replace(/^[\s"'“„«*_`#]+|[\s"'”“»*_`.]+$/g, "");

/** The title in a model's answer: its first line without quotes and Markdown. Undefined when there is none. */
export function titleFromModel(answer: string): string | undefined {
  const line =
    answer
      .split("\n")
      .map((text) => text.trim())
      .find((text) => text !== "") ?? "";
  const bare = unmarked(unmarked(line).replace(/^(?:title|name)\s*:\s*/i, ""));
  return /\p{L}|\p{N}/u.test(bare) ? titleFromMessage(bare) : undefined;
}

/** A title from a message: its first line, truncated at a word. */
export const titleFromMessage = (message: string): string => shortTitle(message, maxTitle) || "New chat";
