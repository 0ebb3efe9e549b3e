import { APICallError, type LanguageModelV4 } from "@ai-sdk/provider";
import { ModelError } from "../model-error.ts";
import type { ModelClient } from "../model-client.ts";
import { callOptions } from "./call-options.ts";
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
  let asksForSummaries = true;
  return {
    async *stream(request, signal) {
      try {
        opened ??= openModel({ ...options, fetch: streamsOnly(options.fetch) });
        const model = await opened;
        const call = async () => model.doStream({ ...callOptions(request, options, asksForSummaries), abortSignal: signal });
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

/** OpenAI summarizes the reasoning of its larger models only for organizations that it has verified. */
function refusesSummaries(error: unknown): boolean {
  if (!APICallError.isInstance(error)) return false;
  const { error: refusal } = (error.data ?? {}) as { error?: { param?: unknown } };
  return refusal?.param === "reasoning.summary";
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
