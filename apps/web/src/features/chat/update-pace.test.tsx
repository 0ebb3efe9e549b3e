import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createUpdatePace, type UpdatePace } from "./update-pace.ts";

const frameMs = 16;
/** When the updates happened. */
let updates: number[] = [];
let pace: UpdatePace;
let startedAt = 0;
const now = () => Math.round(performance.now() - startedAt);
const press = () => document.dispatchEvent(new KeyboardEvent("keydown", { key: "a" }));
/** A stream of requests, one every 10 ms. */
const stream = async (ms: number) => {
  for (let spent = 0; spent < ms; spent += 10) {
    pace.request();
    await vi.advanceTimersByTimeAsync(10);
  }
};
const pauses = () => updates.slice(1).map((at, index) => at - (updates[index] ?? 0));

beforeEach(() => {
  vi.useFakeTimers();
  updates = [];
  startedAt = performance.now();
  pace = createUpdatePace(() => updates.push(now()));
});
afterEach(() => {
  pace.end();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("the first request is answered in the next frame, later ones together about every 50 ms", async () => {
  await stream(1000);
  expect(updates[0]).toBeLessThanOrEqual(frameMs);
  expect(Math.min(...pauses())).toBeGreaterThanOrEqual(50);
  expect(Math.max(...pauses())).toBeLessThanOrEqual(50 + 2 * frameMs);
});

test.each([70, 110, 240])("with a key every %i ms an update follows the frame of a key, and comes at most every 150 ms", async (keyMs) => {
  const keys: number[] = [];
  await stream(100);
  for (let n = 0; n < 20; n += 1) {
    keys.push(now());
    press();
    await stream(keyMs);
  }
  const whileTyping = updates.filter((at) => at > (keys[0] ?? 0) + frameMs);
  expect(whileTyping.length).toBeGreaterThan(5);
  for (const at of whileTyping) {
    const sinceKey = at - Math.max(...keys.filter((key) => key <= at));
    expect(sinceKey).toBeGreaterThan(frameMs / 2);
    expect(sinceKey).toBeLessThanOrEqual(2 * frameMs);
  }
  expect(Math.max(...pauses())).toBeLessThanOrEqual(300);
});

test("a key that is held down delays an update to 300 ms, not for ever", async () => {
  await stream(100);
  for (let n = 0; n < 100; n += 1) {
    press();
    await stream(20);
  }
  expect(Math.max(...pauses())).toBeLessThanOrEqual(300 + 2 * frameMs);
  expect(updates.length).toBeGreaterThan(5);
});

test("without requests nothing is updated, and the end updates what was requested", async () => {
  await vi.advanceTimersByTimeAsync(1000);
  press();
  await vi.advanceTimersByTimeAsync(1000);
  expect(updates).toEqual([]);
  pace.request();
  pace.end();
  expect(updates).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1000);
  expect(updates).toHaveLength(1);
});

test("in a hidden page, which gets no frames, updates go on", async () => {
  vi.stubGlobal("requestAnimationFrame", () => 1);
  await stream(1000);
  expect(updates.length).toBeGreaterThanOrEqual(3);
});
