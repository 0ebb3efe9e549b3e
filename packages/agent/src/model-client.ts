import type { ImagePart } from "./images.ts";

/** One provider's streaming call. `createModelClient` makes the real ones; tests hand in a script. */
export interface ModelClient {
  /**
   * One call. Ends with exactly one `finish`, or throws `ModelError`. A stream that ends without `finish` counts as a lost connection.
   * Retries are the loop's business, not the client's. Aborting `signal` ends the iteration at once.
   */
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent>;
}

export interface ModelRequest {
  system: string;
  messages: Message[];
  /** Empty: no function calling in this call. */
  tools: ToolDefinition[];
  max_output_tokens?: number;
  /** Names the conversation, so that a provider with a prompt cache finds the same machine again. Not secret. */
  cache_key?: string;
}

/** What the model is told of a tool: `parameters` is a JSON schema. */
export interface ToolDefinition {
  name: string;
  description: string;
  parameters: Record<string, unknown>;
}

export type ModelEvent =
  | { type: "text"; delta: string }
  /** Thinking the provider shows. `provider_state` is what the provider wants back with it (signatures). */
  | { type: "reasoning"; delta: string; provider_state?: ProviderState }
  | { type: "tool_call_start"; id: string; name: string }
  /** A fragment of the call's JSON arguments. */
  | { type: "tool_call_delta"; id: string; delta: string }
  /** `arguments`, when given, is the whole text and wins over the fragments. */
  | { type: "tool_call_end"; id: string; arguments?: string; problem?: string; provider_state?: ProviderState }
  /** `claims_done`: the model said by a completion token that the task is done (4.2). */
  | { type: "finish"; reason: FinishReason; usage: ModelUsage | null; claims_done?: boolean };

export type FinishReason = "stop" | "tool_calls" | "length" | "content_filter" | "other";

/** Opaque to all but the adapter that made it; JSON. */
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
  /** Stand before the text. */
  images?: ImagePart[];
  /**
   * Written by the loop, not by the person: a summary of earlier turns (4.14), or a note such as "go on".
   * Their texts begin with `[`: `[tool results]`, `[SUMMARY of …]`, `[The connection broke …]`, `[Your answer was cut off …]`.
   * The person's current message follows a `[CONTEXT] … [/CONTEXT]` block.
   */
  kind?: "summary" | "note";
}
export interface AssistantMessage {
  role: "assistant";
  content: string;
  reasoning?: { text: string; provider_state?: ProviderState };
  tool_calls: ToolCall[];
}
export interface ToolMessage {
  role: "tool";
  tool_call_id: string;
  tool_name: string;
  content: string;
  is_error: boolean;
}
export interface ToolCall {
  id: string;
  name: string;
  /** JSON text exactly as the model wrote it; it may be broken. */
  arguments: string;
  /** Why a call written as text could not be read (4.2); it fails with this reason. */
  problem?: string;
  provider_state?: ProviderState;
}
