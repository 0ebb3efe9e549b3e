type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const firstPauseMs = 500;
const longestPauseMs = 60_000;

/**
 * Repeats requests that the server did not answer (network errors, 502, 503, 504) or was too busy for (429, after its `Retry-After`). Requests
 * that could take effect twice are only repeated after a 429; a POST carries an `Idempotency-Key`, so that it cannot.
 */
export function retryRequests(fetch: Fetch, maxRetries: number): Fetch {
  if (maxRetries === 0) return fetch;
  return async (url, given) => {
    const method = given.method ?? "GET";
    const headers = new Headers(given.headers);
    if (method === "POST" && !headers.has("idempotency-key")) headers.set("idempotency-key", crypto.randomUUID());
    const init = { ...given, headers };
    const isRepeatable = method === "GET" || method === "POST";
    for (let attempt = 0; ; attempt++) {
      let response: Response | undefined;
      try {
        response = await fetch(url, init);
        if (response.status !== 429 && !(isRepeatable && [502, 503, 504].includes(response.status))) return response;
        if (attempt >= maxRetries) return response;
      } catch (error) {
        if (given.signal?.aborted || !isRepeatable || attempt >= maxRetries) throw error;
      }
      const retryAfterMs = Number(response?.headers.get("retry-after")) * 1000;
      await response?.body?.cancel();
      await pause(Math.min(retryAfterMs > 0 ? retryAfterMs : firstPauseMs * 2 ** attempt, longestPauseMs), given.signal ?? undefined);
    }
  };
}

const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
