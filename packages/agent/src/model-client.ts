import type { ImagePart } from "./images.ts";

/** A streaming call to a provider. `createModelClient` creates real ones; tests use scripts. */
export interface ModelClient {
  /**
   * One call. Ends with exactly one `finish`, or throws `ModelError`. A stream that ends without `finish` counts as a lost connection.
   * The loop retries, not the client. Aborting `signal` ends the iteration at once.
   */
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent>;
}

export interface ModelRequest {
  system: string;
  messages: Message[];
  /** Empty: no function calling in this call. */
  tools: ToolDefinition[];
  max_output_tokens?: number;
  /** Identifies the conversation for the provider's prompt cache. Not secret. */
  cache_key?: string;
}

/** A tool for the model; `parameters` is a JSON schema. */
export interface ToolDefinition {
  name: string;
  description: string;
  parameters: Record<string, unknown>;
}

export type ModelEvent =
  | { type: "text"; delta: string }
  /** Visible reasoning. `provider_state` must be sent back with it (signatures). */
  | { type: "reasoning"; delta: string; provider_state?: ProviderState }
  | { type: "tool_call_start"; id: string; name: string }
  /** A fragment of the call's JSON arguments. */
  | { type: "tool_call_delta"; id: string; delta: string }
  /** `arguments`, when given, is the complete text and replaces the fragments. */
  | { type: "tool_call_end"; id: string; arguments?: string; problem?: string; provider_state?: ProviderState }
  /** `claims_done`: the model wrote a completion token. */
  | { type: "finish"; reason: FinishReason; usage: ModelUsage | null; claims_done?: boolean };

export type FinishReason = "stop" | "tool_calls" | "length" | "content_filter" | "other";

/** JSON that only the provider's adapter reads. */
export type ProviderState = Record<string, Record<string, unknown>>;

export interface ModelUsage {
  /** All input tokens, cached ones included. */
  tokens_in: number;
  tokens_out: number;
  /** The part of `tokens_in` read from the provider's cache. */
  tokens_cached: number;
}

export type Message = UserMessage | AssistantMessage | ToolMessage;
export interface UserMessage {
  role: "user";
  content: string;
  /** Placed before the text. */
  images?: ImagePart[];
  /**
   * Written by the loop, not by the person: a summary of earlier turns, or a note such as "continue".
   * Their texts begin with `[`: `[tool results]`, `[SUMMARY of …]`, `[The connection broke …]`, `[Your answer was cut off …]`.
   * The person's current message follows a `[CONTEXT] … [/CONTEXT]` block.
   */
  kind?: "summary" | "note";
}
export interface AssistantMessage {
  role: "assistant";
  content: string;
  reasoning?: { text: string; provider_state?: ProviderState };
  tool_calls: ModelToolCall[];
}
export interface ToolMessage {
  role: "tool";
  tool_call_id: string;
  tool_name: string;
  content: string;
  is_error: boolean;
}
export interface ModelToolCall {
  id: string;
  name: string;
  /** JSON text as the model wrote it; may be invalid. */
  arguments: string;
  /** Why a call written as text could not be parsed; it fails with this reason. */
  problem?: string;
  provider_state?: ProviderState;
}
