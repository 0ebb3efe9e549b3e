/**
 * Processes items with bounded concurrency, in no particular order. The first failure or the signal aborts the rest; throws when no work
 * is running anymore, so that resources can be closed.
 */
export async function forEachConcurrently<T>(
  items: readonly T[],
  concurrency: number,
  callerSignal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([callerSignal, stop.signal]);
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) {
      signal.throwIfAborted();
      await work(item, signal);
    }
  };
  const running = Array.from({ length: Math.min(concurrency, items.length) }, () =>
    worker().catch((error: unknown) => {
      stop.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(running);
  callerSignal.throwIfAborted();
  // The first failure caused the others.
  stop.signal.throwIfAborted();
}
