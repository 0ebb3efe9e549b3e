import { randomUUID } from "node:crypto";
import { abortable } from "./abortable.ts";
import type { BatchOptions } from "./batch.ts";
import type { PreparedCall } from "./tool-calls.ts";
import type { PendingBatch, ToolContext, ToolResult } from "./types.ts";

/** A suggestion that can be picked with one key. */
export interface Choice {
  label: string;
  description?: string;
}

/** A question of a tool to the person (`ToolContext.ask`). */
export type UserQuestion =
  | {
      kind: "question";
      question: string;
      choices: Choice[];
      /** Several choices may be picked. */
      is_multiple: boolean;
      /** Free text is accepted beside or instead of choices. */
      allows_text: boolean;
    }
  /** The value is stored in the project's secrets; neither the agent nor the model sees it. */
  | { kind: "secret"; secret_key: string; reason: string; container: string | null };

export type UserQuestionRequest = UserQuestion & { question_id: string; tool_name: string };

export type UserAnswer =
  | {
      outcome: "answered";
      /** Labels, in the order they were offered. */
      choices: string[];
      text: string | null;
    }
  | { outcome: "declined"; text: string | null }
  | { outcome: "timeout" };

/** `ToolContext.ask` for the call after `results`. Failed hooks are reported to `onFailure`, because a tool could swallow them. */
export function createAsk(
  options: BatchOptions,
  one: PreparedCall,
  results: readonly ToolResult[],
  onFailure: (error: unknown) => void,
): ToolContext["ask"] {
  const { deps, context, iteration, message, timer, pending } = options;
  const { ask } = deps;
  if (!ask) return undefined;
  const waitsFor = pending?.kind === "question" && pending.results.length === results.length ? pending.approval_id : undefined;
  return async (question) => {
    const question_id = waitsFor ?? (deps.newId ?? randomUUID)();
    const request: UserQuestionRequest = { ...question, question_id, tool_name: one.call.name };
    const batch: PendingBatch = { kind: "question", iteration, approval_id: question_id, message, results: [...results] };
    timer.pause();
    try {
      await deps.emit({ type: "question_asked", data: request, pending: batch });
      return await abortable(ask(request, context.signal), context.signal);
    } catch (error) {
      if (!context.signal.aborted) onFailure(error);
      throw error;
    } finally {
      timer.resume();
    }
  };
}
