import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { getPage, until } from "./conformance/observe.ts";
import type { RuntimeDriver } from "./types.ts";

interface Options {
  /** Why the driver cannot run here; the suite is then skipped with this reason. */
  skip?: string | undefined;
}

/** The environment that programs rely on: host names, one network, signals, standard streams, tools. */
export function describeProgramEnvironment(
  name: string,
  create: (dataDir: string) => Promise<RuntimeDriver>,
  { skip: reason }: Options = {},
): void {
  describe.skipIf(reason !== undefined)(
    `every day in a sandbox, driver ${name}${reason === undefined ? "" : ` (skipped: ${reason})`}`,
    () => {
      let dataDir: string;
      let driver: RuntimeDriver;
      let count = 0;
      const fresh = () => `day-${++count}`;
      beforeAll(async () => {
        dataDir = await mkdtemp(join(tmpdir(), "everyday-"));
        driver = await create(dataDir);
      });
      afterAll(async () => {
        await driver?.close();
        if (dataDir) await rm(dataDir, { recursive: true, force: true });
      });

      test("service names resolve to the sandbox itself and can change", async () => {
        const id = fresh();
        const lookUp = async (name: string) => (await (await driver.find(id))?.exec(["getent", "hosts", name]))?.stdout.split(/\s+/)[0];
        await driver.open({ id, hostnames: ["backend", "postgres"] });
        expect([await lookUp("backend"), await lookUp("postgres"), await lookUp("localhost")]).toEqual([
          "127.0.0.1",
          "127.0.0.1",
          "127.0.0.1",
        ]);
        await driver.open({ id, hostnames: ["renamed"] });
        expect(await lookUp("renamed")).toBe("127.0.0.1");
        expect((await (await driver.find(id))?.exec(["cat", "/etc/hosts"]))?.stdout).not.toContain("backend");
      }, 30_000);

      test("limits can change", async ({ skip }) => {
        const id = fresh();
        if (!driver.can.limits) return skip("no limits at this level");
        const hog = (mib: number) => ["node", "-e", `Buffer.alloc(${mib} << 20, 1); console.log("kept")`];
        const sandbox = await driver.open({ id, limits: { memoryBytes: 128 * 2 ** 20 } });
        expect((await sandbox.exec(hog(300))).exitCode).toBe(137);
        await driver.open({ id, limits: { memoryBytes: 600 * 2 ** 20 } });
        expect((await sandbox.exec(hog(300))).stdout).toBe("kept\n");
      }, 30_000);

      test("two services share one network and differ by port", async () => {
        const sandbox = await driver.open({ id: fresh(), hostnames: ["api"] });
        const serve = (script: string) => ["node", "-e", script];
        await sandbox.start({
          name: "api",
          command: serve('require("http").createServer((q, r) => r.end("from the api")).listen(5001)'),
          cwd: ".",
          env: {},
          port: 5001,
        });
        await sandbox.start({
          name: "web",
          command: serve('require("http").createServer(async (q, r) => r.end(await (await fetch("http://api:5001")).text())).listen(5002)'),
          cwd: ".",
          env: {},
          port: 5002,
        });
        const [api, web] = await Promise.all([sandbox.ready("api", { timeoutMs: 20_000 }), sandbox.ready("web", { timeoutMs: 20_000 })]);
        expect([api.port, web.port]).toEqual([5001, 5002]);
        expect(await getPage(sandbox, 5002)).toBe("from the api");
        await sandbox.stop("api");
        const states = (await sandbox.services()).map((s) => s.status);
        expect(states.sort()).toEqual(["running", "stopped"]);
      }, 60_000);

      test("a service gets its stop signal first, and SIGKILL after its grace period", async () => {
        const sandbox = await driver.open({ id: fresh() });
        const listen = 'require("http").createServer((q, r) => r.end()).listen(5000);';
        const spec = { name: "web", cwd: ".", env: {}, port: 5000 };
        await sandbox.start({
          ...spec,
          command: ["node", "-e", `${listen} process.on("SIGINT", () => { console.log("bye"); process.exit(3); })`],
          stopSignal: "SIGINT",
        });
        await sandbox.ready("web", { timeoutMs: 20_000 });
        await sandbox.stop("web");
        expect((await sandbox.services())[0]).toMatchObject({ status: "stopped", exitCode: 3 });
        const lines = [];
        for await (const { line } of sandbox.logs("web")) lines.push(line);
        expect(lines).toContain("bye");
        await sandbox.start({ ...spec, command: ["node", "-e", `${listen} process.on("SIGTERM", () => {})`], stopGraceMs: 400 });
        await sandbox.ready("web", { timeoutMs: 20_000 });
        const started = performance.now();
        await sandbox.stop("web");
        expect(performance.now() - started).toBeGreaterThan(380);
        expect((await sandbox.services())[0]).toMatchObject({ status: "stopped", exitSignal: "SIGKILL" });
      }, 60_000);

      test("temporary files and the home folder are writable and executable; another command sees only the home folder", async () => {
        const sandbox = await driver.open({ id: fresh() });
        const script =
          'for dir in "$TMPDIR" /dev/shm "$HOME"; do printf "#!/bin/sh\\necho ran in $dir\\n" > $dir/run && sh $dir/run; done; chmod +x $HOME/run /tmp/run && $HOME/run && /tmp/run';
        expect((await sandbox.exec(["sh", "-c", script])).stdout).toBe(
          "ran in /tmp\nran in /dev/shm\nran in /home/app\nran in /home/app\nran in /tmp\n",
        );
        expect((await sandbox.exec(["sh", "-c", "ls /tmp /dev/shm; $HOME/run"])).stdout).toMatch(/ran in \/home\/app\n$/);
      }, 30_000);

      test("programs can write to /dev/stdout and /dev/stderr and read /dev/stdin", async () => {
        const sandbox = await driver.open({ id: fresh() });
        expect(
          await sandbox.exec(["sh", "-c", "echo out > /dev/stdout; echo err > /dev/stderr; cat /dev/stdin"], { input: "in" }),
        ).toMatchObject({
          stdout: "out\nin",
          stderr: "err\n",
        });
        await sandbox.start({ name: "web", command: ["sh", "-c", "echo logged > /dev/stderr"], cwd: ".", env: {}, port: 1 });
        await until(async () => (await sandbox.services())[0]?.status === "stopped");
        const lines = [];
        for await (const { line, stream } of sandbox.logs("web")) lines.push(`${stream} ${line}`);
        expect(lines).toContain("stderr logged");
      }, 30_000);

      test("a command's input is streamed, also more than fits at once, and ends with its source", async () => {
        const sandbox = await driver.open({ id: fresh() });
        let output = "";
        const big = "x".repeat(300_000);
        const inputChunks = async function* () {
          yield "one\n";
          await until(() => output === "one\n");
          yield `${big}\n`;
          await until(() => output.length === 4 + big.length + 1);
        };
        const { exitCode } = await sandbox.exec(["cat"], { input: inputChunks(), onOutput: (text) => (output += text) });
        expect(exitCode).toBe(0);
        expect(output.length).toBe(4 + big.length + 1);
        // A program that exits without reading does not block.
        const endless = async function* () {
          for (;;) {
            yield big;
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        };
        expect((await sandbox.exec(["true"], { input: endless() })).exitCode).toBe(0);
      }, 30_000);
    },
  );
}
