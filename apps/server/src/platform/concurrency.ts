/**
 * Processes items with bounded concurrency, in no particular order. The first failure or the signal aborts the rest; throws when no work
 * is running anymore, so that resources can be closed.
 */
export async function forEachInParallel<T>(
  items: readonly T[],
  { concurrency, signal }: { concurrency: number; signal: AbortSignal },
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const queue = items.values();
  const lane = async () => {
    for (const item of queue) {
      either.throwIfAborted();
      await work(item, either);
    }
  };
  const running = Array.from({ length: concurrency }, () =>
    lane().catch((error: unknown) => {
      stop.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(running);
  signal.throwIfAborted();
  stop.signal.throwIfAborted();
}
