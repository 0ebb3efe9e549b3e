import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, inject, onTestFinished, test } from "vitest";
import { until } from "../conformance/observe.ts";
import { createProcessDriver } from "../process/driver.ts";
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
