import type { InquiryAnswer, InquiryRequest, PendingBatch } from "@tesslate/agent";
import type { AnswerQuestion, QuestionResolved } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { invalid } from "../../../platform/errors.ts";
import type { Approvals } from "./approvals.ts";
import type { RunVoice } from "./events.ts";
import type { ChatStore } from "../chats/index.ts";
import type { ApprovalRow } from "../../../db/schema/agent.ts";

export interface QuestionsOptions {
  approvals: Approvals;
  chats: ChatStore;
  /** Seals a value the person gave; throws as `POST /api/secrets/{project_id}` does. */
  setSecret(userId: string, projectId: string, secret: { key: string; value: string }): Promise<unknown>;
}

export type Questions = ReturnType<typeof createQuestions>;
/**
 * Questions of the agent's to the person, among them secrets (agent-git-deploy 4.11). A secret's value goes straight to the vault: the row, the events
 * and the model are told only that it was given.
 */
export function createQuestions({ approvals, chats, setSecret }: QuestionsOptions) {
  return {
    /** Keeps the question; it is told in the same transaction. */
    open: (
      tx: Queries,
      owner: { task_id: string; chat_id: string; user_id: string },
      request: InquiryRequest,
      pending: PendingBatch,
    ): Promise<void> =>
      approvals.open(tx, {
        ...owner,
        id: request.question_id,
        kind: request.kind,
        tool_name: request.tool_name,
        tool_parameters: { ...request },
        tool_description: "",
        pending,
      }),
    /** Waits for the answer and tells it. Throws the signal's reason when nobody waits any more. */
    ask: async (chatId: string, request: InquiryRequest, voice: RunVoice, signal: AbortSignal): Promise<InquiryAnswer> => {
      const row = await approvals.waitForRow(request.question_id, signal);
      await voice.sayWith(async (tx) => {
        await chats.setStatus(tx, chatId, "running");
        return [{ type: "question_resolved", data: resolvedOf(row) }];
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
    /** The person's answer. Throws 404, `already_answered`, 422, and for a secret what setting it throws. */
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
      const asked = row.tool_parameters as unknown as InquiryRequest;
      if (asked.kind === "secret") {
        if (!value) throw invalid(["body", "value"], "Field required", "missing");
        const project = (await chats.findChat(row.chat_id))?.project_id;
        // The claim is held open while the value is set: of two tabs one wins, and a refused value leaves the question open.
        await approvals.settle(question_id, { response: "answered" }, async () => {
          await setSecret(userId, project ?? "", { key: asked.secret_key, value });
        });
        return "answered";
      }
      const offered = asked.choices.map((choice) => choice.label);
      const picked = offered.filter((label) => choices.includes(label));
      if (choices.some((label) => !offered.includes(label)))
        throw invalid(["body", "choices"], "Not one of the choices that were offered", "enum");
      if (picked.length > 1 && !asked.is_multiple) throw invalid(["body", "choices"], "Only one choice can be picked", "too_long");
      if (note !== null && !asked.allows_text)
        throw invalid(["body", "text"], "This question is answered with a choice", "extra_forbidden");
      if (picked.length === 0 && note === null) throw invalid(["body", "choices"], "Pick a choice, or answer in your own words", "missing");
      await approvals.settle(question_id, { response: "answered", choices: picked, note });
      return "answered";
    },
  };
}

/** A settled question as its event. */
export const resolvedOf = (row: ApprovalRow): QuestionResolved => {
  const outcome =
    row.response === "answered" || row.response === "declined" || row.response === "timeout" || row.response === "expired"
      ? row.response
      : "cancelled";
  const isByPerson = outcome === "answered" || outcome === "declined";
  return {
    question_id: row.id,
    outcome,
    choices: row.choices ?? [],
    text: row.note,
    by: isByPerson ? row.user_id : null,
    at: row.answered_at ?? new Date().toISOString(),
  };
};
