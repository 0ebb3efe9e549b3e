import type { LanguageModelV4FinishReason, LanguageModelV4StreamPart, LanguageModelV4Usage } from "@ai-sdk/provider";
import { ModelError } from "../model-error.ts";
import type { FinishReason, ModelEvent, ModelUsage, ProviderState } from "../model-client.ts";

/** The provider library's parts as our events. Throws what the provider reports in the middle of a stream. */
export async function* modelEvents(stream: ReadableStream<LanguageModelV4StreamPart>): AsyncGenerator<ModelEvent> {
  const begun = new Set<string>();
  for await (const part of stream) {
    switch (part.type) {
      case "text-delta":
        if (part.delta !== "") yield { type: "text", delta: part.delta };
        break;
      case "reasoning-delta":
      case "reasoning-end":
        yield { type: "reasoning", delta: part.type === "reasoning-delta" ? part.delta : "", ...stateOf(part.providerMetadata) };
        break;
      case "tool-input-start":
        begun.add(part.id);
        yield { type: "tool_call_start", id: part.id, name: part.toolName };
        break;
      case "tool-input-delta":
        yield { type: "tool_call_delta", id: part.id, delta: part.delta };
        break;
      case "tool-call":
        if (!begun.has(part.toolCallId)) yield { type: "tool_call_start", id: part.toolCallId, name: part.toolName };
        yield { type: "tool_call_end", id: part.toolCallId, arguments: part.input, ...stateOf(part.providerMetadata) };
        break;
      case "error":
        throw part.error;
      case "finish":
        yield { type: "finish", reason: finishReason(part.finishReason), usage: usageOf(part.usage) };
        return;
      default:
        break;
    }
  }
  throw lost();
}

function lost(): ModelError {
  return new ModelError("model_error", "The connection to the model was lost before its answer was complete.", { retryable: true });
}

function finishReason({ unified }: LanguageModelV4FinishReason): FinishReason {
  switch (unified) {
    case "stop":
      return "stop";
    case "tool-calls":
      return "tool_calls";
    case "length":
      return "length";
    case "content-filter":
      return "content_filter";
    case "error":
    case "interrupted":
      throw lost();
    case "other":
      return "other";
  }
}

function usageOf({ inputTokens, outputTokens }: LanguageModelV4Usage): ModelUsage | null {
  if (inputTokens.total === undefined && outputTokens.total === undefined) return null;
  return { tokens_in: inputTokens.total ?? 0, tokens_out: outputTokens.total ?? 0, tokens_cached: inputTokens.cacheRead ?? 0 };
}

function stateOf(metadata: ProviderState | undefined): { provider_state?: ProviderState } {
  return metadata && Object.values(metadata).some((facts) => Object.keys(facts).length > 0) ? { provider_state: metadata } : {};
}
