import { ApiError } from "@tesslate/contract/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { follow } from "./follow.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Line = (number | Error)[];
/** Each opening says its line: numbers, then its end or what breaks it. */
function followed(lines: Line[], { isOver = (n: number) => n === 100, stop = new AbortController() } = {}) {
  const heard: number[] = [];
  const opened: AbortSignal[] = [];
  let broken = 0;
  const hints: { retryNow: () => void; drop: () => void }[] = [];
  const end = (async () => {
    const events = follow({
      async *open(signal): AsyncGenerator<number> {
        opened.push(signal);
        for (const said of lines[opened.length - 1] ?? []) {
          if (said instanceof Error) throw said;
          yield said;
        }
      },
      isOver,
      signal: stop.signal,
      onBroken: () => void broken++,
      hints: (given) => {
        hints.push(given);
        return () => void hints.pop();
      },
      random: () => 1,
    });
    for await (const n of events) heard.push(n);
  })();
  end.catch(() => undefined);
  return { heard, opened, end, hints, stop, broken: () => broken };
}
const lost = () => new TypeError("network");
const answered = (status: number) => new ApiError(status, { detail: "no" });

test("a line that breaks or ends too early is opened again until the last word is said", async () => {
  const { heard, opened, end, hints, broken } = followed([[1, lost()], [], [answered(502)], [answered(429)], [50, 100, 101]]);
  await vi.advanceTimersByTimeAsync(60_000);
  await end;
  expect([heard, opened.length, broken(), hints.length]).toEqual([[1, 50, 100], 5, 4, 0]);
});

test("what is refused is thrown", async () => {
  const { end, opened, hints } = followed([[1, answered(404)]]);
  await expect(end).rejects.toThrow("no");
  expect([opened.length, hints.length]).toEqual([1, 0]);
});

test("the pauses grow, and end when the browser is back on line", async () => {
  const { opened, end, hints } = followed([[lost()], [lost()], [lost()], [100]]);
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

test("who stops listening waits for nothing", async () => {
  const { opened, end, stop, broken } = followed([[1, lost()]]);
  await vi.advanceTimersByTimeAsync(0);
  stop.abort();
  await end;
  expect([opened.length, broken()]).toEqual([1, 1]);
});
