import type { LanguageModelV4 } from "@ai-sdk/provider";
import { ModelError } from "../model-error.ts";
import type { ModelClient } from "../model-client.ts";
import { modelErrorOf } from "./errors.ts";
import { openModel } from "./providers.ts";
import { providerPrompt, providerTools } from "./prompt.ts";
import { modelEvents } from "./stream.ts";

export interface ModelClientOptions {
  /** The dialect. OpenAI itself, Ollama and nearly everyone else speak `openai-compatible`. */
  provider: "openai-compatible" | "anthropic" | "google";
  /** With its version part, e.g. `http://127.0.0.1:11434/v1`. Default: the dialect's own service. */
  base_url?: string | null;
  api_key?: string | null;
  /** As the provider names it (no `provider/` in front). */
  model: string;
  headers?: Record<string, string>;
  /** The provider knows OpenAI's `prompt_cache_key`; others might refuse a field they do not know. */
  takes_cache_key?: boolean;
  /** Every request goes through it, so that the caller decides what may be reached. */
  fetch: typeof globalThis.fetch;
}

/**
 * A client of a real provider. The provider's library is loaded with the first call. Throws nothing here; `stream` throws `ModelError` only
 * (or the signal's reason). Keys appear in no message.
 */
export function createModelClient(options: ModelClientOptions): ModelClient {
  let opened: Promise<LanguageModelV4> | undefined;
  return {
    async *stream(request, signal) {
      try {
        opened ??= openModel({ ...options, fetch: streamsOnly(options.fetch) });
        const model = await opened;
        const { stream } = await model.doStream({
          prompt: providerPrompt(request, options),
          ...(request.tools.length === 0 ? {} : { tools: providerTools(request.tools), toolChoice: { type: "auto" as const } }),
          ...(request.max_output_tokens === undefined ? {} : { maxOutputTokens: request.max_output_tokens }),
          ...(options.takes_cache_key && request.cache_key !== undefined
            ? { providerOptions: { openaiCompatible: { prompt_cache_key: request.cache_key } } }
            : {}),
          abortSignal: signal,
        });
        yield* modelEvents(stream);
      } catch (error) {
        if (signal.aborted) throw signal.reason instanceof Error ? signal.reason : new ModelError("aborted", "The call was given up.");
        throw modelErrorOf(error, options);
      }
    },
  };
}

/** Some servers answer 200 and say in the body, which is no stream then, what is wrong: that is thrown, as the provider's own error. */
const streamsOnly =
  (fetch: typeof globalThis.fetch): typeof globalThis.fetch =>
  async (input, init) => {
    const response = await fetch(input, init);
    if (!response.ok || !response.body || !/^application\/json\b/i.test(response.headers.get("content-type") ?? "")) return response;
    const reader = response.body.getReader();
    const first = await reader.read();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => (first.value ? controller.enqueue(first.value) : controller.close()),
      async pull(controller) {
        const { value } = await reader.read();
        if (value) controller.enqueue(value);
        else controller.close();
      },
      cancel: (reason) => reader.cancel(reason),
    });
    const read = new Response(body, { status: response.status, headers: response.headers });
    // Named wrongly, and a stream all the same.
    if (!new TextDecoder().decode(first.value).trimStart().startsWith("{")) return read;
    throw (
      errorIn(await read.text()) ?? new ModelError("model_error", "The model's server does not stream its answers, which it was asked to.")
    );
  };

function errorIn(body: string): object | undefined {
  try {
    const { error, message, msg } = JSON.parse(body) as { error?: unknown; message?: unknown; msg?: unknown };
    if (typeof error === "object" && error !== null) return error;
    const said = [error, message, msg].find((one) => typeof one === "string");
    return said === undefined ? undefined : { message: said };
  } catch {
    return undefined;
  }
}
