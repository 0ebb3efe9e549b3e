import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "./api-error.ts";
import { backoffMs, reopen, type ConnectionHints } from "./reopen.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Reads a stream whose connections each yield the given numbers, then end or fail. 100 is the last event. */
function read(connections: (number | Error)[][], stop = new AbortController()) {
  const received: number[] = [];
  const opened: AbortSignal[] = [];
  let broken = 0;
  const hints: Parameters<ConnectionHints>[0][] = [];
  const end = (async () => {
    const events = reopen({
      async *open(signal): AsyncGenerator<number> {
        opened.push(signal);
        for (const event of connections[opened.length - 1] ?? []) {
          if (event instanceof Error) throw event;
          yield event;
        }
      },
      isOver: () => received.includes(100),
      signal: stop.signal,
      onBroken: () => void broken++,
      hints: (given) => {
        hints.push(given);
        return () => void hints.pop();
      },
      random: () => 1,
    });
    for await (const event of events) received.push(event);
  })();
  end.catch(() => undefined);
  return { received, opened, end, hints, stop, broken: () => broken };
}
const lost = () => new TypeError("network");
const answer = (status: number) => new ApiError(status, { detail: "no" });

test("a connection that breaks or ends early is reopened until the stream is over", async () => {
  const { received, opened, end, hints, broken } = read([[1, lost()], [], [answer(502)], [answer(429)], [50, 100]]);
  await vi.advanceTimersByTimeAsync(60_000);
  await end;
  expect([received, opened.length, broken(), hints.length]).toEqual([[1, 50, 100], 5, 4, 0]);
});

test("throws what the server rejects", async () => {
  const { end, opened, hints } = read([[1, answer(404)]]);
  await expect(end).rejects.toThrow("no");
  expect([opened.length, hints.length]).toEqual([1, 0]);
});

test("the pauses grow, and end when the network is back", async () => {
  const { opened, end, hints } = read([[lost()], [lost()], [lost()], [100]]);
  await vi.advanceTimersByTimeAsync(999);
  expect(opened.length).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(opened.length).toBe(2);
  await vi.advanceTimersByTimeAsync(1_999);
  expect(opened.length).toBe(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(opened.length).toBe(3);
  hints[0]?.retryNow();
  await vi.advanceTimersByTimeAsync(0);
  await end;
  expect(opened.length).toBe(4);
});

test("a paused stream is closed and stays closed until it is wanted again", async () => {
  const opened: AbortSignal[] = [];
  let hints: Parameters<ConnectionHints>[0] | undefined;
  const stop = new AbortController();
  const events = reopen<number>({
    async *open(signal) {
      opened.push(signal);
      yield opened.length;
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(lost())));
    },
    signal: stop.signal,
    hints: (given) => {
      hints = given;
      return () => undefined;
    },
    random: () => 1,
  });
  const received: number[] = [];
  const end = (async () => {
    for await (const event of events) received.push(event);
  })();
  await vi.advanceTimersByTimeAsync(0);
  hints?.pause();
  await vi.advanceTimersByTimeAsync(120_000);
  expect([opened.length, opened[0]?.aborted]).toEqual([1, true]);
  hints?.retryNow();
  await vi.advanceTimersByTimeAsync(0);
  expect([opened.length, opened[1]?.aborted]).toEqual([2, false]);
  // While it waits for the next attempt, too.
  hints?.drop();
  await vi.advanceTimersByTimeAsync(0);
  hints?.pause();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(opened.length).toBe(2);
  hints?.retryNow();
  await vi.advanceTimersByTimeAsync(0);
  expect(opened.length).toBe(3);
  stop.abort();
  await end;
  expect(received).toEqual([1, 2, 3]);
});

test("an abort ends the pause", async () => {
  const { opened, end, stop, broken } = read([[1, lost()]]);
  await vi.advanceTimersByTimeAsync(0);
  stop.abort();
  await end;
  expect([opened.length, broken()]).toEqual([1, 1]);
});

describe("backoff", () => {
  test.each([
    [0, 0, 500],
    [0, 1, 1000],
    [1, 1, 2000],
    [3, 1, 8000],
    [5, 1, 30_000],
    [50, 0, 15_000],
  ])("attempt %i with random %d waits %i ms", (failures, random, ms) => expect(backoffMs(failures, random)).toBe(ms));
});
