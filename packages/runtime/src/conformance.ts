import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { folderSource } from "./file-source.ts";
import { collectLines, decode, getPage, is, until } from "./conformance/observe.ts";
import { realPrograms, type Programs } from "./conformance/programs.ts";
import { describeServices } from "./conformance/services.ts";
import { describeTree } from "./conformance/tree.ts";
import { RuntimeError } from "./errors.ts";
import type { ImageSpec, RuntimeDriver, Sandbox } from "./types.ts";

export interface ConformanceOptions {
  /** Why the driver cannot run here; the suite is then skipped with this reason. */
  skip?: string | undefined;
  programs?: Programs;
}

/**
 * The conformance suite of every driver. `create` opens a driver on a data folder; the suite opens several in sequence on the same folder
 * to check what survives.
 */
export function describeRuntimeDriver(
  name: string,
  create: (dataDir: string) => Promise<RuntimeDriver>,
  { skip, programs = realPrograms }: ConformanceOptions = {},
): void {
  if (skip !== undefined) {
    describe.skip(`runtime driver ${name}: skipped, ${skip}`, () => {
      test("not supported here", () => {});
    });
    return;
  }

  describe(`runtime driver ${name}`, () => {
    let dataDir: string;
    /** Host folders that the tests read from. */
    let scratch: string;
    let driver: RuntimeDriver;
    let count = 0;
    const fresh = () => `c-${++count}`;
    const open = async (spec: { image?: string } = {}) => driver.open({ id: fresh(), ...spec });

    beforeAll(async () => {
      dataDir = await mkdtemp(join(tmpdir(), "runtime-"));
      scratch = await mkdtemp(join(tmpdir(), "runtime-sources-"));
      driver = await create(dataDir);
      process.stdout.write(`runtime driver ${name}: isolation ${driver.isolation}${driver.warnings.map((w) => `\n  ${w}`).join("")}\n`);
    }, 60_000);
    afterAll(async () => {
      await driver?.close();
      for (const dir of [dataDir, scratch]) await rm(dir, { recursive: true, force: true });
    }, 60_000);

    describeTree(open);

    describe("the history", () => {
      test("moves to another sandbox as bundles, of which later ones have only what is new", async ({ skip }) => {
        if (!driver.can.history) skip("this driver keeps no points in time");
        const { files, history } = await open();
        const noise = randomBytes(200_000);
        await files.write("big.bin", noise);
        await files.write("src/a.txt", "one");
        await history.capture("snapshot/one", { attachments: { "databases/db.sql": { size: 4, data: () => [Buffer.from("rows")] } } });
        await files.write("src/a.txt", "two");
        await history.capture("snapshot/two");
        const bundleOf = async (name: string, base?: string) => {
          const { data, ...facts } = await history.exportPoint(name, base === undefined ? {} : { base });
          return { ...facts, content: Buffer.concat((await data.toArray()) as Buffer[]) };
        };
        const one = await bundleOf("snapshot/one", "snapshot/none");
        const two = await bundleOf("snapshot/two", "snapshot/one");
        expect([one.isFull, two.isFull]).toEqual([true, false]);
        expect(one.content.length).toBeGreaterThan(noise.length);
        expect(two.content.length).toBeLessThan(2_000);
        await expect(history.exportPoint("snapshot/none").then(({ data }) => data.toArray())).rejects.toSatisfy(is("not_found"));

        const other = await open();
        const add = (name: string, { commit, content }: typeof one, data: AsyncIterable<Uint8Array> = Readable.from([content])) =>
          other.history.importPoint(name, { commit, bytes: content.length, data });
        await expect(add("snapshot/two", two)).rejects.toSatisfy(is("not_found"));
        await expect(add("snapshot/one", { ...one, commit: two.commit })).rejects.toSatisfy(is("not_supported"));
        await expect(add("snapshot/one", { ...one, content: one.content.subarray(0, -30) })).rejects.toSatisfy(is("not_supported"));
        await expect(add("snapshot/one", one, Readable.from([one.content, Buffer.alloc(1)]))).rejects.toSatisfy(is("not_supported"));
        expect(await other.history.names()).toEqual([]);
        expect(await add("snapshot/one", one)).toEqual({ files: 2, bytes: 200_007, attachments: ["databases/db.sql"] });
        expect(await add("snapshot/two", two)).toEqual({ files: 2, bytes: 200_003, attachments: [] });
        await other.history.restore("snapshot/two");
        expect(decode((await other.files.read("src/a.txt")).data)).toBe("two");
        expect(Buffer.compare((await other.files.read("big.bin")).data, noise)).toBe(0);
        await other.history.restore("snapshot/one");
        expect(decode((await other.files.read("src/a.txt")).data)).toBe("one");
        const dump = await other.history.attachment("snapshot/one", "databases/db.sql");
        expect(Buffer.concat((await dump?.data.toArray()) as Buffer[]).toString()).toBe("rows");
      });

      test("restores the tree as the project's own, outlives the sandbox and is deleted on request", async ({ skip }) => {
        if (!driver.can.history) skip("this driver keeps no points in time");
        const sandbox = await open();
        const { files, history, id } = sandbox;
        await files.write("src/a.txt", "one");
        await files.write("node_modules/p/i.js", "module");
        const { tree, ...facts } = await history.capture("snapshot/one");
        expect(facts).toEqual({ files: 1, bytes: 3, attachments: [] });
        const again = await history.capture("snapshot/again", { attachments: { rows: { size: 1, data: () => [Buffer.from("1")] } } });
        expect([tree, again.tree]).toEqual([expect.stringMatching(/^[0-9a-f]{40}$/), tree]);
        await files.write("src/a.txt", "two");
        await files.write("src/b.txt", "later");
        expect((await history.compare("snapshot/one", "now")).files.map((f) => [f.path, f.status])).toEqual([
          ["src/a.txt", "modified"],
          ["src/b.txt", "added"],
        ]);
        expect(await history.restore("snapshot/one")).toEqual({ written: 1, removed: 1 });
        expect((await files.walk()).map((e) => e.path)).toEqual([
          "node_modules",
          "node_modules/p",
          "node_modules/p/i.js",
          "src",
          "src/a.txt",
        ]);
        expect(decode((await files.read("src/a.txt")).data)).toBe("one");
        // Restored files belong to the project: its programs can change them.
        const changed = await sandbox.exec(programs.put("src/a.txt", "three"));
        expect([changed.exitCode, changed.stderr]).toEqual([0, ""]);
        expect(decode((await files.read("src/a.txt")).data)).toBe("three");
        await driver.removeHistory(id);
        expect(await driver.histories()).toContain(id);
        await driver.remove(id);
        expect(await driver.histories()).toContain(id);
        await driver.removeHistory(id);
        expect(await driver.histories()).not.toContain(id);
      });
    });

    describe("commands", () => {
      let sandbox: Sandbox;
      beforeAll(async () => {
        sandbox = await open();
      });

      test("return their output and exit code", async () => {
        expect(await sandbox.exec(programs.echo("hello"))).toMatchObject({
          exitCode: 0,
          signal: null,
          stdout: "hello\n",
          stderr: "",
          timedOut: false,
          aborted: false,
        });
        expect(await sandbox.exec(programs.fail("oh no", 3))).toMatchObject({ exitCode: 3, stderr: "oh no\n" });
        expect((await sandbox.exec(programs.missing)).exitCode).toBe(127);
      });

      test("receive input, variables and a working directory", async () => {
        await sandbox.files.write("sub/note.txt", "in the tree");
        expect((await sandbox.exec(programs.cat, { input: "ünï\n" })).stdout).toBe("ünï\n");
        expect((await sandbox.exec(programs.cat)).stdout).toBe("");
        const bytes = Buffer.from("ünï\n").toString("latin1");
        expect((await sandbox.exec(programs.cat, { input: "ünï\n", encoding: "latin1" })).stdout).toBe(bytes);
        expect((await sandbox.exec(programs.variable("COLOR"), { env: { COLOR: "bl ue" } })).stdout.trim()).toBe("bl ue");
        expect((await sandbox.exec(programs.show("note.txt"), { cwd: "sub" })).stdout.trim()).toBe("in the tree");
        await expect(sandbox.exec(programs.echo("x"), { cwd: "none" })).rejects.toSatisfy(is("not_found"));
      });

      test("do not see the server's environment", async () => {
        process.env["STUDIO_CANARY"] = "canary";
        expect((await sandbox.exec(programs.variable("STUDIO_CANARY"))).stdout).toBe("");
        delete process.env["STUDIO_CANARY"];
      });

      test("change the tree and see its changes", async () => {
        await sandbox.exec(programs.put("made.txt", "by a command"));
        expect(decode((await sandbox.files.read("made.txt")).data)).toBe("by a command");
        await sandbox.files.write("made.txt", "by the server");
        expect((await sandbox.exec(programs.show("made.txt"))).stdout.trim()).toBe("by the server");
        await sandbox.exec(programs.put("made.txt", "by a command again"));
        expect(decode((await sandbox.files.read("made.txt")).data)).toBe("by a command again");
      });

      test("stream their output and drop the middle of excess output", async () => {
        const chunks: string[] = [];
        const result = await sandbox.exec(programs.flood(300_000), { maxOutputBytes: 1000, onOutput: (chunk) => chunks.push(chunk) });
        expect(chunks.join("")).toHaveLength(300_000);
        expect(result.stdout.length).toBeLessThan(1200);
        expect(result.stdout).toMatch(/^x+\n… 299000 bytes omitted …\nx+$/);
      });

      test("wait for a listener that takes its time", async ({ skip: skipTest }) => {
        if (driver.name === "memory") return skipTest("fake programs do not wait");
        let size = 0;
        let waiting = 0;
        let mostWaiting = 0;
        const result = await sandbox.exec(programs.flood(2_000_000), {
          maxOutputBytes: 1000,
          async onOutput(chunk) {
            waiting += 1;
            mostWaiting = Math.max(mostWaiting, waiting);
            await new Promise((resolve) => setTimeout(resolve, size === 0 ? 1_200 : 1));
            waiting -= 1;
            size += chunk.length;
          },
        });
        expect(result.exitCode).toBe(0);
        expect(size).toBe(2_000_000);
        expect(mostWaiting).toBeLessThan(20);
      });

      test("end at once on timeout or abort", async () => {
        const timed = await sandbox.exec(programs.sleep(30_000), { timeoutMs: 300 });
        expect(timed).toMatchObject({ timedOut: true, aborted: false, exitCode: null });
        expect(timed.durationMs).toBeLessThan(5_000);
        const abort = new AbortController();
        const sleeping = programs.sleep(30_000);
        let names: Promise<string[]> | undefined;
        const onOutput = () => void (names = sandbox.programs()).finally(() => abort.abort());
        const aborted = await sandbox.exec(sleeping, { signal: abort.signal, onOutput });
        expect(await names).toContain(sleeping[0]);
        expect(aborted).toMatchObject({ aborted: true, timedOut: false, stdout: "started\n" });
        expect(aborted.durationMs).toBeLessThan(5_000);
        expect((await sandbox.exec(programs.echo("x"), { signal: AbortSignal.abort() })).aborted).toBe(true);
      });

      test("cannot write in read-only mode", async () => {
        await sandbox.files.write("fixed", "before");
        try {
          await sandbox.exec(programs.put("fixed", "after"), { readOnly: true });
          expect((await sandbox.exec(programs.show("fixed"), { readOnly: true })).stdout.trim()).toBe("before");
        } catch (error) {
          // A driver without isolation reports that it cannot do this.
          expect(error).toSatisfy(is("not_supported"));
        }
        expect(decode((await sandbox.files.read("fixed")).data)).toBe("before");
      });

      test("run concurrently", async () => {
        const results = await Promise.all(Array.from({ length: 10 }, (_, i) => sandbox.exec(programs.echo(String(i)))));
        expect(results.map((r) => r.stdout.trim())).toEqual(Array.from({ length: 10 }, (_, i) => String(i)));
      });
    });

    describeServices({
      name,
      programs,
      open,
      get driver() {
        return driver;
      },
    });

    describe("terminals", () => {
      test("echo, resize, interrupt and exit", async ({ skip: skipTest }) => {
        if (!driver.can.pty) return skipTest(`${name} has no terminals`);
        const sandbox = await open();
        const pty = await sandbox.pty(["bash", "--norc", "-i"], { cols: 90, rows: 20, env: { PS1: "> " } });
        let screen = "";
        const decoder = new TextDecoder();
        pty.onData((data) => (screen += decoder.decode(data, { stream: true })));
        const exited = new Promise<number | null>((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode)));
        const shows = (what: string | RegExp) => until(() => (typeof what === "string" ? screen.includes(what) : what.test(screen)));
        await shows("> ");
        pty.write("stty size\r");
        await shows("20 90");
        pty.resize(132, 50);
        pty.write("stty size\r");
        await shows("50 132");
        expect(screen).not.toContain("no job control");
        pty.write("sleep 100\r");
        await until(async () => (await sandbox.programs()).includes("sleep"));
        pty.write("\x03");
        pty.write("echo code $?\r");
        await shows("code 130");
        pty.write("sleep 100 &\rjobs\r");
        await shows(/\[1\].*Running.*sleep 100/);
        pty.write("exit 5\r");
        expect(await exited).toBe(5);
        await driver.remove(sandbox.id);
      }, 30_000);

      test("end with all descendants when they are killed", async ({ skip: skipTest }) => {
        if (!driver.can.pty) return skipTest(`${name} has no terminals`);
        const sandbox = await open();
        const pty = await sandbox.pty(["sh", "-c", "setsid sleep 1000 & trap '' HUP TERM; echo ready; while :; do sleep 1; done"]);
        let screen = "";
        pty.onData((data) => (screen += new TextDecoder().decode(data)));
        await until(() => screen.includes("ready"));
        const exited = new Promise<void>((resolve) => pty.onExit(() => resolve()));
        await pty.kill();
        await exited;
        await driver.remove(sandbox.id);
      }, 30_000);
    });

    describe("images", () => {
      const image = async (more: Partial<ImageSpec> = {}): Promise<ImageSpec> => {
        const sourceDir = await mkdtemp(join(scratch, "image-"));
        await mkdir(join(sourceDir, "src"));
        await writeFile(join(sourceDir, "src/main.txt"), `main ${more.name ?? "plain"}`);
        return { name: "plain", source: folderSource(sourceDir), build: [programs.put("built.txt", "built")], ...more };
      };

      test("are built once and copied for each project", async () => {
        const spec = await image();
        const logs: string[] = [];
        // On a runner, either of the two may be the first that arrives.
        const onLog = (line: string) => logs.push(line);
        const [first, second] = await Promise.all([driver.prepare(spec, { onLog }), driver.prepare(spec, { onLog })]);
        expect(second).toBe(first);
        expect(await driver.prepare(spec)).toBe(first);
        expect(logs.length).toBeGreaterThan(0);
        const [a, b] = await Promise.all([open({ image: first }), open({ image: first })]);
        expect(decode((await a.files.read("src/main.txt")).data)).toBe("main plain");
        expect(decode((await a.files.read("built.txt")).data)).toBe("built");
        await a.files.write("built.txt", "changed");
        await a.exec(programs.put("src/main.txt", "changed"));
        expect(decode((await a.files.read("src/main.txt")).data)).toBe("changed");
        expect(decode((await b.files.read("built.txt")).data)).toBe("built");
        const c = await open({ image: first });
        expect(decode((await c.files.read("src/main.txt")).data)).toBe("main plain");
        // Reopening attaches: an image applies only to a new tree.
        expect(decode((await (await driver.open({ id: a.id, image: first })).files.read("built.txt")).data)).toBe("changed");
      }, 60_000);

      test("differ when the sources or the build differ", async () => {
        const ids = await Promise.all([
          driver.prepare(await image()),
          driver.prepare(await image({ name: "plain", build: [programs.put("built.txt", "differently")] })),
          driver.prepare(await image({ name: "other" })),
        ]);
        expect(new Set(ids).size).toBe(3);
      }, 60_000);

      test("that fail to build give the reason and leave nothing", async () => {
        const spec = await image({ name: "broken", build: [programs.fail("no such package", 1)] });
        const failure = await driver.prepare(spec).catch((error: unknown) => error);
        expect(failure).toSatisfy(is("build_failed"));
        expect((failure as Error).message).toContain("no such package");
        await expect(driver.prepare(spec)).rejects.toSatisfy(is("build_failed"));
        await expect(open({ image: "broken-0000" })).rejects.toSatisfy(is("not_found"));
      }, 60_000);

      test("are found, listed, rebuilt and removed", async () => {
        const spec = await image({ name: "kept" });
        expect(await driver.findImage(spec)).toBeUndefined();
        const id = await driver.prepare(spec);
        const found = await driver.findImage(spec);
        expect(found).toMatchObject({ id, name: "kept" });
        expect(await driver.listImages()).toContainEqual(found);
        expect(Math.abs((found?.preparedAt ?? 0) - Date.now())).toBeLessThan(60_000);
        const logs: string[] = [];
        expect(await driver.prepare(spec, { isRebuilt: true, onLog: (line) => logs.push(line) })).toBe(id);
        expect(logs.length).toBeGreaterThan(0);
        const sandbox = await open({ image: id });
        await driver.removeImage(id);
        await driver.removeImage(id);
        expect(await driver.findImage(spec)).toBeUndefined();
        await expect(open({ image: id })).rejects.toSatisfy(is("not_found"));
        expect(decode((await sandbox.files.read("built.txt")).data)).toBe("built");
      }, 60_000);

      test("that are built in the background are joined by a caller that waits", async () => {
        const spec = await image({ name: "joined", build: [programs.sleep(1_000), programs.put("built.txt", "built")] });
        const [background, foreground]: string[][] = [[], []];
        const { promise: started, resolve } = Promise.withResolvers<void>();
        const first = driver.prepare(spec, {
          isBackground: true,
          onLog: (line) => {
            background?.push(line);
            if (line === "started") resolve();
          },
        });
        await started;
        const second = driver.prepare(spec, { onLog: (line) => foreground?.push(line) });
        expect(await second).toBe(await first);
        expect(background?.filter((line) => line === "started")).toHaveLength(1);
        if (driver.name !== "memory") expect(foreground).toEqual(background);
      }, 60_000);

      test("stop building when the last caller aborts", async () => {
        const abort = new AbortController();
        const spec = await image({ name: "slow", build: [programs.sleep(60_000)] });
        await expect(
          driver.prepare(spec, { signal: abort.signal, onLog: (line) => line === "started" && abort.abort() }),
        ).rejects.toSatisfy(is("aborted"));
      }, 30_000);

      test("are warmed up by loading their page once", async () => {
        const spec = await image({ name: "warm", warm: { command: programs.serve(4300, "warm page"), port: 4300, path: "/" } });
        const sandbox = await open({ image: await driver.prepare(spec) });
        expect(await sandbox.services()).toEqual([]);
      }, 60_000);
    });

    test("an image is prepared for a caller that waits without being pruned and warmed up, which happens later", async ({
      skip: skipTest,
    }) => {
      if (driver.name === "memory") return skipTest("nothing is warmed up in memory");
      const sourceDir = await mkdtemp(join(scratch, "image-"));
      await writeFile(join(sourceDir, "main.txt"), "main");
      const warm = { command: programs.serve(4301, "warm page"), port: 4301, path: "/" };
      const prune = programs.put("pruned.txt", "pruned");
      const spec: ImageSpec = { name: "cold", source: folderSource(sourceDir), build: [programs.put("built.txt", "built")], prune, warm };
      const id = await driver.prepare(spec, { isColdEnough: true });
      expect(await driver.findImage(spec)).toMatchObject({ id, isWarm: false });
      const cold = await open({ image: id });
      const logs: string[] = [];
      expect(await driver.prepare(spec, { isBackground: true, onLog: (line) => logs.push(line) })).toBe(id);
      // It is not built again.
      expect(logs.filter((line) => line.startsWith("$ "))).toEqual([`$ ${prune.join(" ")}`, `$ ${warm.command.join(" ")}`]);
      expect(await driver.findImage(spec)).toMatchObject({ id, isWarm: true });
      const warmed = await open({ image: id });
      expect(await cold.files.stat("pruned.txt")).toBeUndefined();
      expect(await warmed.files.stat("pruned.txt")).toBeDefined();
      for (const sandbox of [cold, warmed]) {
        expect(decode((await sandbox.files.read("built.txt")).data)).toBe("built");
        expect(decode((await sandbox.files.read("main.txt")).data)).toBe("main");
      }
      expect(await driver.prepare(spec, { isColdEnough: true })).toBe(id);
      expect(await driver.findImage(spec)).toMatchObject({ isWarm: true });
    }, 60_000);

    describe("the driver", () => {
      test("opens by id repeatedly, finds, lists and removes", async () => {
        const id = fresh();
        expect(await driver.find(id)).toBeUndefined();
        const [a, b] = await Promise.all([driver.open({ id }), driver.open({ id })]);
        await a.files.write("f", "same tree");
        expect(decode((await b.files.read("f")).data)).toBe("same tree");
        expect(decode((await (await driver.find(id))?.files.read("f"))?.data ?? new Uint8Array())).toBe("same tree");
        await a.start({ name: "web", command: programs.serve(4100, "x"), cwd: ".", env: {}, port: 4100 });
        await a.ready("web", { timeoutMs: 20_000 });
        expect((await driver.list()).find((s) => s.id === id)).toEqual({ id, services: [{ name: "web", state: "running" }] });
        await driver.remove(id);
        expect(await driver.find(id)).toBeUndefined();
        expect((await driver.list()).some((s) => s.id === id)).toBe(false);
        expect(await (await driver.open({ id })).files.walk()).toEqual([]);
        await driver.remove(id);
        await driver.remove(id);
        await driver.remove("never-there");
        await expect(driver.open({ id: "../up" })).rejects.toBeInstanceOf(RuntimeError);
      }, 60_000);

      test("finds programs as services see them, and ports that nothing listens on", async () => {
        expect(await driver.findPrograms(["/usr/bin/../../etc/passwd", "/etc/passwd", "/usr/bin/no-such-program"])).toEqual([]);
        const port = await driver.freePort();
        expect(port).toBeGreaterThan(1023);
        const sandbox = await open();
        await expect(sandbox.connect(port)).rejects.toSatisfy(is("unavailable"));
        expect((await sandbox.peerAddress(port)).port).toBeGreaterThan(0);
      });

      test("two sandboxes serve the same port at once, at one of the machine's where they share its ports", async () => {
        const both = [await open(), await open()];
        const ports = await Promise.all(both.map((sandbox) => sandbox.assignPort(5173)));
        expect(await Promise.all(both.map((sandbox) => sandbox.assignPort(5173)))).toEqual(ports);
        if (driver.can.privateNetwork) expect(ports).toEqual([5173, 5173]);
        await Promise.all(
          both.map(async (sandbox, i) => {
            const port = ports[i] ?? 0;
            await sandbox.start({ name: "web", command: programs.serve(port, `page ${i}`), cwd: ".", env: {}, port });
            expect(await sandbox.ready("web", { timeoutMs: 20_000 })).toMatchObject({ status: "running", port });
          }),
        );
        expect(await Promise.all(both.map((sandbox, i) => getPage(sandbox, ports[i] ?? 0)))).toEqual(["page 0", "page 1"]);
        const again = await both[0]?.assignPort(8000);
        expect(again === 8000 || !ports.includes(again ?? 0)).toBe(true);
        for (const sandbox of both) await driver.remove(sandbox.id);
      }, 60_000);

      test("passes trees and running services to the next process", async ({ skip: skipTest }) => {
        if (driver.name === "memory") return skipTest("memory ends with its process");
        const folder = await mkdtemp(join(tmpdir(), "runtime-"));
        const first = await create(folder);
        const sandbox = await first.open({ id: "kept" });
        await sandbox.files.write("f", "kept");
        await sandbox.start({ name: "web", command: programs.serve(4100, "kept"), cwd: ".", env: {}, port: 4100 });
        await sandbox.ready("web", { timeoutMs: 20_000 });
        await sandbox.start({ name: "worker", command: programs.chatter, cwd: ".", env: {}, port: 0 });
        const before = await until(async () => (await collectLines(sandbox.logs("worker"))).at(-1));
        await first.close({ leaveRunning: true });

        const second = await create(folder);
        expect((await second.list()).map(({ id }) => id)).toEqual(["kept"]);
        const adopted = await second.open({ id: "kept" });
        expect(decode((await adopted.files.read("f")).data)).toBe("kept");
        await adopted.ready("web", { timeoutMs: 20_000 });
        expect(await getPage(adopted, 4100)).toBe("kept");
        const after = await collectLines(adopted.logs("worker"));
        expect(after.find((line) => line.seq === before.seq)).toEqual(before);
        expect(after.at(-1)?.seq).toBeGreaterThan(before.seq);
        await adopted.stop("worker");
        expect((await adopted.services()).find((s) => s.name === "worker")?.status).toBe("stopped");
        await second.close();

        const third = await create(folder);
        expect((await third.list())[0]?.services.every((s) => s.state === "stopped")).toBe(true);
        await third.close();
        await rm(folder, { recursive: true, force: true });
      }, 60_000);
    });
  });
}
