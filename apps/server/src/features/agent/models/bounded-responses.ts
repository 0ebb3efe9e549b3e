import { ModelError } from "@tesslate/agent";

/** Per response: several times the longest answers. */
const maxBytes = 128 * 1024 * 1024;
/** A line is buffered until it ends and scanned again with every chunk. */
const maxLineBytes = 8 * 1024 * 1024;
const lineFeed = 10;

/** Protects this process from responses of custom endpoints. Longer responses fail with a `ModelError`. */
export const boundedResponses =
  (fetch: typeof globalThis.fetch): typeof globalThis.fetch =>
  async (input, init) => {
    const response = await fetch(input, init);
    if (!response.body) return response;
    let size = 0;
    let line = 0;
    const body = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          const end = chunk.lastIndexOf(lineFeed);
          size += chunk.byteLength;
          line = end === -1 ? line + chunk.byteLength : chunk.byteLength - end - 1;
          if (size > maxBytes || line > maxLineBytes)
            controller.error(new ModelError("model_error", "The model's answer was too long, so it was stopped."));
          else controller.enqueue(chunk);
        },
      }),
    );
    const { status, statusText, headers } = response;
    return new Response(body, { status, statusText, headers });
  };
