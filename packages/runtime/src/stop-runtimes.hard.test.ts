import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { processesWith, until } from "./conformance/observe.ts";
import { createRuntime } from "./create.ts";
import { stopRuntimesBelow } from "./stop-runtimes.ts";
import { keyOf, listLeftovers } from "./host/leftovers.ts";

const machine = inject("machine");

let folder: string;
let server: ChildProcess | undefined;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "end-")));
});
afterEach(async () => {
  server?.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

describe.each(["sandbox", "process"] as const)("runtimes below a folder, driver %s", (driver) => {
  const skip = driver === "sandbox" ? machine.sandbox.reason : undefined;

  test.skipIf(skip)("end with the server that holds them, and nothing is left", async () => {
    const dataDir = join(folder, "data");
    const mark = `${3_000_000 + process.pid}`;
    const options = JSON.stringify({ driver, machine, dataDir, orphanGraceMs: 600_000 });
    server = spawn(process.execPath, [join(import.meta.dirname, "crash.fixture.ts"), options, "start", mark], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    server.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await until(() => output.includes("up"), 30_000);
    const ended = once(server, "exit");
    const found = await stopRuntimesBelow(folder);
    await ended;
    expect(found).toContain(`process ${server.pid}, which holds ${dataDir}/runtime`);
    expect(found.some((line) => line.includes("caretaker"))).toBe(true);
    expect(processesWith(`// ${mark}`)).toEqual([]);
    expect(listLeftovers({ key: keyOf(`${dataDir}/runtime`), dir: `${dataDir}/runtime` })).toEqual([]);
    expect(await stopRuntimesBelow(folder)).toEqual([]);
  });

  test.skipIf(skip)("nothing to do when every runtime was closed", async () => {
    const runtime = await createRuntime({ driver, machine, dataDir: join(folder, "data") });
    await (await runtime.open({ id: "a" })).exec(["true"]);
    await runtime.close();
    expect(await stopRuntimesBelow(folder)).toEqual([]);
  });
});
