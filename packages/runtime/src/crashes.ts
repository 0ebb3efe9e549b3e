import { randomInt } from "node:crypto";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { getPage, processesWith, until, untilEnded } from "./conformance/observe.ts";
import { createRuntime, type RuntimeOptions } from "./create.ts";
import { caretakerName } from "./lease.ts";
import { overConnection } from "./remote/conformance.fixture.ts";
import type { LogLine, RuntimeDriver, Sandbox } from "./types.ts";

interface Options {
  /** Why the driver cannot run here; the suite is then skipped with this reason. */
  skip?: string | undefined;
  /** `smoke`: services are adopted; `short`: the main cases once. `all` takes minutes where starting is slow: `./studio crash`. */
  extent?: "smoke" | "short" | "all";
  /** The server reaches the driver over a connection to a runner in its process. */
  isOnRunner?: boolean;
}

/** What a driver guarantees when the server is killed at any moment. */
export function describeCrashes(
  runtime: Pick<RuntimeOptions, "driver" | "docker" | "machine">,
  { skip: reason, extent = "all", isOnRunner = false }: Options = {},
): void {
  const create = async (dataDir: string, more: Pick<RuntimeOptions, "orphanGraceMs"> = {}) => {
    const driver = await createRuntime({ ...runtime, dataDir, ...more });
    return isOnRunner ? overConnection(driver) : driver;
  };
  describe.skipIf(reason !== undefined)(
    `kill -9 of the server, driver ${runtime.driver}${isOnRunner ? " on a runner" : ""}${reason === undefined ? "" : ` (skipped: ${reason})`}`,
    () => {
      let dataDir: string;
      const children: ChildProcess[] = [];
      const drivers: RuntimeDriver[] = [];
      /** Opens a driver on the data folder and closes it after a failed test. */
      const open = async (more: Pick<RuntimeOptions, "orphanGraceMs"> = {}) => {
        const driver = await create(dataDir, more);
        drivers.push(driver);
        return driver;
      };
      /** Distinguishes our programs from those of other test runs on this machine. */
      const mark = String(1_000_000 + randomInt(1_000_000));
      beforeEach(async () => {
        dataDir = await mkdtemp(join(tmpdir(), "crash-"));
      });
      afterEach(async () => {
        for (const child of children.splice(0)) child.kill("SIGKILL");
        for (const driver of drivers.splice(0)) await driver.close();
        // A failed test must not leave its service behind.
        await until(async () => (await create(dataDir).catch(() => undefined))?.close().then(() => true));
        await rm(dataDir, { recursive: true, force: true });
      });

      /** A process that holds the driver, and its output so far. */
      function serve(what: string, more: Pick<RuntimeOptions, "orphanGraceMs"> = {}) {
        const child = spawn(
          process.execPath,
          [join(import.meta.dirname, "crash.fixture.ts"), JSON.stringify({ ...runtime, dataDir, isOnRunner, ...more }), what, mark],
          {
            stdio: ["ignore", "pipe", "inherit"],
          },
        );
        children.push(child);
        let output = "";
        child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
        return {
          waitForOutput: (text: string) => until(() => output.includes(text), 20_000),
          async kill() {
            child.kill("SIGKILL");
            if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
          },
        };
      }
      /** Caretakers of this data folder. */
      const caretakers = () =>
        processesWith(dataDir).filter((pid) => {
          try {
            return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(caretakerName);
          } catch {
            return false; // ended between the two looks
          }
        });
      const get = (sandbox: Sandbox) => getPage(sandbox, 4100);
      const logs = async (sandbox: Sandbox) => {
        const all: LogLine[] = [];
        for await (const line of sandbox.logs("web")) all.push(line);
        return all;
      };

      test("services continue and are adopted with every line they printed; commands and terminals end", async () => {
        const server = serve("everything");
        await server.waitForOutput("command");
        await server.waitForOutput("terminal");
        await server.kill();
        await untilEnded(`sleep\0${mark}`);
        await sleep(500); // printed while no server is attached

        const driver = await open();
        expect(await driver.list()).toEqual([{ id: "kept", services: [{ name: "web", state: "running" }] }]);
        const sandbox = await driver.open({ id: "kept" });
        const state = await sandbox.ready("web", { timeoutMs: 20_000 });
        expect(state).toMatchObject({ status: "running", port: 4100 });
        expect(await get(sandbox)).toBe("alive");
        expect((await sandbox.start({ name: "web", command: ["false"], cwd: ".", env: {}, port: 1 })).status).toBe("running");
        const lines = await logs(sandbox);
        const ticks = lines.filter((l) => l.line.startsWith("tick ")).map((l) => l.line);
        expect(ticks.length).toBeGreaterThan(20);
        expect(ticks).toEqual(ticks.map((_, i) => `tick ${i}`));
        expect(lines.map((l) => l.seq)).toEqual(lines.map((_, i) => i + 1));
        await sandbox.stop();
        expect((await sandbox.services())[0]).toMatchObject({ status: "stopped", exitCode: 143 });
        expect(processesWith(`// ${mark}`)).toEqual([]);
        await driver.close();
      }, 60_000);

      test("adopts a service that is still entering its sandbox", async ({ skip }) => {
        const server = serve("halfway");
        await server.waitForOutput("halfway");
        await server.kill();
        const driver = await open();
        if (!driver.can.freeze) return skip("no freezing at this level");
        const sandbox = await driver.open({ id: "kept" });
        expect((await sandbox.services())[0]?.status).toBe("frozen");
        await sandbox.thaw();
        expect((await sandbox.ready("web", { timeoutMs: 20_000 })).port).toBe(4100);
        expect(await get(sandbox)).toBe("alive");
      }, 60_000);

      if (extent === "smoke") return;

      test("loses nothing at any moment of a start", async () => {
        for (let i = 0; i < 6; i += extent === "short" ? 3 : 1) {
          const server = serve("start");
          await server.waitForOutput("starting");
          await sleep(i * 12);
          await server.kill();
          const driver = await open();
          const sandbox = await driver.open({ id: "kept" });
          expect((await sandbox.services())[0]?.status).not.toBe("failed");
          const running = (await sandbox.services()).some((s) => s.status === "running" || s.status === "starting");
          if (running) expect((await sandbox.ready("web", { timeoutMs: 20_000 })).port).toBe(4100);
          await driver.remove("kept");
          await driver.close();
          expect(processesWith(`// ${mark}`)).toEqual([]);
        }
      }, 180_000);

      test("stops services that are not adopted in time", async () => {
        const server = serve("start", { orphanGraceMs: 3_000 });
        await server.waitForOutput("started");
        await until(() => processesWith(`// ${mark}`).length > 0, 20_000);
        await server.kill();
        await until(() => processesWith(`// ${mark}`).length + caretakers().length === 0, 60_000);
        const driver = await open();
        const sandbox = await driver.open({ id: "kept" });
        expect((await sandbox.services())[0]).toMatchObject({ name: "web", status: "stopped" });
        expect((await logs(sandbox)).at(-1)).toMatchObject({ stream: "system", line: "stopped" });
        await driver.close();
      }, 120_000);

      if (extent === "short") return;

      test("services adopted in time keep running after that time", async () => {
        const server = serve("start", { orphanGraceMs: 8_000 });
        await server.waitForOutput("started");
        const [first] = caretakers();
        expect(first).toBeDefined();
        await until(() => processesWith(`// ${mark}`).length > 0, 20_000);
        await server.kill();
        const driver = await open({ orphanGraceMs: 60_000 });
        // It goes as soon as it sees another server.
        await until(() => first !== undefined && !caretakers().includes(first), 60_000);
        const sandbox = await driver.open({ id: "kept" });
        await sandbox.ready("web", { timeoutMs: 20_000 });
        expect(await get(sandbox)).toBe("alive");
        expect(caretakers().length).toBe(1);
        await driver.close();
        await until(() => caretakers().length === 0);
        expect(processesWith(`// ${mark}`)).toEqual([]);
      }, 120_000);

      test("closing a server with running services leaves a caretaker", async () => {
        const first = await open({ orphanGraceMs: 2_000 });
        const sandbox = await first.open({ id: "kept" });
        const command = ["node", "-e", `setInterval(() => {}, 1000) // ${mark}`];
        await sandbox.start({ name: "web", command, cwd: ".", env: {}, port: 0 });
        await sandbox.ready("web", { timeoutMs: 20_000 });
        await first.close({ leaveRunning: true });
        expect(processesWith(`// ${mark}`)).not.toEqual([]);
        await until(() => processesWith(`// ${mark}`).length + caretakers().length === 0, 60_000);
      }, 120_000);

      test("remove stops services that were not adopted", async () => {
        const server = serve("everything");
        await server.waitForOutput("command");
        await server.kill();
        const driver = await open();
        await driver.remove("kept");
        expect(processesWith(`// ${mark}`)).toEqual([]);
        expect(await driver.list()).toEqual([]);
        await driver.close();
      }, 60_000);

      test("a frozen service is adopted frozen and thaws", async ({ skip }) => {
        const server = serve("frozen");
        await server.waitForOutput("frozen");
        await server.kill();
        const driver = await open();
        if (!driver.can.freeze) return skip("no freezing at this level");
        const sandbox = await driver.open({ id: "kept" });
        expect((await sandbox.services())[0]?.status).toBe("frozen");
        await sandbox.thaw();
        await sandbox.ready("web", { timeoutMs: 20_000 });
        expect(await get(sandbox)).toBe("alive");
        await driver.close();
        expect(processesWith(`// ${mark}`)).toEqual([]);
      }, 60_000);

      test("a service that ended in between is failed, with its last lines", async () => {
        const server = serve("everything");
        await server.waitForOutput("command");
        await server.kill();
        for (const pid of processesWith(`// ${mark}`))
          if (readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("node")) process.kill(pid, "SIGKILL");
        await untilEnded(`// ${mark}`);
        const driver = await open();
        const sandbox = await driver.open({ id: "kept" });
        expect((await sandbox.services())[0]).toMatchObject({ status: "failed", exitCode: 137, exitSignal: "SIGKILL" });
        expect((await sandbox.services())[0]?.lastLines?.at(-1)).toMatch(/^tick \d+$/);
        await driver.close();
      }, 60_000);

      test("a service that was being stopped is stopped, whether it ends before or after the next start", async () => {
        for (const pauseMs of [0, 5000]) {
          const server = serve("stopping");
          await server.waitForOutput("up");
          await sleep(150);
          await server.kill();
          await sleep(pauseMs);
          const driver = await open();
          const sandbox = await driver.open({ id: "kept" });
          expect(["starting", "running", "stopped"]).toContain((await sandbox.services())[0]?.status);
          await until(async () => (await sandbox.services())[0]?.status === "stopped", 10_000);
          expect(processesWith(`// ${mark}`)).toEqual([]);
          await driver.close();
        }
      }, 60_000);

      test("discards an interrupted build with its warm-up server", async () => {
        const server = serve("building");
        await until(
          () => processesWith(`// ${mark}`).some((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("node")),
          20_000,
        );
        await server.kill();
        expect(processesWith(`// ${mark}`)).not.toEqual([]);
        const driver = await open();
        expect(processesWith(`// ${mark}`)).toEqual([]);
        expect(readdirSync(join(dataDir, "runtime/images"))).toEqual([]);
        expect(readFileSync(join(dataDir, "runtime/slots.json"), "utf8")).not.toContain("@build");
        await driver.close();
      }, 60_000);

      test("a data folder has one holder; another process takes over from a dead one", async () => {
        const driver = await open();
        await expect(create(dataDir)).rejects.toMatchObject({ code: "unavailable" });
        await driver.close();
        await (await create(dataDir)).close();
      }, 30_000);
    },
  );
}
