import { compactedFacts, maxSummaryTokens, planCompaction, requestMessages, requestTokens } from "./compaction.ts";
import { defaultRunLimits } from "./run-options.ts";
import { textOf, type CompactionMessage, type Message, type ModelMessage } from "./conversation.ts";
import { streamTurn } from "./turn.ts";
import { definitionOf } from "./tool-definition.ts";
import { estimateMessagesTokens, estimateRequestTokens, estimateTokens } from "./tokens.ts";
import { allTools } from "./tools/index.ts";
import type { ModelClient, ModelUsage } from "./model-client.ts";
import type { Compacted } from "./events.ts";

/**
 * Summarizes a chat at a person's request, as a run does; of a short chat at most half stays whole. Returns the entry to append and what people see of it,
 * or why there is none. Throws `ModelError`.
 */
export async function compactConversation(options: {
  client: ModelClient;
  context_window: number;
  system_prompt: string;
  conversation: readonly Message[];
  /** Returns the maximum output tokens; throws to refuse the call. */
  beforeCall(tokens_in: number): Promise<number>;
  signal: AbortSignal;
  onUsage(usage: ModelUsage & { is_estimated: boolean }): Promise<void>;
}): Promise<{ mark: CompactionMessage; facts: Compacted } | "too_short" | "empty" | "no_smaller"> {
  const { conversation, system_prompt } = options;
  const tokens = estimateFirstCall({ system_prompt, conversation, message: "" });
  const plan = planCompaction(conversation, {
    window: options.context_window,
    tokens,
    kept: estimateMessagesTokens(requestMessages(conversation)) / 2,
    estimate: (messages) => estimateOf(system_prompt, messages),
  });
  if (!plan) return "too_short";
  const { request } = plan;
  const most = await options.beforeCall(estimateRequestTokens(request));
  const turn = await streamTurn({
    client: options.client,
    request: { ...request, max_output_tokens: Math.min(most, request.max_output_tokens ?? maxSummaryTokens) },
    signal: options.signal,
    idleMs: defaultRunLimits.model_idle_ms,
    // A person waits for the response.
    attempts: 2,
    onText: async () => undefined,
    onUsage: options.onUsage,
  });
  const summary = textOf(turn.message).trim();
  if (summary === "") return "empty";
  const mark = plan.apply(summary);
  return mark ? { mark, facts: compactedFacts(mark, summary) } : "no_smaller";
}

/** Tokens of the next message's first call: prompt, tools and conversation as last counted, else as bytes / 4, and the message with a typical context block. */
export function estimateFirstCall(options: { system_prompt: string; conversation: readonly Message[]; message: string }): number {
  const { system_prompt, conversation, message } = options;
  const before = requestTokens(conversation, estimateOf(system_prompt, requestMessages(conversation)));
  return before + estimateTokens(message) + contextBlockTokens;
}

const estimateOf = (system: string, messages: ModelMessage[]): number =>
  estimateRequestTokens({ system, messages, tools: allTools.map(definitionOf) });

/** The `[CONTEXT]` block of a typical project. */
const contextBlockTokens = 600;
