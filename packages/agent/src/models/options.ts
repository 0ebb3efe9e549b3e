export interface ModelClientOptions {
  /** The API: `openai-responses` is OpenAI's Responses API, `openai-compatible` its chat completions, which Ollama and most others have too. */
  provider: "openai-responses" | "openai-compatible" | "anthropic" | "google";
  /** With its version part, e.g. `http://127.0.0.1:11434/v1`. Default: the provider's own service. */
  base_url?: string | null;
  api_key?: string | null;
  /** The provider's id, without the `provider/` prefix. */
  model: string;
  headers?: Record<string, string>;
  /** A provider with chat completions accepts `prompt_cache_key`; others may reject unknown fields. */
  takes_cache_key?: boolean;
  /** Used for every request, so that the caller decides which hosts are allowed. */
  fetch: typeof globalThis.fetch;
}
