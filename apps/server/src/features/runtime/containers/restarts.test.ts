import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createLogger } from "../../../platform/logger.ts";
import { createRestarts } from "./restarts.ts";

// A fake clock: time passes only when a test advances it.
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function setup({ attempts = 3, firstMs = 20, capMs = 50, stableMs = 200, isKept = false } = {}) {
  const due: string[] = [];
  const restarts = createRestarts({
    backoff: { attempts, firstMs, capMs, stableMs },
    isKept: async () => isKept,
    restart: async (projectId, service) => void due.push(`${projectId}/${service}`),
    log: createLogger("silent"),
  });
  const runs = () => restarts.seen("p", { name: "web", status: "running" });
  const wait = async () => {
    const { at, restarts: count } = await restarts.failed("p", "web");
    return { count, waitMs: at === undefined ? undefined : at - Date.now() };
  };
  return { restarts, due, runs, wait };
}

test("doubles the delay up to a limit and gives up after the configured attempts", async () => {
  const { restarts, due, runs, wait } = setup();
  for (const [count, waitMs] of [
    [1, 20],
    [2, 40],
    [3, 50],
  ]) {
    runs();
    expect(await wait()).toEqual({ count, waitMs });
    expect(restarts.isPending("p")).toBe(true);
    await vi.waitFor(() => expect(due).toHaveLength(count ?? 0));
    expect(restarts.isPending("p")).toBe(false);
  }
  runs();
  expect(await wait()).toEqual({ count: 3, waitMs: undefined });
  await pass(80);
  expect(due).toEqual(["p/web", "p/web", "p/web"]);
});

test("a failure during a restart counts as the same crash loop", async () => {
  const { due, runs, wait } = setup();
  runs();
  await wait();
  await vi.waitFor(() => expect(due).toHaveLength(1));
  expect(await wait()).toEqual({ count: 2, waitMs: 40 });
});

test("resets the backoff after a stable run", async () => {
  const { runs, wait } = setup({ stableMs: 60 });
  runs();
  expect(await wait()).toMatchObject({ count: 1 });
  await pass(30);
  runs();
  expect(await wait()).toMatchObject({ count: 2 });
  await pass(60);
  runs();
  await pass(80);
  expect(await wait()).toMatchObject({ count: 1, waitMs: 20 });
});

test("does not restart a container that never started, unless it is always-on", async () => {
  const { due, wait } = setup();
  expect(await wait()).toEqual({ count: 0, waitMs: undefined });
  const kept = setup({ isKept: true, attempts: 1 });
  for (let count = 1; count < 4; count++) {
    expect(await kept.wait()).toMatchObject({ count });
    await vi.waitFor(() => expect(kept.due).toHaveLength(count));
  }
  expect(due).toEqual([]);
});

test("a stop, a manual start and 0 attempts end the loop", async () => {
  const { restarts, due, runs, wait } = setup();
  runs();
  await wait();
  restarts.seen("p", { name: "web", status: "stopped" });
  runs();
  await wait();
  restarts.forget("p");
  const off = setup({ attempts: 0, isKept: true });
  off.runs();
  expect(await off.wait()).toEqual({ count: 0, waitMs: undefined });
  await pass(60);
  expect([due, off.due]).toEqual([[], []]);
});
