import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { shellWorld } from "../../../testing/shell.ts";

test("disconnects a stalled viewer with 1013; the others continue", { timeout: 60_000 }, async () => {
  await using p = await shellWorld({ stalledMs: 600, scrollbackBytes: 100_000 });
  const { id } = await p.open({ command: "cat >/dev/null & exec yes 0123456789012345678901234567890123456789" });
  const [slow, quick] = [await p.attach(id), await p.attach(id)];
  await quick.waitFor(/0123/);
  slow.socket.pause();
  const before = quick.text().length;
  // Far more than the connection's buffers hold: it is disconnected before the other viewer has received everything.
  const much = 30_000_000;
  for (const until = Date.now() + 40_000; quick.text().length < before + much && Date.now() < until; await sleep(20));
  expect(quick.text().length).toBeGreaterThan(before + much);
  slow.socket.resume();
  expect(await slow.closed).toBe(1013);
  expect(quick.frames.some((f) => f.type === "exit")).toBe(false);
});

test("a session without input is idle: one that only writes is closed with 4408, one with input lives until 4410", async () => {
  await using p = await shellWorld({ idleMs: 1800, maxLifeMs: 6000, sweepMs: 50 });
  const [noisy, used] = [await p.open({ command: "while :; do echo tick; sleep 0.1; done" }), await p.open({ command: "cat" })];
  const [a, b] = [await p.attach(noisy.id), await p.attach(used.id)];
  await a.waitFor(/tick/);
  const typing = setInterval(() => b.type("x"), 200);
  expect(await a.closed).toBe(4408);
  expect(a.frames.at(-1)).toMatchObject({ type: "status" });
  expect(await b.closed).toBe(4410);
  clearInterval(typing);
  expect(await p.app.as(p.owner).shell.get({ params: { id: noisy.id } })).toMatchObject({
    status: "closed",
    closed_at: expect.any(String),
    bytes_written: 0,
  });
  const row = await p.app.as(p.owner).shell.get({ params: { id: used.id } });
  expect(row.bytes_written).toBeGreaterThan(5);
  expect(row.total_reads).toBe(1);
  // A closed session accepts no sockets and cannot be deleted again.
  expect(await (await p.attach(used.id)).closed).toBe(4404);
  expect((await p.app.request(`/api/shell/sessions/${used.id}`, { method: "DELETE", user: p.owner })).status).toBe(404);
});
