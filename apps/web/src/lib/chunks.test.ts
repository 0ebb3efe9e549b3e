import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ChunkLoadError, loadWithRetry, reloadApp } from "./chunks.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const connectionOf = (onLine: boolean) => Object.assign(new EventTarget(), { navigator: { onLine } });
const broken = () => Promise.reject(new TypeError("network"));

test("retries after a short connection loss", async () => {
  const load = vi
    .fn(async () => "page")
    .mockImplementationOnce(broken)
    .mockImplementationOnce(broken);
  const loaded = loadWithRetry(load, connectionOf(true));
  await vi.advanceTimersByTimeAsync(1300);
  await expect(loaded).resolves.toBe("page");
  expect(load).toHaveBeenCalledTimes(3);
});
test("throws when every retry failed", async () => {
  const load = vi.fn(broken);
  const loaded = expect(loadWithRetry(load, connectionOf(true))).rejects.toThrow(ChunkLoadError);
  await vi.advanceTimersByTimeAsync(5000);
  await loaded;
  expect(load).toHaveBeenCalledTimes(4);
});
test("while offline, waits for the connection and then retries at once", async () => {
  const load = vi.fn(async () => "page").mockImplementationOnce(broken);
  const connection = connectionOf(false);
  const loaded = loadWithRetry(load, connection);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(load).toHaveBeenCalledTimes(1);
  connection.dispatchEvent(new Event("online"));
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
