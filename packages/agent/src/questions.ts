import { randomUUID } from "node:crypto";
import { abortable } from "./abortable.ts";
import type { AssistantMessage } from "./conversation.ts";
import type { AgentDeps } from "./agent-deps.ts";
import type { PendingBatch } from "./pending-batch.ts";
import type { ToolResult } from "./tool-call.ts";
import type { ToolContext } from "./tool.ts";
import type { UserQuestionRequest } from "./user-questions.ts";
import type { WorkTimer } from "./work-timer.ts";

/** A suggestion that can be picked with one key. */
interface AskOptions {
  iteration: number;
  message: AssistantMessage;
  /** Set to resume a batch that waited for a person. */
  pending?: PendingBatch;
  context: ToolContext;
  deps: AgentDeps;
  timer: WorkTimer;
}

/** `ToolContext.ask` for the call after `results`. Failed hooks are reported to `onFailure`, because a tool could swallow them. */
export function createAsk(
  options: AskOptions,
  toolName: string,
  results: readonly ToolResult[],
  onFailure: (error: unknown) => void,
): ToolContext["ask"] {
  const { deps, context, iteration, message, timer, pending } = options;
  const { ask } = deps;
  if (!ask) return undefined;
  const waitsFor = pending?.kind === "question" && pending.results.length === results.length ? pending.approval_id : undefined;
  return async (question) => {
    const question_id = waitsFor ?? (deps.newId ?? randomUUID)();
    const request: UserQuestionRequest = { ...question, question_id, tool_name: toolName };
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
