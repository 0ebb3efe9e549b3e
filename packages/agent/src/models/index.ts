import { APICallError, type LanguageModelV4, type LanguageModelV4StreamResult } from "@ai-sdk/provider";
import { ModelError } from "../model-error.ts";
import type { ModelClient } from "../model-client.ts";
import { callOptions, type Refused } from "./call-options.ts";
import type { ModelClientOptions } from "./options.ts";
import { modelErrorOf } from "./errors.ts";
import { openModel } from "./providers.ts";
import { modelEvents } from "./stream.ts";

/**
 * A client of a provider. Its library is loaded with the first call. `stream` throws only `ModelError` or the signal's reason; messages never contain
 * keys.
 */
export function createModelClient(options: ModelClientOptions): ModelClient {
  let opened: Promise<LanguageModelV4> | undefined;
  /** What the provider refused: not sent again. */
  const refused: Refused = { summaries: false, reasoning: false };
  return {
    async *stream(request, signal) {
      try {
        opened ??= openModel({ ...options, fetch: streamsOnly(options.fetch) });
        const model = await opened;
        const call = async (): Promise<LanguageModelV4StreamResult> => {
          // Another call may change it at the same time.
          const without = { ...refused };
          try {
            return await model.doStream({ ...callOptions(request, options, without), abortSignal: signal });
          } catch (error) {
            const found = refusedBy(error);
            if (found === undefined || without[found]) throw error;
            refused[found] = true;
            return call();
          }
        };
        const { stream } = await call();
        yield* modelEvents(stream, { provider: options.provider, model: options.model });
      } catch (error) {
        if (signal.aborted) throw signal.reason instanceof Error ? signal.reason : new ModelError("aborted", "The call was aborted.");
        throw modelErrorOf(error, options);
      }
    },
  };
}

/** OpenAI summarizes reasoning only for organizations that it has verified, and reads encrypted reasoning only of the organization that it came from. */
function refusedBy(error: unknown): keyof Refused | undefined {
  if (!APICallError.isInstance(error)) return undefined;
  const { param, code } = ((error.data ?? {}) as { error?: { param?: unknown; code?: unknown } }).error ?? {};
  if (param === "reasoning.summary") return "summaries";
  return code === "invalid_encrypted_content" ? "reasoning" : undefined;
}

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
