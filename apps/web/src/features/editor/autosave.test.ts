import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createAutosave } from "./autosave.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function deferred() {
  const ends: (() => void)[] = [];
  const save = vi.fn(() => new Promise<void>((resolve) => void ends.push(resolve)));
  const end = async () => {
    ends.shift()?.();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { save, end };
}

test("30 keystrokes are one write, 800 ms after the last", async () => {
  const { save } = deferred();
  const autosave = createAutosave({ save });
  for (let key = 0; key < 30; key++) {
    autosave.touch();
    await vi.advanceTimersByTimeAsync(60);
  }
  await vi.advanceTimersByTimeAsync(739);
  expect(save).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(save).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(save).toHaveBeenCalledTimes(1);
});

test("typing while a write is on its way: a second write, after the first ended and the pause passed", async () => {
  const { save, end } = deferred();
  const autosave = createAutosave({ save });
  autosave.touch();
  await vi.advanceTimersByTimeAsync(800);
  autosave.touch();
  await vi.advanceTimersByTimeAsync(5000);
  expect(save).toHaveBeenCalledTimes(1);
  await end();
  expect(save).toHaveBeenCalledTimes(2);
  await end();
  expect(autosave.isPending()).toBe(false);
});

test("flush writes at once and cancels the pause", async () => {
  const { save, end } = deferred();
  const autosave = createAutosave({ save });
  autosave.touch();
  const flushed = autosave.flush();
  expect(save).toHaveBeenCalledTimes(1);
  await end();
  await flushed;
  await vi.advanceTimersByTimeAsync(5000);
  expect(save).toHaveBeenCalledTimes(1);
});

test("flush with nothing to save writes nothing", async () => {
  const { save } = deferred();
  await createAutosave({ save }).flush();
  expect(save).not.toHaveBeenCalled();
});

test("a failed write is not repeated by itself; the next keystroke tries again", async () => {
  const save = vi.fn(() => Promise.reject(new Error("412")));
  const autosave = createAutosave({ save });
  autosave.touch();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(save).toHaveBeenCalledTimes(1);
  autosave.touch();
  await vi.advanceTimersByTimeAsync(800);
  expect(save).toHaveBeenCalledTimes(2);
});

test("forget drops what was typed", async () => {
  const { save } = deferred();
  const autosave = createAutosave({ save });
  autosave.touch();
  autosave.forget();
  await vi.advanceTimersByTimeAsync(5000);
  expect(save).not.toHaveBeenCalled();
  expect(autosave.isPending()).toBe(false);
});
