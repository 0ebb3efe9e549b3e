import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, inject, onTestFinished, test } from "vitest";
import { until } from "../conformance/observe.ts";
import { createProcessDriver } from "../process/driver.ts";
import type { Pty } from "../types.ts";
import { startRemote } from "./remote.fixture.ts";

test.skipIf(process.platform !== "linux")(
  "a terminal continues on the next connection, and a paused one holds its program back",
  async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "runner-"));
    const driver = await createProcessDriver({ dataDir, machine: inject("machine") });
    onTestFinished(async () => {
      await driver.close();
      await rm(dataDir, { recursive: true, force: true });
    });
    await using remote = await startRemote(driver);
    const sandbox = await (await remote.connect()).open({ id: "a" });
    const pty = await sandbox.pty([
      "sh",
      "-c",
      "stty -echo; echo ready; while read -r line; do echo got $line; [ $line != flood ] || yes; done",
    ]);
    let screen = "";
    let size = 0;
    pty.onData((data) => {
      size += data.length;
      if (screen.length < 10_000) screen += new TextDecoder().decode(data);
    });
    await until(() => screen.includes("ready"));
    const expected = ["ready"];
    for (let n = 0; n < 20; n++) {
      pty.write(`line${n}\n`);
      if (n % 5 === 4) remote.proxy.cut();
      expected.push(`got line${n}`);
    }
    await until(() => screen.includes("got line19"));
    expect(screen.split("\r\n").filter(Boolean)).toEqual(expected);

    pty.write("flood\n");
    await until(() => size > 100_000);
    pty.pause();
    await sleep(200);
    const before = size;
    await sleep(300);
    // What was on its way is not more than the window of the call.
    expect(size - before).toBe(0);
    pty.resume();
    await until(() => size > before + 3_000_000);
    const exited = new Promise<void>((resolve) => pty.onExit(() => resolve()));
    await pty.kill();
    await exited;
    expect(await sandbox.programs()).toEqual([]);
  },
  60_000,
);

test.skipIf(process.platform !== "linux")(
  "a kept terminal outlives the server that opened it: the next ones see its last output and type into it",
  async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "runner-"));
    const driver = await createProcessDriver({ dataDir, machine: inject("machine") });
    onTestFinished(async () => {
      await driver.close();
      await rm(dataDir, { recursive: true, force: true });
    });
    await using remote = await startRemote(driver);
    const screenOf = (pty: Pty) => {
      const screen = { text: "", exit: undefined as { exitCode: number | null } | undefined };
      pty.onData((data) => (screen.text += new TextDecoder().decode(data)));
      pty.onExit((exit) => (screen.exit = exit));
      return screen;
    };
    const command = ["sh", "-c", "stty -echo; echo ready; while read -r line; do [ $line != exit ] || exit 3; echo got $line; done"];
    const first = await (await remote.connect()).open({ id: "a", takesOver: true });
    const kept = await first.pty(command, { keepAs: "terminal-1" });
    const screen = screenOf(kept);
    await until(() => screen.text.includes("ready"));
    kept.write("one\n");
    await until(() => screen.text.includes("got one"));

    // The first server is still connected, as one that was suspended.
    const secondDriver = await remote.connect();
    const second = await secondDriver.open({ id: "a", takesOver: true });
    const continued = await second.attachPty?.("terminal-1");
    if (!continued) throw new Error("terminals of a runner can be continued");
    const next = screenOf(continued);
    await until(() => next.text.includes("got one"));
    expect(next.text).toContain("ready");
    await until(() => screen.exit !== undefined);
    await expect(first.attachPty?.("terminal-1")).rejects.toMatchObject({ code: "unavailable" });
    continued.write("two\n");
    await until(() => next.text.includes("got two"));
    expect(screen.text).not.toContain("got two");

    // It hands the terminal over, and ends.
    await continued.detach?.();
    expect(next.exit).toBeUndefined();
    await secondDriver.close({ leaveRunning: true });
    const third = await (await remote.connect()).open({ id: "a", takesOver: true });
    const again = await third.attachPty?.("terminal-1");
    if (!again) throw new Error("terminals of a runner can be continued");
    const last = screenOf(again);
    again.write("exit\n");
    await until(() => last.exit !== undefined);
    expect([last.exit, last.text.replaceAll("\r\n", " ").trim()]).toEqual([{ exitCode: 3 }, "ready got one got two"]);
    await expect(third.attachPty?.("terminal-1")).rejects.toMatchObject({ code: "not_found" });
    await expect(third.attachPty?.("another")).rejects.toMatchObject({ code: "not_found" });
    expect(await third.programs()).toEqual([]);
  },
  60_000,
);
