/** A queue whose consumer takes batches. */
export interface BatchQueue<T> {
  push(items: readonly T[]): void;
  /** The consumer gets queued items, then the error. */
  fail(error: unknown): void;
  /** The consumer gets queued items, then the end. */
  end(): void;
  batches(): AsyncGenerator<T[]>;
}

/** `max`: beyond it the oldest items are dropped, so that a slow consumer cannot fill the memory. */
export function createBatchQueue<T>({ max = Number.POSITIVE_INFINITY }: { max?: number } = {}): BatchQueue<T> {
  let waiting: T[] = [];
  let isEnded = false;
  let failure: { error: unknown } | undefined;
  let wake = () => {};
  const finish = () => {
    isEnded = true;
    wake();
  };
  return {
    push(items) {
      if (isEnded) return;
      waiting.push(...items);
      if (waiting.length > max) waiting = waiting.slice(-max);
      wake();
    },
    fail(error) {
      failure ??= { error };
      finish();
    },
    end: finish,
    async *batches() {
      for (;;) {
        if (waiting.length > 0) {
          const batch = waiting;
          waiting = [];
          yield batch;
        } else if (isEnded) {
          if (failure) throw failure.error;
          return;
        } else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    },
  };
}
