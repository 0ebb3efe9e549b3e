import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { processesWith, until, untilEnded } from "../conformance/observe.ts";
import { describeCrashes } from "../crashes.ts";
import { openSandboxDriver, unavailableHere } from "../sandbox/availability.ts";
import { createRemoteDriver } from "./client/driver.ts";
import { quick, token } from "./remote.fixture.ts";
import { createRunner } from "./runner/runner.ts";

describeCrashes({ driver: "sandbox", machine: inject("machine") }, { skip: unavailableHere(), isOnRunner: true });

describe.skipIf(unavailableHere() !== undefined)("a runner whose server is killed", () => {
  test("ends its commands and terminals after the grace; services go on for the next server", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "runner-"));
    const driver = await openSandboxDriver({ dataDir });
    const runner = await createRunner({ driver, token, listen: { host: "127.0.0.1", port: 0 }, version: "0", timing: quick });
    const remote = { url: runner.url, token, timing: quick };
    const mark = String(1_000_000 + randomInt(1_000_000));
    onTestFinished(async () => {
      await runner.close();
      await driver.close();
      await rm(dataDir, { recursive: true, force: true });
    });
    const server = spawn(
      process.execPath,
      [join(import.meta.dirname, "../crash.fixture.ts"), JSON.stringify({ driver: "remote", dataDir: "", remote }), "everything", mark],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    onTestFinished(() => void server.kill("SIGKILL"));
    let output = "";
    server.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await until(() => output.includes("command") && output.includes("terminal"), 30_000);
    expect(processesWith(`sleep\0${mark}`).length).toBeGreaterThanOrEqual(4);
    server.kill("SIGKILL");
    await once(server, "exit");
    await untilEnded(`sleep\0${mark}`);
    await until(() => runner.clientCount() === 0);

    const next = await createRemoteDriver(remote);
    const sandbox = await next.open({ id: "kept" });
    expect(await sandbox.ready("web", { timeoutMs: 20_000 })).toMatchObject({ status: "running", port: 4100 });
    await next.close();
    expect(processesWith(`// ${mark}`)).toEqual([]);
  }, 60_000);
});
