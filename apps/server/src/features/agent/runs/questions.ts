import type { UserAnswer, UserQuestionRequest, PendingBatch } from "@tesslate/agent";
import type { AnswerQuestion } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { invalid } from "../../../platform/errors.ts";
import type { Approvals } from "./approvals.ts";
import type { RunEmitter } from "./events.ts";
import { questionResolved, type ChatStore } from "../chats/index.ts";

export interface QuestionsOptions {
  approvals: Approvals;
  chats: ChatStore;
  /** Stores the secret; throws as `POST /api/secrets/{project_id}` does. */
  setSecret(userId: string, projectId: string, secret: { key: string; value: string }): Promise<unknown>;
}

export type Questions = ReturnType<typeof createQuestions>;
/**
 * Questions of the agent to the person, including requests for secrets. The value of a secret is stored encrypted; the row, the events and the model
 * only learn that it was given.
 */
export function createQuestions({ approvals, chats, setSecret }: QuestionsOptions) {
  return {
    /** Stores the question, in the transaction that emits it. Returns when it expires. */
    open: (
      tx: Queries,
      owner: { task_id: string; chat_id: string; user_id: string },
      request: UserQuestionRequest,
      pending: PendingBatch,
    ): Promise<string> =>
      approvals.open(tx, {
        ...owner,
        id: request.question_id,
        kind: request.kind,
        tool_name: request.tool_name,
        tool_parameters: { ...request },
        tool_description: "",
        pending,
      }),
    /** Waits for the answer and emits `question_resolved`. Rejects with the signal's reason. */
    ask: async (chatId: string, request: UserQuestionRequest, emitter: RunEmitter, signal: AbortSignal): Promise<UserAnswer> => {
      const row = await approvals.waitForRow(request.question_id, signal);
      await emitter.emitWith(async (tx) => {
        await chats.setStatus(tx, chatId, "running");
        return [{ type: "question_resolved", data: questionResolved(row) }];
      });
      switch (row.response) {
        case "answered":
          return { outcome: "answered", choices: row.choices ?? [], text: row.note };
        case "declined":
          return { outcome: "declined", text: row.note };
        default:
          return { outcome: "timeout" };
      }
    },
    /** Throws 404, `already_answered`, 422, and for a secret what `setSecret` throws. */
    answer: async (
      userId: string,
      { question_id, choices = [], text, value, declined = false }: AnswerQuestion,
      chatId?: string,
    ): Promise<"answered" | "declined"> => {
      const row = await approvals.requireOpen(userId, question_id, ["question", "secret"], chatId);
      const note = text?.trim() || null;
      if (declined) {
        await approvals.settle(question_id, { response: "declined", note });
        return "declined";
      }
      const question = row.tool_parameters as unknown as UserQuestionRequest;
      if (question.kind === "secret") {
        if (!value) throw invalid(["body", "value"], "Field required", "missing");
        const project = (await chats.findChat(row.chat_id))?.project_id;
        // The answer is stored in one transaction with the secret: of two tabs one wins, and a refused value leaves the question open.
        await approvals.settle(question_id, { response: "answered" }, async () => {
          await setSecret(userId, project ?? "", { key: question.secret_key, value });
        });
        return "answered";
      }
      const offered = question.choices.map((choice) => choice.label);
      const picked = offered.filter((label) => choices.includes(label));
      if (choices.some((label) => !offered.includes(label)))
        throw invalid(["body", "choices"], `Choose from: ${offered.join(", ")}`, "enum");
      if (picked.length > 1 && !question.is_multiple) throw invalid(["body", "choices"], "Choose only one", "too_long");
      if (note !== null && !question.allows_text)
        throw invalid(["body", "text"], "This question takes a choice, not text", "extra_forbidden");
      if (picked.length === 0 && note === null) throw invalid(["body", "choices"], "Pick a choice or write an answer", "missing");
      await approvals.settle(question_id, { response: "answered", choices: picked, note });
      return "answered";
    },
  };
}
