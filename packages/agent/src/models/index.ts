import { APICallError, type LanguageModelV4, type SharedV4ProviderOptions } from "@ai-sdk/provider";
import { ModelError } from "../model-error.ts";
import type { ModelClient, ModelRequest } from "../model-client.ts";
import type { ModelClientOptions } from "./options.ts";
import { modelErrorOf } from "./errors.ts";
import { openModel } from "./providers.ts";
import { providerPrompt, providerTools } from "./prompt.ts";
import { modelEvents } from "./stream.ts";

/**
 * A client of a provider. Its library is loaded with the first call. `stream` throws only `ModelError` or the signal's reason; messages never contain
 * keys.
 */
export function createModelClient(options: ModelClientOptions): ModelClient {
  let opened: Promise<LanguageModelV4> | undefined;
  let asksForSummaries = true;
  return {
    async *stream(request, signal) {
      try {
        opened ??= openModel({ ...options, fetch: streamsOnly(options.fetch) });
        const model = await opened;
        const call = async () =>
          model.doStream({
            prompt: providerPrompt(request, options),
            ...(request.tools.length === 0 ? {} : { tools: providerTools(request.tools), toolChoice: { type: "auto" as const } }),
            ...(request.max_output_tokens === undefined ? {} : { maxOutputTokens: longestAnswer(request.max_output_tokens, options) }),
            ...(request.reasoning === undefined ? {} : { reasoning: request.reasoning === "off" ? "none" : request.reasoning }),
            providerOptions: providerOptions(request, options, asksForSummaries),
            abortSignal: signal,
          });
        const { stream } = await call().catch((error: unknown) => {
          if (!asksForSummaries || !refusesSummaries(error)) throw error;
          asksForSummaries = false;
          return call();
        });
        yield* modelEvents(stream, { provider: options.provider, model: options.model });
      } catch (error) {
        if (signal.aborted) throw signal.reason instanceof Error ? signal.reason : new ModelError("aborted", "The call was aborted.");
        throw modelErrorOf(error, options);
      }
    },
  };
}

/** Nothing is stored at OpenAI: encrypted reasoning is part of the conversation that is sent again. */
function providerOptions(request: ModelRequest, options: ModelClientOptions, asksForSummaries: boolean): SharedV4ProviderOptions {
  const { reasoning, cache_key } = request;
  const isThinking = reasoning !== "off";
  switch (options.provider) {
    case "openai-responses":
      return {
        openai: {
          store: false,
          ...(cache_key !== undefined && { promptCacheKey: cache_key }),
          // The library knows only OpenAI's own names of models.
          ...(reasoning !== undefined && { forceReasoning: true }),
          reasoningSummary: isThinking && asksForSummaries ? "auto" : null,
        },
      };
    case "openai-compatible":
      return options.takes_cache_key && cache_key !== undefined ? { openaiCompatible: { prompt_cache_key: cache_key } } : {};
    case "google":
      // Gemini thinks without saying what, unless asked to.
      return reasoning !== undefined && isThinking ? { google: { thinkingConfig: { includeThoughts: true } } } : {};
    case "anthropic":
      return {};
  }
}

/** OpenAI summarizes the reasoning of its larger models only for organizations that it has verified. */
function refusesSummaries(error: unknown): boolean {
  if (!APICallError.isInstance(error)) return false;
  const { error: refusal } = (error.data ?? {}) as { error?: { param?: unknown } };
  return refusal?.param === "reasoning.summary";
}

/** In tokens. The Responses API rejects less than 16. */
const longestAnswer = (tokens: number, { provider }: ModelClientOptions): number =>
  provider === "openai-responses" ? Math.max(tokens, 16) : tokens;

/** Some servers answer errors with status 200 and a JSON body instead of a stream: throws these as provider errors. */
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
    // A stream with a wrong content type.
    if (!new TextDecoder().decode(first.value).trimStart().startsWith("{")) return read;
    throw (
      errorIn(await read.text()) ?? new ModelError("model_error", "The model's server did not stream its response.", { kind: "unreadable" })
    );
  };

function errorIn(body: string): object | undefined {
  try {
    const { error, message, msg } = JSON.parse(body) as { error?: unknown; message?: unknown; msg?: unknown };
    if (typeof error === "object" && error !== null) return error;
    const text = [error, message, msg].find((one) => typeof one === "string");
    return text === undefined ? undefined : { message: text };
  } catch {
    return undefined;
  }
}
