import type { ModelMessage, ModelSource, ProviderState } from "./conversation.ts";

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
  messages: ModelMessage[];
  /** Empty: no function calling in this call. */
  tools: ToolDefinition[];
  max_output_tokens?: number;
  /** How much the model thinks before it answers. Absent: its provider's default. Only for models that have this level. */
  reasoning?: Reasoning;
  /** Identifies the conversation for the provider's prompt cache. Not secret. */
  cache_key?: string;
  /** Another model for this call, chosen by the person while it waited to be repeated. Clients of a single model ignore it. */
  model?: string;
}

export type Reasoning = "off" | "low" | "medium" | "high";

/** A tool for the model; `parameters` is a JSON schema. */
export interface ToolDefinition {
  name: string;
  description: string;
  parameters: Record<string, unknown>;
}

export type ModelEvent =
  /** Another model than the client's own answers. Before anything else of the answer. */
  | { type: "model"; id: string }
  /** `starts`: of a new part. Without it, the text belongs to the part before it if that is a text. */
  | { type: "text"; delta: string; starts?: true; provider_state?: ProviderState }
  /** Visible reasoning. `provider_state` must be sent back with it (signatures). */
  | { type: "reasoning"; delta: string; starts?: true; provider_state?: ProviderState }
  | { type: "tool_call_start"; id: string; name: string }
  /** A fragment of the call's JSON arguments. */
  | { type: "tool_call_delta"; id: string; delta: string }
  /** `arguments`, when given, is the complete text and replaces the fragments. */
  | { type: "tool_call_end"; id: string; arguments?: string; problem?: string; provider_state?: ProviderState }
  /** `claims_done`: of a reply by the text protocol, whether the model wrote a completion token. `source`: where the `provider_state`s of this answer are valid. */
  | { type: "finish"; reason: FinishReason; usage: ModelUsage | null; claims_done?: boolean; source?: ModelSource };

export type FinishReason = "stop" | "tool_calls" | "length" | "content_filter" | "other";

export interface ModelUsage {
  /** All input tokens, cached ones included. */
  tokens_in: number;
  tokens_out: number;
  /** The part of `tokens_in` read from the provider's cache. */
  tokens_cached: number;
}

/** How a model describes changes of files: quotations with their replacement (`edit_file`), or patches (`apply_patch`). */
export type EditFormat = "edits" | "patch";

/** The model of a run. */
export interface RunModel {
  /** With function calling, or `withTextTools` for a model that has none. */
  client: ModelClient;
  /** Which of the edit tools it is offered. Default `edits`; `editFormatOf(model_id)` knows the others. */
  edit_format?: EditFormat;
  /** Tokens; `contextWindowOf(model_id)` knows the common ones. Default 128 000. */
  context_window?: number;
  max_output_tokens?: number;
  /** Default: the provider's. */
  reasoning?: Reasoning;
}
