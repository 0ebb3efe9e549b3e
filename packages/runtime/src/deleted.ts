import { randomInt } from "node:crypto";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { realpathSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { processesWith, until, untilEnded } from "./conformance/observe.ts";
import { createRuntime, type RuntimeOptions } from "./create.ts";
import { keyOf, listLeftovers, type StateOwner } from "./host/leftovers.ts";
import type { RuntimeDriver } from "./types.ts";

interface Options {
  /** Why the driver cannot run here; the suite is then skipped with this reason. */
  skip?: string | undefined;
  /** Only the main cases. */
  isShort?: boolean;
}

/** Services whose folders are deleted end at once, with or without a running server. */
export function describeDeleted(
  runtime: Pick<RuntimeOptions, "driver" | "docker" | "machine">,
  { skip: reason, isShort = false }: Options = {},
): void {
  describe.skipIf(reason !== undefined)(
    `folders deleted under services, driver ${runtime.driver}${reason === undefined ? "" : ` (skipped: ${reason})`}`,
    () => {
      let dataDir: string;
      let owner: StateOwner;
      let driver: RuntimeDriver | undefined;
      const children: ChildProcess[] = [];
      /** Distinguishes our programs from those of other test runs on this machine. */
      const mark = String(2_000_000 + randomInt(1_000_000));
      const isRunning = () => processesWith(`// ${mark}`).length > 0;
      const isAnythingLeft = () => isRunning() || listLeftovers(owner).length > 0;
      const create = async (more: Pick<RuntimeOptions, "orphanGraceMs"> = {}) => {
        driver = await createRuntime({ ...runtime, ...more, dataDir });
        return driver;
      };
      const remove = (path: string) => rm(join(dataDir, path), { recursive: true, force: true, maxRetries: 5 });

      beforeEach(async () => {
        dataDir = realpathSync(await mkdtemp(join(tmpdir(), "deleted-")));
        owner = { key: keyOf(join(dataDir, "runtime")), dir: join(dataDir, "runtime") };
      });
      afterEach(async () => {
        for (const child of children.splice(0)) child.kill("SIGKILL");
        await driver?.close();
        driver = undefined;
        await rm(dataDir, { recursive: true, force: true });
        // A failed test must not leave its service behind.
        for (const pid of processesWith(`// ${mark}`)) process.kill(pid, "SIGKILL");
      });

      /** Like a development server whose folder was deleted: it tries to recreate it endlessly. */
      const program = `require("http").createServer((q, r) => r.end("alive")).listen(0, "127.0.0.1");
        setInterval(() => { try { require("fs").mkdirSync("made/again", { recursive: true }) } catch {} }, 5); // ${mark}`;
      async function start(id: string) {
        const sandbox = await driver?.open({ id });
        if (!sandbox) throw new Error("there is no driver");
        await sandbox.start({ name: "web", command: ["node", "-e", program], cwd: ".", env: {}, port: 0 });
        await sandbox.ready("web", { timeoutMs: 20_000 });
        return sandbox;
      }
      /** A server that is killed with a service up. */
      async function leave(what = "start") {
        const options = JSON.stringify({ ...runtime, dataDir, orphanGraceMs: 600_000 });
        const child = spawn(process.execPath, [join(import.meta.dirname, "crash.fixture.ts"), options, what, mark], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        children.push(child);
        let output = "";
        child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
        await until(() => output.includes("up"), 30_000);
        child.kill("SIGKILL");
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      }

      test("a project's folder: its programs end, others continue, and the project can be recreated", async () => {
        await create();
        const sandbox = await start("lost");
        const isUp = Promise.withResolvers<void>();
        const program = `console.log("up"); setInterval(() => {}, 1000); // ${mark} command`;
        const command = sandbox.exec(["node", "-e", program], { onOutput: () => isUp.resolve() });
        await isUp.promise;
        const neighbour = await start("neighbour");
        await remove("runtime/sandboxes/lost");
        expect((await command).exitCode).not.toBe(0);
        await until(async () => (await sandbox.services())[0]?.status === "stopped", 5_000);
        expect((await neighbour.services())[0]?.status).toBe("running");
        await expect(sandbox.exec(["true"])).rejects.toMatchObject({ code: "not_found" });
        const again = await driver?.open({ id: "lost" });
        expect(await again?.files.walk()).toEqual([]);
        expect((await again?.exec(["echo", "new"]))?.stdout).toBe("new\n");
        await driver?.close();
        expect(isRunning()).toBe(false);
        expect(listLeftovers(owner)).toEqual([]);
      }, 60_000);

      test("the data folder: everything ends, and nothing is left on the machine", async () => {
        const opened = await create();
        await start("lost");
        expect(isRunning()).toBe(true);
        await remove(".");
        await until(() => !isAnythingLeft(), 10_000);
        await expect(opened.open({ id: "lost" })).rejects.toMatchObject({ code: "unavailable" });
        expect(await opened.list()).toEqual([]);
      }, 60_000);

      test("the data folder, after kill -9 of the server", async () => {
        await leave();
        expect(isRunning()).toBe(true);
        await remove(".");
        await until(() => !isAnythingLeft(), 10_000);
        await untilEnded(dataDir);
      }, 60_000);

      if (isShort) return;

      test("a project's folder, after kill -9 of the server: others continue until the data folder is deleted too", async () => {
        await leave("two");
        expect(processesWith(`// ${mark} second`)).not.toEqual([]);
        await remove("runtime/sandboxes/second");
        await untilEnded(`// ${mark} second`);
        expect(isRunning()).toBe(true);
        await remove(".");
        await until(() => !isAnythingLeft(), 10_000);
      }, 60_000);

      test("a project's folder, while no server runs: its services end when the next server starts", async () => {
        await create();
        await start("lost");
        await driver?.close({ leaveRunning: true });
        await remove("runtime/sandboxes/lost");
        expect(isRunning()).toBe(true);
        await create();
        await until(() => !isRunning(), 5_000);
        await driver?.close();
        expect(listLeftovers(owner)).toEqual([]);
      }, 60_000);

      test("a data folder, while no server runs: its services end when the next server starts, whatever its folder", async () => {
        await create();
        await start("lost");
        await driver?.close({ leaveRunning: true });
        driver = undefined;
        // Any driver that starts on this machine from here on does it, also one of another test.
        await remove(".");
        const elsewhere = await mkdtemp(join(tmpdir(), "deleted-"));
        const next = await createRuntime({ ...runtime, dataDir: elsewhere });
        await next.close();
        await rm(elsewhere, { recursive: true, force: true });
        await until(() => !isAnythingLeft(), 10_000);
      }, 60_000);
    },
  );
}
