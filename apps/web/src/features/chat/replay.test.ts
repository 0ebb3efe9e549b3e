import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RunEvent } from "@tesslate/contract";
import { replayRun } from "./replay.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const event = (seq: number) => ({ seq, task_id: "t1", type: "text_chunk", data: { content: "x", iteration: 1 } }) as RunEvent;
const hang = () => new Promise<never>(() => undefined);

async function run(events: AsyncIterable<RunEvent>, firstLiveSeq: () => number | undefined = () => undefined) {
  const seen: number[] = [];
  let isOver = false;
  const ended = replayRun({ events, onEvent: (found) => seen.push(found.seq), firstLiveSeq }).then(() => {
    isOver = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  return { seen, ended, isOver: () => isOver };
}

test("ends with the run", async () => {
  const { seen, ended } = await run(
    (async function* () {
      yield event(1);
      yield event(2);
    })(),
  );
  await ended;
  expect(seen).toEqual([1, 2]);
});

test("stops where the live stream began", async () => {
  const { seen, ended } = await run(
    (async function* () {
      yield event(1);
      yield event(2);
      yield event(3);
      await hang();
    })(),
    () => 3,
  );
  await ended;
  expect(seen).toEqual([1, 2]);
});

test("stops after silence, but waits for the first answer as long as it takes", async () => {
  const { seen, isOver } = await run(
    (async function* () {
      await new Promise((resolve) => setTimeout(resolve, 5000));
      yield event(1);
      await hang();
    })(),
  );
  await vi.advanceTimersByTimeAsync(4999);
  expect(isOver()).toBe(false);
  await vi.advanceTimersByTimeAsync(401);
  expect(seen).toEqual([1]);
  expect(isOver()).toBe(true);
});

test("a broken replay is the caller's to know", async () => {
  await expect(
    replayRun({
      // oxlint-disable-next-line require-yield
      events: (async function* () {
        throw new Error("404");
      })(),
      onEvent: () => undefined,
      firstLiveSeq: () => undefined,
    }),
  ).rejects.toThrow("404");
});
