import type { LanguageModelV4FinishReason, LanguageModelV4StreamPart, LanguageModelV4Usage } from "@ai-sdk/provider";
import { ModelError } from "../model-error.ts";
import type { ModelSource, ProviderState } from "../conversation.ts";
import type { FinishReason, ModelEvent, ModelUsage } from "../model-client.ts";

/** Converts the parts of the provider library to `ModelEvent`s, blocks in their order. Throws errors that the provider reports in mid-stream. */
export async function* modelEvents(stream: ReadableStream<LanguageModelV4StreamPart>, source: ModelSource): AsyncGenerator<ModelEvent> {
  /** Started calls by id; ids may not be unique. */
  const open = new Map<string, number>();
  /** A block has started of which nothing was received yet. */
  let isStart = false;
  const starting = (): { starts?: true } => {
    const starts = isStart ? { starts: true as const } : {};
    isStart = false;
    return starts;
  };
  for await (const part of stream) {
    switch (part.type) {
      case "text-start":
      case "reasoning-start":
        isStart = true;
        // Encrypted reasoning has no text.
        if (part.type === "reasoning-start" && hasState(part.providerMetadata))
          yield { type: "reasoning", delta: "", ...starting(), ...stateOf(part.providerMetadata) };
        break;
      case "text-delta":
        if (part.delta !== "" || hasState(part.providerMetadata))
          yield { type: "text", delta: part.delta, ...starting(), ...stateOf(part.providerMetadata) };
        break;
      case "reasoning-delta":
        if (part.delta !== "" || hasState(part.providerMetadata))
          yield { type: "reasoning", delta: part.delta, ...starting(), ...stateOf(part.providerMetadata) };
        break;
      case "text-end":
      case "reasoning-end":
        if (hasState(part.providerMetadata))
          yield { type: part.type === "text-end" ? "text" : "reasoning", delta: "", ...stateOf(part.providerMetadata) };
        break;
      case "tool-input-start":
        open.set(part.id, (open.get(part.id) ?? 0) + 1);
        yield { type: "tool_call_start", id: part.id, name: part.toolName };
        break;
      case "tool-input-delta":
        yield { type: "tool_call_delta", id: part.id, delta: part.delta };
        break;
      case "tool-call": {
        const count = open.get(part.toolCallId) ?? 0;
        if (count === 0) yield { type: "tool_call_start", id: part.toolCallId, name: part.toolName };
        else open.set(part.toolCallId, count - 1);
        yield { type: "tool_call_end", id: part.toolCallId, arguments: part.input, ...stateOf(part.providerMetadata) };
        break;
      }
      case "error":
        throw part.error;
      case "finish":
        yield { type: "finish", reason: finishReason(part.finishReason), usage: usageOf(part.usage), source };
        return;
      default:
        break;
    }
  }
  throw lost();
}

function lost(): ModelError {
  return new ModelError("model_error", "The connection to the model was lost before its answer was complete.", {
    kind: "network",
    retryable: true,
  });
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
  return { tokens_in: counted(inputTokens.total), tokens_out: counted(outputTokens.total), tokens_cached: counted(inputTokens.cacheRead) };
}

/** Upper limit for reported tokens, because they are charged and some servers report nonsense. */
const maxTokens = 1_000_000_000;
const counted = (tokens: number | undefined): number => Math.min(Math.max(Math.round(tokens ?? 0), 0), maxTokens);

function stateOf(metadata: ProviderState | undefined): { provider_state?: ProviderState } {
  return metadata && hasState(metadata) ? { provider_state: metadata } : {};
}

const hasState = (metadata: ProviderState | undefined): boolean =>
  Object.values(metadata ?? {}).some((facts) => Object.keys(facts).length > 0);
