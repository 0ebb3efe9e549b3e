import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { retryRequests } from "./retries.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A server that gives these answers in order: a status, or an error instead of an answer. */
function server(answers: (number | Error)[], headers: Record<string, string> = {}) {
  const requests: Headers[] = [];
  const fetch = retryRequests(async (_url, init) => {
    requests.push(new Headers(init.headers));
    const answer = answers[requests.length - 1] ?? 500;
    if (answer instanceof Error) throw answer;
    return new Response(null, { status: answer, headers });
  }, 2);
  return { fetch, requests };
}
const lost = () => new TypeError("network");

test.each([
  ["GET", [lost(), 503, 200], 200, 3],
  ["GET", [502, 504, 503], 503, 3],
  ["GET", [500], 500, 1],
  ["GET", [404], 404, 1],
  ["POST", [lost(), 201], 201, 2],
  ["DELETE", [429, 204], 204, 2],
  ["DELETE", [503], 503, 1],
] as const)("%s answered by %s: status %i after %i requests", async (method, answers, status, count) => {
  const { fetch, requests } = server([...answers]);
  const response = fetch("/", { method });
  await vi.advanceTimersByTimeAsync(10_000);
  expect([(await response).status, requests.length]).toEqual([status, count]);
});

test("a change that may have happened is not repeated", async () => {
  const { fetch, requests } = server([lost(), 204]);
  await expect(fetch("/", { method: "PUT" })).rejects.toThrow("network");
  expect(requests).toHaveLength(1);
});

test("a POST is repeated with the same Idempotency-Key", async () => {
  const { fetch, requests } = server([lost(), 201]);
  const response = fetch("/", { method: "POST" });
  await vi.advanceTimersByTimeAsync(1_000);
  await response;
  const keys = requests.map((headers) => headers.get("idempotency-key"));
  expect(keys[0]).toMatch(/^[\da-f-]{36}$/);
  expect(keys[1]).toBe(keys[0]);
});

test("waits as long as Retry-After requires, but not after the signal aborts", async () => {
  const { fetch, requests } = server([429, 200], { "retry-after": "7" });
  const response = fetch("/", { method: "GET" });
  await vi.advanceTimersByTimeAsync(6_999);
  expect(requests).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect((await response).status).toBe(200);

  const abort = new AbortController();
  const busy = server([429, 200], { "retry-after": "7" });
  const stopped = busy.fetch("/", { method: "GET", signal: abort.signal });
  stopped.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(0);
  abort.abort(new Error("stopped"));
  await expect(stopped).rejects.toThrow("stopped");
  expect(busy.requests).toHaveLength(1);
});
