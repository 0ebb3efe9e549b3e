import { nameChat } from "@tesslate/agent";
import type { ChatRow, MessageRow } from "../../../db/schema/agent.ts";
import type { Credits } from "../../billing/credits/index.ts";
import type { LiveRedactor } from "../../projects/secrets/index.ts";
import type { Agents } from "../agents/index.ts";
import { chargeOf, redactedClient, type Models } from "../models/index.ts";
import { messageReferences, messageText } from "./message-content.ts";

const timeoutMs = 30_000;

export type GenerateTitle = ReturnType<typeof createGenerateTitle>;
/** Asks the model of a run for a title of its chat, with one short call that is charged as usage. Undefined for the demo model. */
export const createGenerateTitle =
  ({
    agents,
    models,
    credits,
    redactor,
  }: {
    agents: Pick<Agents, "resolve">;
    models: Pick<Models, "resolve">;
    credits: Pick<Credits, "require" | "record">;
    redactor(projectId: string): Promise<LiveRedactor>;
  }) =>
  async (chat: ChatRow, question: MessageRow, answer: MessageRow): Promise<string | undefined> => {
    const projectId = chat.project_id ?? "";
    const metadata = answer.message_metadata ?? {};
    const agent = await agents.resolve(chat.user_id, String(metadata["agent_id"]));
    const model = await models.resolve(chat.user_id, { model: String(metadata["model"]), agent });
    // The demo model cannot name chats.
    if (!model.target) return undefined;
    await credits.require(chat.user_id, model);
    return nameChat({
      client: redactedClient(model.client, await redactor(projectId)),
      question: messageText(question.content, messageReferences(question).attachments ?? []),
      answer: answer.content,
      signal: AbortSignal.timeout(timeoutMs),
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
  };
