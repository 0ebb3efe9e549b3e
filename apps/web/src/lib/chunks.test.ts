import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { patiently } from "./chunks.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a line that breaks for a moment is waited out", async () => {
  const load = vi
    .fn(async () => "page")
    .mockRejectedValueOnce(new TypeError("network"))
    .mockRejectedValueOnce(new TypeError("network"));
  const loaded = patiently(load);
  await vi.advanceTimersByTimeAsync(1300);
  await expect(loaded).resolves.toBe("page");
  expect(load).toHaveBeenCalledTimes(3);
});
test("a part that is not there is an error in the end", async () => {
  const load = vi.fn(() => Promise.reject(new TypeError("gone")));
  const loaded = expect(patiently(load)).rejects.toThrow("gone");
  await vi.advanceTimersByTimeAsync(5000);
  await loaded;
  expect(load).toHaveBeenCalledTimes(4);
});
