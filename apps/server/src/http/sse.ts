import type { ServerResponse } from "node:http";

const keepaliveMs = 15_000;

/**
 * Writes an async iterable as `data:` lines, with `: keepalive` after 15 s without events and backpressure for slow clients.
 * Ends when the iterable ends or `signal` aborts (disconnect, shutdown). An event with a `seq` sends it as `id:`, for `Last-Event-ID`.
 */
export async function writeEvents(
  response: ServerResponse,
  events: AsyncIterable<unknown>,
  options: { signal: AbortSignal; headers: Record<string, string> },
): Promise<void> {
  const { signal } = options;
  response.writeHead(200, {
    ...options.headers,
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
    connection: "keep-alive",
  });
  response.flushHeaders();
  const timer = setTimeout(() => {
    if (!response.writableNeedDrain) response.write(": keepalive\n\n");
    timer.refresh();
  }, keepaliveMs);
  const iterator = events[Symbol.asyncIterator]();
  // One listener and one current wait: racing a long-lived promise for every event would leak memory.
  let stop: () => void = () => undefined;
  const onAbort = () => stop();
  signal.addEventListener("abort", onAbort);
  const orStop = <T>(work: Promise<T>): Promise<T | undefined> =>
    new Promise((resolve, reject) => {
      stop = () => resolve(undefined);
      work.then(resolve, reject);
    });
  const drained = () =>
    new Promise<void>((resolve) => {
      const done = () => {
        response.off("drain", done).off("close", done);
        resolve();
      };
      response.on("drain", done).on("close", done);
    });
  try {
    while (!signal.aborted) {
      const next = await orStop(iterator.next());
      if (!next || next.done) break;
      const event = next.value as { seq?: number };
      const isRoomy = response.write(`${event.seq !== undefined ? `id: ${event.seq}\n` : ""}data: ${JSON.stringify(event)}\n\n`);
      timer.refresh();
      if (!isRoomy) await orStop(drained());
    }
    // The server ends it, as when it restarts: an `EventSource` connects again soon.
    if (signal.aborted && response.writable) response.write("retry: 1000\n\n");
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    void iterator.return?.(undefined)?.catch?.(() => undefined);
    response.end();
  }
}
