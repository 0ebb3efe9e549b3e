/** One event of a stream: its `id:` if it has one, and its `data:` as JSON. */
export interface ServerEvent<T> {
  id: string | undefined;
  data: T;
}

/**
 * Reads a `text/event-stream`. Comments such as keepalives are skipped; `onBytes` is called for everything that arrives. Ends when the server
 * ends the stream; throws when the connection breaks.
 */
export async function* readEvents<T>(body: ReadableStream<Uint8Array>, onBytes?: () => void): AsyncGenerator<ServerEvent<T>> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let buffered = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onBytes?.();
      buffered += decoder.decode(value, { stream: true });
      for (let end = buffered.indexOf("\n\n"); end >= 0; end = buffered.indexOf("\n\n")) {
        const lines = buffered.slice(0, end).split("\n");
        buffered = buffered.slice(end + 2);
        const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        const data = field("data");
        if (data !== undefined) yield { id: field("id"), data: JSON.parse(data) as T };
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
