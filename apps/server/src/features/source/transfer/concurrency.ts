/**
 * Works on items, some at a time, in no order. The first failure, or the signal, ends them all; it is thrown when nothing is under way
 * any more, so that what they used can be closed.
 */
export async function inLanes<T>(
  items: readonly T[],
  { lanes, signal }: { lanes: number; signal: AbortSignal },
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
  const running = Array.from({ length: lanes }, () =>
    lane().catch((error: unknown) => {
      stop.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(running);
  signal.throwIfAborted();
  stop.signal.throwIfAborted();
}
