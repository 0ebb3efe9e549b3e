import { defaultRunLimits } from "./run-options.ts";
import { streamTurn } from "./turn.ts";
import { textOf, userMessage } from "./conversation.ts";
import type { ModelClient, ModelUsage } from "./model-client.ts";

export interface ShortCall {
  client: ModelClient;
  signal: AbortSignal;
  onUsage(usage: ModelUsage & { is_estimated: boolean }): Promise<void>;
}

/** One call without tools, outside of a conversation. Throws `ModelError` and the signal's reason. */
export async function shortAnswer(
  { client, signal, onUsage }: ShortCall,
  { system, prompt, maxTokens }: { system: string; prompt: string; maxTokens: number },
): Promise<string> {
  const turn = await streamTurn({
    client,
    request: { system, messages: [userMessage(prompt)], tools: [], max_output_tokens: maxTokens },
    signal,
    idleMs: defaultRunLimits.model_idle_ms,
    attempts: 2,
    onText: async () => undefined,
    onUsage,
  });
  return textOf(turn.message);
}
