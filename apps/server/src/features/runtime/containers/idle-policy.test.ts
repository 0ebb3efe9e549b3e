import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Sandbox } from "@tesslate/runtime";
import { createLogger } from "../../../platform/logger.ts";
import { createIdlePolicy, type Rest } from "./idle-policy.ts";

// A fake clock: time passes only when a test advances it.
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function setup({ freezeMs = 100, stopMs = 0, canFreeze = true, freezeTakesMs = 0, rest = {} as Record<string, Rest> } = {}) {
  const calls: string[] = [];
  const used: string[] = [];
  const sandbox = {
    freeze: async () => {
      if (freezeTakesMs > 0) await new Promise((resolve) => setTimeout(resolve, freezeTakesMs));
      calls.push("freeze");
    },
    thaw: async () => void calls.push("thaw"),
  } as unknown as Sandbox;
  const policy = createIdlePolicy({
    times: { freezeMs, stopMs, canFreeze: () => canFreeze },
    sandbox: async () => sandbox,
    restOf: async (ids) => new Map(ids.flatMap((id) => (rest[id] ? [[id, rest[id]] as const] : []))),
    stop: async (id) => void calls.push(`stop ${id}`),
    stillUsed: (id) => void used.push(id),
    log: createLogger("silent"),
  });
  return { policy, calls, used };
}

test("freezes an idle project once and thaws it before use", async () => {
  const { policy, calls } = setup();
  policy.watch("p");
  await vi.waitFor(() => expect(calls).toEqual(["freeze"]));
  await pass(200);
  expect(calls).toEqual(["freeze"]);
  await policy.awake("p");
  expect(calls).toEqual(["freeze", "thaw"]);
  policy.close();
});

test("activity keeps it awake", async () => {
  const { policy, calls } = setup({ freezeMs: 200 });
  policy.watch("p");
  for (let i = 0; i < 10; i++) {
    await pass(40);
    await policy.awake("p");
  }
  expect(calls).toEqual([]);
  policy.close();
});

test("a hold keeps it awake while it lasts", async () => {
  const { policy, calls } = setup();
  policy.watch("p");
  const release = await policy.keepAwake("p");
  await pass(300);
  expect(calls).toEqual([]);
  release();
  release();
  await vi.waitFor(() => expect(calls).toEqual(["freeze"]));
  policy.close();
});

test("a caller during a freeze waits for it", async () => {
  const { policy, calls } = setup({ freezeTakesMs: 80 });
  policy.watch("p");
  await pass(160);
  const awake = policy.awake("p");
  expect(calls).toEqual([]);
  await pass(80);
  await awake;
  expect(calls).toEqual(["freeze", "thaw"]);
  policy.close();
});

test("stops what stays idle, frozen or not, and only projects that it watches", async () => {
  const { policy, calls } = setup({ freezeMs: 60, stopMs: 250 });
  policy.watch("p");
  policy.watch("q");
  policy.forget("q");
  await vi.waitFor(() => expect(calls).toContain("stop p"));
  expect(calls.filter((c) => c.startsWith("stop"))).toEqual(["stop p"]);
  policy.close();
});

test("thaws a project that was found frozen on first use", async () => {
  const { policy, calls } = setup();
  policy.watch("p", true);
  await policy.awake("p");
  expect(calls).toEqual(["thaw"]);
  policy.close();
});

test("counts activity seen by other server processes, and always-on projects never sleep", async () => {
  const rest: Record<string, Rest> = { p: { idleMs: 0, isKept: false }, q: { idleMs: 1e9, isKept: true } };
  const { policy, calls } = setup({ freezeMs: 60, stopMs: 150, rest });
  policy.watch("p");
  policy.watch("q");
  await pass(500);
  expect(calls).toEqual([]);
  delete rest["p"];
  await vi.waitFor(() => expect(calls).toContain("stop p"));
  expect(calls).not.toContain("stop q");
  policy.close();
});

test("frees a slot by stopping the least recently used project, never a held or always-on one", async () => {
  const rest: Record<string, Rest> = { kept: { idleMs: 1e9, isKept: true } };
  const { policy } = setup({ freezeMs: 50, rest });
  for (const id of ["held", "kept", "old", "young"]) policy.watch(id);
  expect(await policy.leastRecentlyUsed()).toBeUndefined();
  const release = policy.hold("held");
  await pass(20);
  await policy.awake("young");
  await pass(80);
  expect(await policy.leastRecentlyUsed()).toBe("old");
  expect(await policy.leastRecentlyUsed(new Set(["young", "kept", "held"]))).toBe("young");
  expect(await policy.leastRecentlyUsed(new Set(["kept", "held"]))).toBeUndefined();
  release();
  policy.close();
});

test("reports held projects periodically", async () => {
  const { policy, used } = setup({ freezeMs: 200 });
  policy.watch("p");
  const release = policy.hold("p");
  await vi.waitFor(() => expect(used.length).toBeGreaterThan(1));
  release();
  policy.close();
});
