import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { shellPlace } from "../../testing/shell.ts";

test("a viewer that takes nothing is let go with 1013; the others go on", { timeout: 60_000 }, async () => {
  await using p = await shellPlace({ stalledMs: 600, scrollbackBytes: 100_000 });
  const { id } = await p.open({ command: "cat >/dev/null & exec yes 0123456789012345678901234567890123456789" });
  const [slow, quick] = [await p.attach(id), await p.attach(id)];
  await quick.waitFor(/0123/);
  slow.socket.pause();
  const before = quick.text().length;
  // Far more than the buffers of its line hold: it has to be let go before the other one can have all this.
  const much = 30_000_000;
  for (const until = Date.now() + 40_000; quick.text().length < before + much && Date.now() < until; await sleep(20));
  expect(quick.text().length).toBeGreaterThan(before + much);
  slow.socket.resume();
  expect(await slow.closed).toBe(1013);
  expect(quick.frames.some((f) => f.type === "exit")).toBe(false);
});
