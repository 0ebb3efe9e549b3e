import { randomUUID } from "node:crypto";
import { abortable } from "./abortable.ts";
import type { BatchOptions } from "./batch.ts";
import type { PreparedCall } from "./execute.ts";
import type { PendingBatch, ToolContext, ToolResult } from "./types.ts";

/** A suggestion that can be picked with one key. */
export interface Choice {
  label: string;
  description?: string;
}

/** What a tool wants of the person in the middle of its work (`ToolContext.ask`). */
export type Inquiry =
  | {
      kind: "question";
      question: string;
      choices: Choice[];
      /** Several choices may be picked. */
      is_multiple: boolean;
      /** Own words may be given beside or instead of choices. */
      allows_text: boolean;
    }
  /** The value goes from the person into the project's secrets; neither the agent nor the model is told it. */
  | { kind: "secret"; secret_key: string; reason: string; container: string | null };

export type InquiryRequest = Inquiry & { question_id: string; tool_name: string };

export type InquiryAnswer =
  | {
      outcome: "answered";
      /** Labels, in the order they were offered. */
      choices: string[];
      text: string | null;
    }
  | { outcome: "declined"; text: string | null }
  /** Nobody answered in time. */
  | { outcome: "timeout" };

/** `ToolContext.ask` for the call that stands behind `results`. A failure of the caller's is put into `failed`: a tool must not swallow it. */
export function askerFor(
  options: BatchOptions,
  one: PreparedCall,
  results: readonly ToolResult[],
  failed: (error: unknown) => void,
): ToolContext["ask"] {
  const { deps, context, iteration, message, timer, pending } = options;
  const { ask } = deps;
  if (!ask) return undefined;
  const waitsFor = pending?.kind === "question" && pending.results.length === results.length ? pending.approval_id : undefined;
  return async (inquiry) => {
    const question_id = waitsFor ?? (deps.newId ?? randomUUID)();
    const request: InquiryRequest = { ...inquiry, question_id, tool_name: one.call.name };
    const batch: PendingBatch = { kind: "question", iteration, approval_id: question_id, message, results: [...results] };
    timer.pause();
    try {
      await deps.emit({ type: "question_asked", data: request, pending: batch });
      return await abortable(ask(request, context.signal), context.signal);
    } catch (error) {
      if (!context.signal.aborted) failed(error);
      throw error;
    } finally {
      timer.resume();
    }
  };
}
