import { ApiError } from "@tesslate/contract/client";
import { backoffMs, browserHints, type ConnectionHints } from "./project-stream.ts";

export interface FollowOptions<T> {
  /** Says on every opening how things stand, then what changes. */
  open: (signal: AbortSignal) => AsyncIterable<T>;
  /** Whether this was the last one; without it there is always more to come. */
  isOver?: (event: T) => boolean;
  signal: AbortSignal;
  /** The line broke, by what if by anything, and is asked for again; what was said is from before. */
  onBroken?: (error: unknown) => void;
  hints?: ConnectionHints;
  /** 0..1, for the jitter. */
  random?: () => number;
}

const isRefusal = (error: unknown): boolean =>
  error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;

/**
 * Follows an operation to its end, or to the signal's. A line that breaks or ends too early is opened again, with growing pauses, and at once
 * when the browser is back on line. Throws what the server refuses.
 */
export async function* follow<T>({
  open,
  isOver,
  signal,
  onBroken,
  hints = browserHints,
  random = Math.random,
}: FollowOptions<T>): AsyncGenerator<T, void> {
  let attempt = new AbortController();
  let retryNow: () => void = () => undefined;
  const unhint = hints({ retryNow: () => retryNow(), drop: () => attempt.abort() });
  try {
    for (let failures = 0; !signal.aborted; failures++) {
      attempt = new AbortController();
      let broke: unknown;
      try {
        for await (const event of open(AbortSignal.any([signal, attempt.signal]))) {
          failures = 0;
          yield event;
          if (isOver?.(event)) return;
        }
      } catch (error) {
        if (!signal.aborted && isRefusal(error)) throw error;
        broke = error;
      }
      if (signal.aborted) return;
      onBroken?.(broke);
      await new Promise<void>((resolve) => {
        const end = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", end);
          resolve();
        };
        const timer = setTimeout(end, backoffMs(failures, random()));
        signal.addEventListener("abort", end);
        retryNow = end;
      });
    }
  } finally {
    unhint();
  }
}
