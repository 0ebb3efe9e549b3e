import { maxSummaryTokens, summaryRequest } from "./compaction.ts";
import { defaultLimits } from "./loop.ts";
import { historyMessages } from "./history.ts";
import { streamTurn } from "./turn.ts";
import { definitionOf } from "./tool-definition.ts";
import { estimateRequestTokens, estimateTokens } from "./tokens.ts";
import { allTools } from "./tools/index.ts";
import type { ModelClient, ModelUsage } from "./model-client.ts";
import type { HistoryMessage } from "./types.ts";

/** Marks what stands for earlier messages, in the place of a message of the person. */
export const summaryMessage = (summary: string): HistoryMessage => ({
  role: "user",
  content: `[SUMMARY of earlier turns]\n${summary.trim()}\n[/SUMMARY]`,
});

/** A chat's messages as one summary (contract agent-git-deploy 4.14). Throws `ModelError`; an empty summary is one. */
export async function summarise(options: {
  client: ModelClient;
  context_window: number;
  history: HistoryMessage[];
  /** May refuse the call by throwing; answers how long the summary may become. */
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
    idleMs: defaultLimits.model_idle_ms,
    onText: async () => undefined,
    onUsage: options.onUsage,
  });
  return turn.message.content.trim();
}

/** What the next message's first call will take, without the project's facts: prompt, tools, the history as it is told, the message. Bytes / 4. */
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

/** The `[CONTEXT]` block of a project of usual size. */
const contextBlockTokens = 600;
