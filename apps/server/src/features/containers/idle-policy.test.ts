import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import type { Sandbox } from "@tesslate/runtime";
import { createLogger } from "../../platform/logger.ts";
import { createIdlePolicy } from "./idle-policy.ts";

function setup({ freezeMs = 100, stopMs = 0, canFreeze = true, freezeTakesMs = 0 } = {}) {
  const calls: string[] = [];
  const sandbox = {
    freeze: async () => {
      await sleep(freezeTakesMs);
      calls.push("freeze");
    },
    thaw: async () => void calls.push("thaw"),
  } as unknown as Sandbox;
  const policy = createIdlePolicy({ freezeMs, stopMs, canFreeze, sandbox: async () => sandbox, log: createLogger("silent") });
  policy.onIdle(async (id) => void calls.push(`stop ${id}`));
  return { policy, calls };
}

test("an idle project is frozen once, and thawed before its user goes on", async () => {
  const { policy, calls } = setup();
  policy.watch("p");
  await vi.waitFor(() => expect(calls).toEqual(["freeze"]));
  await sleep(200);
  expect(calls).toEqual(["freeze"]);
  await policy.awake("p");
  expect(calls).toEqual(["freeze", "thaw"]);
  policy.close();
});

test("activity keeps it awake", async () => {
  const { policy, calls } = setup({ freezeMs: 200 });
  policy.watch("p");
  for (let i = 0; i < 10; i++) {
    await sleep(40);
    await policy.awake("p");
  }
  expect(calls).toEqual([]);
  policy.close();
});

test("a hold keeps it awake for as long as it lasts", async () => {
  const { policy, calls } = setup();
  policy.watch("p");
  const release = await policy.keepAwake("p");
  await sleep(300);
  expect(calls).toEqual([]);
  release();
  release();
  await vi.waitFor(() => expect(calls).toEqual(["freeze"]));
  policy.close();
});

test("who comes during a freeze waits behind it", async () => {
  const { policy, calls } = setup({ freezeTakesMs: 80 });
  policy.watch("p");
  await sleep(160);
  await policy.awake("p");
  expect(calls).toEqual(["freeze", "thaw"]);
  policy.close();
});

test("it stops what stays idle, frozen or not, and never what it does not watch", async () => {
  const { policy, calls } = setup({ freezeMs: 60, stopMs: 250 });
  policy.watch("p");
  policy.watch("q");
  policy.forget("q");
  await vi.waitFor(() => expect(calls).toContain("stop p"));
  expect(calls.filter((c) => c.startsWith("stop"))).toEqual(["stop p"]);
  policy.close();
});

test("a project found frozen is thawed on first use", async () => {
  const { policy, calls } = setup();
  policy.watch("p", true);
  await policy.awake("p");
  expect(calls).toEqual(["thaw"]);
  policy.close();
});
