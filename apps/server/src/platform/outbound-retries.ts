import { setTimeout as sleep } from "node:timers/promises";

export interface RetryOptions {
  /** Delays before the second attempt, the third … */
  backoffMs: readonly number[];
  /** Longest accepted `Retry-After`; a longer one is not retried. */
  maxWaitMs: number;
}

/** Whether a response is a rate limit: 429, or the 403 that some providers send. */
export const isRateLimited = ({ status, headers }: Response): boolean =>
  status === 429 || (status === 403 && (headers.has("retry-after") || headers.get("x-ratelimit-remaining") === "0"));

/** Seconds from `Retry-After`, if present. */
export function retryAfterOf({ headers }: Response): number | undefined {
  const given = headers.get("retry-after") ?? undefined;
  if (given === undefined) return undefined;
  const seconds = /^\d+$/.test(given) ? Number(given) : (Date.parse(given) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}

/**
 * Retries requests: reads after a connection error, 429 or 5xx; writes only on 429 and 503, when the server did not process
 * them. Returns the last response or throws the last error. The request's `signal` ends the retries.
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
        // Requests we refused are not retried.
        if (!isRead || signal?.aborted || !(error instanceof TypeError)) throw error;
      }
      await sleep(waitMs, undefined, { ...(signal && { signal }) });
    }
    return fetch(input, init);
  };
}
