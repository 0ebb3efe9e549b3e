import { setTimeout as sleep } from "node:timers/promises";

export interface RetryOptions {
  /** Waits before the second try, the third … */
  backoffMs: readonly number[];
  /** Longest wait that an answer may ask for (`Retry-After`); who asks for more gets no other try. */
  maxWaitMs: number;
}

/** The answer says that there were too many calls: 429, or the 403 that some providers give instead. */
export const isRateLimited = ({ status, headers }: Response): boolean =>
  status === 429 || (status === 403 && (headers.has("retry-after") || headers.get("x-ratelimit-remaining") === "0"));

/** Seconds that the answer asks to wait; undefined where it says nothing of it. */
export function retryAfterOf({ headers }: Response): number | undefined {
  const given = headers.get("retry-after") ?? undefined;
  if (given === undefined) return undefined;
  const seconds = /^\d+$/.test(given) ? Number(given) : (Date.parse(given) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}

/**
 * Calls again what may be called again: a read after a broken connection, too many calls (429) or a 5xx; a write only when the other side says
 * that it did nothing (429, 503). The last answer, or the last failure, is the caller's. The call's own `signal` ends it all.
 */
export function withRetries(fetch: typeof globalThis.fetch, { backoffMs, maxWaitMs }: RetryOptions): typeof globalThis.fetch {
  return async (input, init) => {
    const isRead = ["GET", "HEAD"].includes((init?.method ?? "GET").toUpperCase());
    const signal = init?.signal ?? undefined;
    for (const wait of backoffMs) {
      let waitMs = wait;
      try {
        const response = await fetch(input, init);
        const isAgain = isRateLimited(response) || response.status === 503 || (isRead && response.status >= 500);
        if (!isAgain) return response;
        waitMs = Math.max(wait, (retryAfterOf(response) ?? 0) * 1000);
        if (waitMs > maxWaitMs) return response;
        await response.body?.cancel();
      } catch (error) {
        // What was refused on our side is refused again.
        if (!isRead || signal?.aborted || !(error instanceof TypeError)) throw error;
      }
      await sleep(waitMs, undefined, { ...(signal && { signal }) });
    }
    return fetch(input, init);
  };
}
