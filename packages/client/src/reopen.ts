import { isRejected } from "./api-error.ts";

/**
 * Reports that the network is back or the stream is wanted again (`retryNow`), that the network was lost (`drop`), or that the stream is not
 * wanted until the next `retryNow` (`pause`). Returns the function that unsubscribes.
 */
export type ConnectionHints = (hints: { retryNow: () => void; drop: () => void; pause: () => void }) => () => void;

export interface ReopenOptions<T> {
  /** Opens the stream; called again after every loss. `onBytes` reports that the connection works, so that the next pause is short again. */
  open: (signal: AbortSignal, onBytes: () => void) => AsyncIterable<T>;
  signal?: AbortSignal | undefined;
  /** Checked after every event and every connection. Without it the stream has no end. */
  isOver?: () => boolean;
  /** The connection was lost, with the error if there was one, and will be opened again. */
  onBroken?: ((error: unknown) => void) | undefined;
  hints?: ConnectionHints | undefined;
  /** 0 to 1, for the jitter. */
  random?: (() => number) | undefined;
}

const firstDelayMs = 1_000;
const longestDelayMs = 30_000;

/** Wait before attempt `failures` (0-based): 1 s·2ⁿ up to 30 s, of which the upper half is random. */
export const backoffMs = (failures: number, random: number): number => {
  const full = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(failures, 10));
  return Math.round(full / 2 + (full / 2) * random);
};

/**
 * Yields the events of a stream over all its connections, until `isOver` or `signal`. Reopens a lost connection after a growing pause, at once
 * when `hints` reports that the network is back. Throws when the server rejects the request (4xx except 429).
 */
export async function* reopen<T>({
  open,
  isOver,
  signal = new AbortController().signal,
  onBroken,
  hints,
  random = Math.random,
}: ReopenOptions<T>): AsyncGenerator<T, void> {
  let attempt = new AbortController();
  let retryNow: () => void = () => undefined;
  let isPaused = false;
  const unsubscribe = hints?.({
    retryNow: () => {
      isPaused = false;
      retryNow();
    },
    drop: () => attempt.abort(),
    pause: () => {
      isPaused = true;
      attempt.abort();
    },
  });
  try {
    for (let failures = 0; !signal.aborted; failures++) {
      attempt = new AbortController();
      let failure: unknown;
      try {
        for await (const event of open(AbortSignal.any([signal, attempt.signal]), () => (failures = 0))) {
          failures = 0;
          yield event;
          if (isOver?.()) return;
        }
      } catch (error) {
        if (!signal.aborted && isRejected(error)) throw error;
        failure = error;
      }
      if (signal.aborted || isOver?.()) return;
      onBroken?.(failure);
      await new Promise<void>((resolve) => {
        const end = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", end);
          retryNow = () => undefined;
          resolve();
        };
        const timer = setTimeout(
          () => {
            if (!isPaused) end();
          },
          backoffMs(failures, random()),
        );
        signal.addEventListener("abort", end);
        retryNow = () => {
          failures = -1;
          end();
        };
      });
    }
  } finally {
    unsubscribe?.();
  }
}
