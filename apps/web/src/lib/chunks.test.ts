import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MissingPart, patiently, reloadApp } from "./chunks.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const lineOf = (onLine: boolean) => Object.assign(new EventTarget(), { navigator: { onLine } });
const broken = () => Promise.reject(new TypeError("network"));

test("a line that breaks for a moment is waited out", async () => {
  const load = vi
    .fn(async () => "page")
    .mockImplementationOnce(broken)
    .mockImplementationOnce(broken);
  const loaded = patiently(load, lineOf(true));
  await vi.advanceTimersByTimeAsync(1300);
  await expect(loaded).resolves.toBe("page");
  expect(load).toHaveBeenCalledTimes(3);
});
test("a part that is not there is an error in the end", async () => {
  const load = vi.fn(broken);
  const loaded = expect(patiently(load, lineOf(true))).rejects.toThrow(MissingPart);
  await vi.advanceTimersByTimeAsync(5000);
  await loaded;
  expect(load).toHaveBeenCalledTimes(4);
});
test("without a line nothing is asked until it is back, and then at once", async () => {
  const load = vi.fn(async () => "page").mockImplementationOnce(broken);
  const line = lineOf(false);
  const loaded = patiently(load, line);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(load).toHaveBeenCalledTimes(1);
  line.dispatchEvent(new Event("online"));
  await expect(loaded).resolves.toBe("page");
});

test("the app is reloaded only while the server answers: otherwise the browser's error page would take its place", async () => {
  const reload = vi.fn();
  const answer = vi.spyOn(globalThis, "fetch");
  answer.mockRejectedValueOnce(new TypeError("Failed to fetch"));
  expect(await reloadApp(reload)).toBe(false);
  answer.mockResolvedValueOnce(new Response(null, { status: 503 }));
  expect(await reloadApp(reload)).toBe(false);
  expect(reload).not.toHaveBeenCalled();
  answer.mockResolvedValueOnce(new Response("{}"));
  expect(await reloadApp(reload)).toBe(true);
  expect(reload).toHaveBeenCalledOnce();
  answer.mockRestore();
});
