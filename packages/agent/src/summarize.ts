import { maxSummaryTokens, summaryRequest } from "./compaction.ts";
import { defaultRunLimits } from "./loop.ts";
import { historyMessages } from "./history.ts";
import { streamTurn } from "./turn.ts";
import { definitionOf } from "./tool-definition.ts";
import { estimateRequestTokens, estimateTokens } from "./tokens.ts";
import { allTools } from "./tools/index.ts";
import type { ModelClient, ModelUsage } from "./model-client.ts";
import type { HistoryMessage } from "./types.ts";

/** The summary as a message that replaces earlier ones. */
export const summaryMessage = (summary: string): HistoryMessage => ({
  role: "user",
  content: `[SUMMARY of earlier turns]\n${summary.trim()}\n[/SUMMARY]`,
});

/** Summarizes a chat. Throws `ModelError`; the result may be empty. */
export async function summarize(options: {
  client: ModelClient;
  context_window: number;
  history: HistoryMessage[];
  /** Returns the maximum output tokens; throws to refuse the call. */
  beforeCall(tokens_in: number): Promise<number>;
  signal: AbortSignal;
  onUsage(usage: ModelUsage & { is_estimated: boolean }): Promise<void>;
}): Promise<string> {
  const request = summaryRequest(historyMessages(options.history), options.context_window);
  const most = await options.beforeCall(estimateRequestTokens(request));
  const turn = await streamTurn({
    client: options.client,
    request: { ...request, max_output_tokens: Math.min(most, request.max_output_tokens ?? maxSummaryTokens) },
    signal: options.signal,
    idleMs: defaultRunLimits.model_idle_ms,
    onText: async () => undefined,
    onUsage: options.onUsage,
  });
  return turn.message.content.trim();
}

/** Tokens of the next message's first call, as bytes / 4: prompt, tools, history, message and a typical context block. */
export function estimateFirstCall(options: { system_prompt: string; history: HistoryMessage[]; message: string }): number {
  return (
    estimateRequestTokens({
      system: options.system_prompt,
      messages: historyMessages(options.history),
      tools: allTools.map(definitionOf),
    }) +
    estimateTokens(options.message) +
    contextBlockTokens
  );
}

/** The `[CONTEXT]` block of a typical project. */
const contextBlockTokens = 600;
