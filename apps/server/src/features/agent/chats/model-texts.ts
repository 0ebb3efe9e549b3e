import { commitMessageIn, nameChat, writeCommitMessage, type ShortCall } from "@tesslate/agent";
import type { ChatRow, MessageRow } from "../../../db/schema/agent/chats.ts";
import type { UsagePurpose } from "../../../db/schema/billing.ts";
import type { Credits } from "../../billing/credits/index.ts";
import type { LiveRedactor } from "../../projects/secrets/index.ts";
import type { Agents } from "../agents/index.ts";
import { chargeOf, redactedClient, type Models } from "../models/index.ts";
import { messageReferences, messageText } from "./message-content.ts";

const timeoutMs = 30_000;

/** What a short text is about, and who pays for it. */
interface Subject {
  /** Charged once per id. */
  requestId: string;
  purpose: UsagePurpose;
  userId: string;
  projectId: string;
  chatId: string | null;
  /** Null: the person's default. */
  agentId: string | null;
  /** Absent: the agent's model. */
  modelId?: string;
}

export type ModelTexts = ReturnType<typeof createModelTexts>;
/** Short texts of a model beside runs: titles of chats and messages of commits. Each is one call that is charged as usage. */
export function createModelTexts({
  agents,
  models,
  credits,
  redactor,
}: {
  agents: Pick<Agents, "resolve">;
  models: Pick<Models, "resolve">;
  credits: Pick<Credits, "require" | "record">;
  redactor(projectId: string): Promise<LiveRedactor>;
}) {
  /** Undefined for the demo model, which answers from a script. */
  const ask = async (subject: Subject, call: (options: ShortCall) => Promise<string>): Promise<string | undefined> => {
    const { userId, projectId } = subject;
    const agent = await agents.resolve(userId, subject.agentId);
    const model = await models.resolve(userId, { ...(subject.modelId !== undefined && { model: subject.modelId }), agent });
    if (!model.target) return undefined;
    await credits.require(userId, model);
    return call({
      client: redactedClient(model.client, await redactor(projectId)),
      signal: AbortSignal.timeout(timeoutMs),
      onUsage: async (usage) => {
        await credits.record({
          request_id: subject.requestId,
          user_id: userId,
          agent_id: agent.id,
          creator_id: model.creator_id,
          project_id: projectId,
          chat_id: subject.chatId,
          task_id: null,
          purpose: subject.purpose,
          ...chargeOf(model, usage),
        });
      },
    });
  };
  return {
    /** Asks the model of a run for a title of its chat. */
    title: (chat: ChatRow, question: MessageRow, answer: MessageRow): Promise<string | undefined> => {
      const metadata = answer.message_metadata ?? {};
      const subject: Subject = {
        requestId: `title:${chat.id}`,
        purpose: "title",
        userId: chat.user_id,
        projectId: chat.project_id ?? "",
        chatId: chat.id,
        agentId: String(metadata["agent_id"]),
        modelId: String(metadata["model"]),
      };
      return ask(subject, (call) =>
        nameChat({
          ...call,
          question: messageText(question.content, messageReferences(question).attachments ?? []),
          answer: answer.content,
        }),
      );
    },
    /** Undefined also when the answer has no message in it. */
    commitMessage: async (subject: Omit<Subject, "purpose">, { task, diff }: { task: string | undefined; diff: string }) => {
      const answer = await ask({ ...subject, purpose: "commit_message" }, (call) => writeCommitMessage({ ...call, task, diff }));
      return answer === undefined ? undefined : commitMessageIn(answer);
    },
  };
}
