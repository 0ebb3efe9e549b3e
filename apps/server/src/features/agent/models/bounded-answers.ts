import { ModelError } from "@tesslate/agent";

/** Of one answer: several times what the longest ones take on the wire. */
const maxBytes = 128 * 1024 * 1024;
/** A line of a stream is kept until it ends, and looked through again with every piece that comes. */
const maxLineBytes = 8 * 1024 * 1024;
const lineFeed = 10;

/** For servers of people's own: what they send cannot fill this process or keep it busy. Longer answers end in a `ModelError`. */
export const boundedAnswers =
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
            controller.error(new ModelError("model_error", "The model's answer did not come to an end, so it was cut off."));
          else controller.enqueue(chunk);
        },
      }),
    );
    const { status, statusText, headers } = response;
    return new Response(body, { status, statusText, headers });
  };
