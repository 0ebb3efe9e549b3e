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

/** Lets so many pieces of work run at once; others wait in the order in which they came. */
export function createTurns(concurrency: number) {
  const waiting: (() => void)[] = [];
  let free = concurrency;
  return {
    /** Throws the reason of the signal if it aborts before the work begins. */
    take: async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
      signal.throwIfAborted();
      if (free > 0) free--;
      else {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        const onAbort = () => {
          waiting.splice(waiting.indexOf(resolve), 1);
          reject(signal.reason as Error);
        };
        waiting.push(resolve);
        signal.addEventListener("abort", onAbort, { once: true });
        await promise.finally(() => signal.removeEventListener("abort", onAbort));
      }
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else free++;
      }
    },
  };
}
