import { nameChat } from "@tesslate/agent";
import { AppError } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import { enqueueJob } from "../../../platform/jobs.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Agents } from "../agents/index.ts";
import type { Credits } from "../../billing/credits/index.ts";
import { chargeOf, discreet, type Models } from "../models/index.ts";
import type { LiveRedactor } from "../../projects/secrets/index.ts";
import { extrasOf, wordsOf } from "./message-content.ts";
import type { ChatStore } from "./chats.store.ts";
import type { ChatRow, MessageRow } from "../../../db/schema/agent.ts";
import { titleFrom, titleOf } from "./title.ts";

const namingMs = 30_000;
const job = "name_chat";
const goodEnds: ReadonlySet<unknown> = new Set(["no_more_actions", "task_complete_signal"]);

/**
 * After a session's first answer its model gives the session a name (agent-git-deploy 4.19), in the place of the first words of the first message.
 * One short call, charged as usage; whatever goes wrong, the first words stay. A name that a person gave is never replaced.
 */
export function createChatNaming({
  store,
  agents,
  models,
  credits,
  events,
  redactor,
  isOn,
  log,
}: {
  store: ChatStore;
  agents: Agents;
  models: Models;
  credits: Pick<Credits, "require" | "record">;
  events: EventLog;
  redactor(projectId: string): Promise<LiveRedactor>;
  isOn: boolean;
  log: Logger;
}) {
  /** A session of one answer that still bears its first words. */
  const nameless = async (chatId: string): Promise<{ chat: ChatRow; question: MessageRow; answer: MessageRow } | undefined> => {
    const chat = await store.findChat(chatId);
    if (!chat?.project_id || chat.message_count !== 2) return undefined;
    const { rows } = await store.listMessages(chatId, { limit: 2, offset: 0, order: "asc" });
    const [question, answer] = rows;
    if (question?.role !== "user" || answer?.role !== "assistant") return undefined;
    if (chat.title !== titleFrom(wordsOf(question.content, extrasOf(question).attachments ?? []))) return undefined;
    return goodEnds.has(answer.message_metadata?.["completion_reason"]) ? { chat, question, answer } : undefined;
  };

  const name = async (chatId: string): Promise<void> => {
    const found = await nameless(chatId);
    if (!found) return;
    const { chat, question, answer } = found;
    const projectId = chat.project_id ?? "";
    const metadata = answer.message_metadata ?? {};
    const agent = await agents.resolve(chat.user_id, String(metadata["agent_id"]));
    const model = await models.resolve(chat.user_id, { model: String(metadata["model"]), agent });
    // The demo's script has other things to say.
    if (!model.target) return;
    await credits.require(chat.user_id, model);
    const said = await nameChat({
      client: discreet(model.client, await redactor(projectId)),
      question: wordsOf(question.content, extrasOf(question).attachments ?? []),
      answer: answer.content,
      signal: AbortSignal.timeout(namingMs),
      onUsage: async (usage) => {
        await credits.record({
          request_id: `title:${chat.id}`,
          user_id: chat.user_id,
          agent_id: agent.id,
          creator_id: model.creator_id,
          project_id: projectId,
          chat_id: chat.id,
          task_id: null,
          purpose: "title",
          ...chargeOf(model, usage),
        });
      },
    });
    const title = titleOf(said);
    if (title === undefined) return;
    await events.appendWith(projectId, async (tx) =>
      (await store.retitle(tx, chat.id, { from: chat.title, to: title }))
        ? [{ type: "chat_title", data: { chat_id: chat.id, title } }]
        : [],
    );
  };

  return {
    /** A run of this session has ended. Never throws, and waits for no model. */
    afterRun: async (chatId: string): Promise<void> => {
      try {
        if (isOn && (await nameless(chatId)))
          await store.transaction((tx) => enqueueJob(tx, job, { chat_id: chatId }, { key: `${job}:${chatId}`, maxAttempts: 1 }));
      } catch (err) {
        log.warn({ err, chat_id: chatId }, "session not to be named");
      }
    },
    jobHandlers: {
      [job]: async (payload: unknown): Promise<void> => {
        const { chat_id } = payload as { chat_id: string };
        await name(chat_id).catch((err: unknown) => {
          if (!(err instanceof AppError)) log.warn({ err, chat_id }, "session not named");
        });
      },
    },
  };
}
