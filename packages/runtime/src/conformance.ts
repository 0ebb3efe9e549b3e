import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RuntimeError, type RuntimeErrorCode } from "./errors.ts";
import type { Change, ImageSpec, LogLine, RuntimeDriver, Sandbox, ServiceSpec } from "./types.ts";

/** What the suite runs inside. The defaults are real programs; a fake driver brings its own. */
export interface Programs {
  /** Prints `text` and a line end on standard output. */
  echo(text: string): string[];
  /** Prints `text` on standard error and ends with `code`. */
  fail(text: string, code: number): string[];
  /** Prints its input. */
  cat: string[];
  /** Prints the value of a variable. */
  variable(name: string): string[];
  /** Prints the content of a file below its working folder. */
  show(file: string): string[];
  /** Writes `text` to a file below its working folder. */
  put(file: string, text: string): string[];
  /** Prints "started", then waits for `ms`. */
  sleep(ms: number): string[];
  /** Prints `bytes` times the letter x. */
  flood(bytes: number): string[];
  missing: string[];
  /** Answers every request with `text`, after it printed "listening" to its output. */
  serve(port: number, text: string): string[];
  /** Prints a letter per 20 ms, for ever. */
  chatter: string[];
}

const node = (script: string, ...args: string[]) => ["node", "-e", script, ...args];
export const realPrograms: Programs = {
  echo: (text) => ["echo", text],
  fail: (text, code) => ["sh", "-c", 'echo "$1" >&2; exit "$2"', "sh", text, String(code)],
  cat: ["cat"],
  variable: (name) => ["printenv", name],
  show: (file) => ["cat", file],
  put: (file, text) => ["sh", "-c", 'printf %s "$2" > "$1"', "sh", file, text],
  sleep: (ms) => ["sh", "-c", 'echo started; sleep "$1" & wait', "sh", String(ms / 1000)],
  flood: (bytes) => ["sh", "-c", 'head -c "$1" /dev/zero | tr "\\0" x', "sh", String(bytes)],
  missing: ["no-such-program-here"],
  serve: (port, text) =>
    node(
      `require("http").createServer((q, r) => r.end(${JSON.stringify(text)})).listen(${port}, "127.0.0.1", () => console.log("listening"))`,
    ),
  chatter: ["sh", "-c", "while :; do echo x; sleep 0.02; done"],
};

export interface ConformanceOptions {
  /** Why the driver cannot run here; the suite is then skipped by that name. */
  skip?: string | undefined;
  programs?: Programs;
}

/**
 * What every driver promises. `create` opens one on a data folder; the suite opens several one after the other on the same
 * folder to see what survives.
 */
export function describeRuntimeDriver(
  name: string,
  create: (dataDir: string) => Promise<RuntimeDriver>,
  { skip, programs = realPrograms }: ConformanceOptions = {},
): void {
  if (skip !== undefined) {
    describe.skip(`runtime driver ${name}: skipped, ${skip}`, () => {
      test("does not run here", () => {});
    });
    return;
  }

  describe(`runtime driver ${name}`, () => {
    let dataDir: string;
    /** Folders of the host that the tests read from. */
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

    describe("the tree", () => {
      test("gives back what was written, with parents made on the way", async () => {
        const { files } = await open();
        const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
        const { entry, created } = await files.write("a/b/bytes.bin", bytes);
        expect(created).toBe(true);
        expect(entry).toMatchObject({ path: "a/b/bytes.bin", isDirectory: false, size: 256 });
        const read = await files.read("a/b/bytes.bin");
        expect([...read.data]).toEqual([...bytes]);
        expect(read.entry).toEqual(entry);
        expect(await files.stat("a/b")).toMatchObject({ isDirectory: true });
        expect(await files.stat("a/none")).toBeUndefined();
        expect(await files.stat("none/none")).toBeUndefined();
        expect((await files.write("a/b/bytes.bin", "text")).created).toBe(false);
        expect(text((await files.read("a/b/bytes.bin")).data)).toBe("text");
      });

      test("gives a file as it comes, whole or in part", async () => {
        const { files } = await open();
        const bytes = Uint8Array.from({ length: 600_000 }, (_, i) => i % 251);
        const { entry } = await files.write("big", bytes);
        const all = await files.stream("big");
        expect(all.entry).toEqual(entry);
        expect(Buffer.compare(Buffer.concat(await all.data.toArray()), bytes)).toBe(0);
        const part = await files.stream("big", { start: 250, end: 252 });
        expect(Array.from(Buffer.concat(await part.data.toArray()))).toEqual([250, 0, 1]);
        await files.write("none", "");
        expect(Buffer.concat(await (await files.stream("none")).data.toArray())).toHaveLength(0);
        await files.mkdir("dir");
        await expect(files.stream("dir")).rejects.toSatisfy(is("is_directory"));
        await expect(files.stream("gone")).rejects.toSatisfy(is("not_found"));
      });

      test("takes a file as it comes: nothing shows before it is placed, nothing is left when it is too large", async () => {
        const { files } = await open();
        async function* chunks(count: number) {
          for (let i = 0; i < count; i++) yield new Uint8Array(1000).fill(97);
        }
        const staged = await files.stage(chunks(3), { maxBytes: 3000 });
        expect(staged.size).toBe(3000);
        expect(await files.walk()).toEqual([]);
        expect(await staged.place("a/b.txt")).toMatchObject({ created: true, entry: { path: "a/b.txt", size: 3000 } });
        expect(text((await files.read("a/b.txt")).data)).toBe("a".repeat(3000));
        await expect(files.stage(chunks(4), { maxBytes: 3999 })).rejects.toSatisfy(is("too_large"));
        const second = await files.stage(chunks(1));
        await expect(second.place("a/b.txt")).rejects.toSatisfy(is("exists"));
        await expect(second.place("a")).rejects.toSatisfy(is("is_directory"));
        expect(await second.place("a/b.txt", { overwrite: true })).toMatchObject({ created: false, entry: { size: 1000 } });
        const third = await files.stage(chunks(1));
        await third.discard();
        expect((await files.walk()).map((e) => e.path)).toEqual(["a", "a/b.txt"]);
      });

      test("changes the etag with the content, and writes only over the version that was read", async () => {
        const { files } = await open();
        const first = (await files.write("f", "1")).entry.etag;
        expect((await files.stat("f"))?.etag).toBe(first);
        const second = (await files.write("f", "2", { ifMatch: first })).entry.etag;
        expect(second).not.toBe(first);
        await expect(files.write("f", "3", { ifMatch: first })).rejects.toMatchObject({ code: "etag_mismatch", details: { etag: second } });
        await expect(files.write("f", "3", { ifNoneMatch: "*" })).rejects.toSatisfy(is("exists"));
        await expect(files.write("gone", "3", { ifMatch: first })).rejects.toSatisfy(is("etag_mismatch"));
        expect((await files.write("new", "3", { ifNoneMatch: "*" })).created).toBe(true);
        await expect(files.remove("f", { ifMatch: first })).rejects.toSatisfy(is("etag_mismatch"));
        expect(text((await files.read("f")).data)).toBe("2");
        await files.remove("f", { ifMatch: second });
      });

      test("lets one of many writers with the same etag through", async () => {
        const { files } = await open();
        const { etag } = (await files.write("f", "0")).entry;
        const results = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => files.write("f", `w${i}`, { ifMatch: etag })));
        expect(results.filter((r) => r.status === "fulfilled")).toHaveLength(1);
        const created = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => files.write("n", `w${i}`, { ifNoneMatch: "*" })));
        expect(created.filter((r) => r.status === "fulfilled")).toHaveLength(1);
      });

      test("says what is wrong", async () => {
        const { files } = await open();
        await files.write("dir/file", "12345");
        await expect(files.read("none")).rejects.toSatisfy(is("not_found"));
        await expect(files.read("dir")).rejects.toSatisfy(is("is_directory"));
        await expect(files.read("dir/file", { maxBytes: 4 })).rejects.toSatisfy(is("too_large"));
        await expect(files.write("dir", "x")).rejects.toSatisfy(is("is_directory"));
        await expect(files.write("dir/file/below", "x")).rejects.toSatisfy(is("not_directory"));
        await expect(files.mkdir("dir/file")).rejects.toSatisfy(is("exists"));
        await expect(files.remove("none")).rejects.toSatisfy(is("not_found"));
        await expect(files.remove("dir")).rejects.toSatisfy(is("is_directory"));
        await expect(files.rename("none", "x")).rejects.toSatisfy(is("not_found"));
        await expect(files.walk({ under: "none" })).rejects.toSatisfy(is("not_found"));
        for (const path of ["../x", "a/../../x"]) await expect(files.write(path, "x")).rejects.toSatisfy(is("outside_tree"));
      });

      test("makes, renames and removes", async () => {
        const { files } = await open();
        expect(await files.mkdir("d/e")).toMatchObject({ created: true, entry: { path: "d/e", isDirectory: true } });
        expect((await files.mkdir("d/e")).created).toBe(false);
        await files.write("one", "1");
        await files.write("two", "2");
        await files.rename("one", "d/e/f/one");
        expect(text((await files.read("d/e/f/one")).data)).toBe("1");
        await expect(files.rename("two", "d/e/f/one")).rejects.toSatisfy(is("exists"));
        await files.rename("two", "d/e/f/one", { overwrite: true });
        expect(text((await files.read("d/e/f/one")).data)).toBe("2");
        await files.rename("d", "moved");
        await expect(files.rename("moved", "moved/below")).rejects.toBeInstanceOf(RuntimeError);
        await files.remove("moved", { recursive: true });
        await files.mkdir("empty");
        await files.remove("empty");
        expect(await files.walk()).toEqual([]);
      });

      test("lists everything sorted, without what is skipped", async () => {
        const { files } = await open();
        for (const path of ["b.txt", "a/z", "a/y/x", "node_modules/p/i.js", "a.txt"]) await files.write(path, path);
        const paths = (entries: { path: string }[]) => entries.map((e) => e.path);
        expect(paths(await files.walk({ skip: new Set(["node_modules"]) }))).toEqual(["a", "a.txt", "a/y", "a/y/x", "a/z", "b.txt"]);
        expect(paths(await files.walk({ under: "a" }))).toEqual(["a/y", "a/y/x", "a/z"]);
        expect((await files.walk()).find((e) => e.path === "node_modules/p/i.js")).toEqual(await files.stat("node_modules/p/i.js"));
      });

      test("copies a folder of the host in", async () => {
        const { files } = await open();
        const source = await mkdtemp(join(tmpdir(), "copy-"));
        await mkdir(join(source, "sub"));
        await writeFile(join(source, "sub/file"), "inside");
        await writeFile(join(source, "top"), "new");
        await files.write("top", "old");
        await files.copyIn(source);
        await files.copyIn(source, "deep/down");
        await rm(source, { recursive: true });
        expect(text((await files.read("top")).data)).toBe("new");
        expect(text((await files.read("deep/down/sub/file")).data)).toBe("inside");
      });

      test("tells every change, and loses nothing in a burst", async () => {
        const { files } = await open();
        await files.write("kept", "1");
        await files.write("node_modules/skipped", "1");
        const abort = new AbortController();
        const seen: Change[] = [];
        const following = (async () => {
          for await (const batch of files.watch({ signal: abort.signal, skip: new Set(["node_modules"]) })) seen.push(...batch);
        })();
        const changed = (path: string, op: Change["op"]) => until(() => seen.some((c) => c.path === path && c.op === op));
        await files.write("kept", "22");
        await changed("kept", "update");
        await files.write("node_modules/skipped", "2");
        for (let dir = 0; dir < 20; dir++)
          await Promise.all(Array.from({ length: 25 }, (_, file) => files.write(`burst/${dir}/${file}.txt`, "x")));
        await until(() => new Set(seen.filter((c) => c.op === "add" && c.path.endsWith(".txt")).map((c) => c.path)).size === 500);
        expect(seen.filter((c) => c.op === "add" && c.path.endsWith(".txt"))).toHaveLength(500);
        expect(seen.filter((c) => c.op === "add" && c.isDirectory)).toHaveLength(21);
        await files.rename("burst/0", "burst/renamed");
        await changed("burst/renamed/24.txt", "add");
        await changed("burst/0/24.txt", "delete");
        await files.remove("burst", { recursive: true });
        await changed("burst", "delete");
        expect(seen.some((c) => c.path.includes("skipped"))).toBe(false);
        expect(seen.find((c) => c.path === "kept")?.etag).toBe((await files.stat("kept"))?.etag);
        abort.abort();
        await following;
      }, 30_000);
    });

    describe("the history", () => {
      test("brings the tree back as the project's own, outlives the sandbox, and goes when told", async ({ skip }) => {
        if (!driver.can.history) skip("this driver keeps no points in time");
        const sandbox = await open();
        const { files, history, id } = sandbox;
        await files.write("src/a.txt", "one");
        await files.write("node_modules/p/i.js", "module");
        expect(await history.take("snapshot/one")).toEqual({ files: 1, bytes: 3, attachments: [] });
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
        expect(text((await files.read("src/a.txt")).data)).toBe("one");
        // What came back belongs to the project: its programs may change it.
        const changed = await sandbox.exec(programs.put("src/a.txt", "three"));
        expect([changed.exitCode, changed.stderr]).toEqual([0, ""]);
        expect(text((await files.read("src/a.txt")).data)).toBe("three");
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

      test("give their output and true exit code", async () => {
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

      test("get input, variables and a working folder", async () => {
        await sandbox.files.write("sub/note.txt", "in the tree");
        expect((await sandbox.exec(programs.cat, { input: "ünï\n" })).stdout).toBe("ünï\n");
        expect((await sandbox.exec(programs.cat)).stdout).toBe("");
        const bytes = Buffer.from("ünï\n").toString("latin1");
        expect((await sandbox.exec(programs.cat, { input: "ünï\n", encoding: "latin1" })).stdout).toBe(bytes);
        expect((await sandbox.exec(programs.variable("COLOR"), { env: { COLOR: "bl ue" } })).stdout.trim()).toBe("bl ue");
        expect((await sandbox.exec(programs.show("note.txt"), { cwd: "sub" })).stdout.trim()).toBe("in the tree");
        await expect(sandbox.exec(programs.echo("x"), { cwd: "none" })).rejects.toSatisfy(is("not_found"));
      });

      test("see nothing of the server's environment", async () => {
        process.env["STUDIO_CANARY"] = "canary";
        expect((await sandbox.exec(programs.variable("STUDIO_CANARY"))).stdout).toBe("");
        delete process.env["STUDIO_CANARY"];
      });

      test("change the tree, as the tree changes for them", async () => {
        await sandbox.exec(programs.put("made.txt", "by a command"));
        expect(text((await sandbox.files.read("made.txt")).data)).toBe("by a command");
        await sandbox.files.write("made.txt", "by the server");
        expect((await sandbox.exec(programs.show("made.txt"))).stdout.trim()).toBe("by the server");
        await sandbox.exec(programs.put("made.txt", "by a command again"));
        expect(text((await sandbox.files.read("made.txt")).data)).toBe("by a command again");
      });

      test("stream their output and drop the middle of too much of it", async () => {
        const chunks: string[] = [];
        const result = await sandbox.exec(programs.flood(300_000), { maxOutputBytes: 1000, onOutput: (chunk) => chunks.push(chunk) });
        expect(chunks.join("")).toHaveLength(300_000);
        expect(result.stdout.length).toBeLessThan(1200);
        expect(result.stdout).toMatch(/^x+\n… 299000 bytes left out …\nx+$/);
      });

      test("end at once when their time is up or they are aborted", async () => {
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

      test("cannot change anything when only reading is allowed", async () => {
        await sandbox.files.write("fixed", "before");
        try {
          await sandbox.exec(programs.put("fixed", "after"), { readOnly: true });
          expect((await sandbox.exec(programs.show("fixed"), { readOnly: true })).stdout.trim()).toBe("before");
        } catch (error) {
          // A driver without walls says so instead of pretending.
          expect(error).toSatisfy(is("not_supported"));
        }
        expect(text((await sandbox.files.read("fixed")).data)).toBe("before");
      });

      test("run side by side", async () => {
        const results = await Promise.all(Array.from({ length: 10 }, (_, i) => sandbox.exec(programs.echo(String(i)))));
        expect(results.map((r) => r.stdout.trim())).toEqual(Array.from({ length: 10 }, (_, i) => String(i)));
      });
    });

    describe("services", () => {
      const spec = (command: string[], more: Partial<ServiceSpec> = {}): ServiceSpec => ({
        name: "web",
        command,
        cwd: ".",
        env: {},
        port: 4100,
        ...more,
      });
      const get = async (sandbox: Sandbox, port: number) => {
        const address = await sandbox.address(port);
        return (await fetch(`http://${address.host}:${address.port}/`)).text();
      };

      test("start, answer and stop, telling each change", async () => {
        const sandbox = await open();
        const seen: string[] = [];
        const unsubscribe = sandbox.onState((state) => seen.push(state.status));
        expect((await sandbox.start(spec(programs.serve(4100, "hi")))).status).toBe("starting");
        const state = await sandbox.ready("web", { timeoutMs: 20_000 });
        expect(state).toMatchObject({ name: "web", status: "running", port: 4100 });
        expect(await get(sandbox, 4100)).toBe("hi");
        expect((await sandbox.start(spec(programs.serve(4100, "other")))).status).toBe("running");
        expect(sandbox.services()).toHaveLength(1);
        await sandbox.stop("web");
        expect(sandbox.services()[0]?.status).toBe("stopped");
        await expect(get(sandbox, 4100)).rejects.toThrow();
        await sandbox.stop("web");
        await sandbox.stop("never-started");
        unsubscribe();
        expect(seen.filter((status, i) => seen[i - 1] !== status)).toEqual(["starting", "running", "stopped"]);
        await sandbox.start(spec(programs.serve(4100, "again")));
        await sandbox.ready("web", { timeoutMs: 20_000 });
        expect(await get(sandbox, 4100)).toBe("again");
        await driver.remove(sandbox.id);
      }, 60_000);

      test("tell the port they really listen on", async () => {
        const sandbox = await open();
        await sandbox.start(spec(programs.serve(4201, "elsewhere"), { port: 4200 }));
        const state = await sandbox.ready("web", { timeoutMs: 20_000 });
        expect(state.port).toBe(4201);
        expect(await get(sandbox, 4201)).toBe("elsewhere");
        await driver.remove(sandbox.id);
      }, 60_000);

      test("that crash are failed, with their last words", async () => {
        const sandbox = await open();
        await sandbox.start(spec(programs.fail("cannot find module", 7)));
        const failure = await sandbox.ready("web", { timeoutMs: 20_000 }).catch((error: unknown) => error);
        expect(failure).toSatisfy(is("service_failed"));
        expect((failure as Error).message).toContain("cannot find module");
        expect(sandbox.services()[0]).toMatchObject({ status: "failed", exitCode: 7, lastLines: ["cannot find module"] });
        await sandbox.start(spec(programs.serve(4100, "mended")));
        expect((await sandbox.ready("web", { timeoutMs: 20_000 })).status).toBe("running");
        await driver.remove(sandbox.id);
      }, 60_000);

      test("that listen nowhere are not ready in time, or until nobody waits any more", async () => {
        const sandbox = await open();
        await sandbox.start(spec(programs.chatter));
        await expect(sandbox.ready("web", { timeoutMs: 300 })).rejects.toSatisfy(is("start_timeout"));
        const abort = new AbortController();
        setTimeout(() => abort.abort(), 100);
        await expect(sandbox.ready("web", { timeoutMs: 20_000, signal: abort.signal })).rejects.toSatisfy(is("aborted"));
        await expect(sandbox.ready("other")).rejects.toSatisfy(is("not_found"));
        await sandbox.stop();
        await driver.remove(sandbox.id);
      }, 60_000);

      test("keep numbered logs that can be followed", async () => {
        const sandbox = await open();
        await sandbox.start(spec(programs.serve(4100, "x")));
        await sandbox.ready("web", { timeoutMs: 20_000 });
        const lines = await until(async () => {
          const all = await collect(sandbox.logs("web"));
          return all.some((l) => l.line === "listening") ? all : undefined;
        });
        expect(lines.find((l) => l.line === "listening")).toMatchObject({ stream: "stdout" });
        expect(Number.isNaN(Date.parse(lines[0]?.ts ?? ""))).toBe(false);
        await sandbox.stop();
        await sandbox.start(spec(programs.chatter));
        const abort = new AbortController();
        const live: LogLine[] = [];
        for await (const line of sandbox.logs("web", { tail: 0, follow: true, signal: abort.signal })) {
          live.push(line);
          if (live.length === 10) abort.abort();
        }
        const numbers = live.map((l) => l.seq);
        expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] ?? 0) + i));
        expect(numbers[0]).toBeGreaterThan(lines.at(-1)?.seq ?? 0);
        expect(await collect(sandbox.logs("web", { tail: 3 }))).toHaveLength(3);
        await expect(collect(sandbox.logs("none"))).rejects.toSatisfy(is("not_found"));
        await driver.remove(sandbox.id);
      }, 60_000);

      test("are starting until their health check succeeds", async ({ skip: skipTest }) => {
        if (driver.name === "memory") return skipTest("a fake is never ill");
        const sandbox = await open();
        await sandbox.files.write("page.txt", "x");
        const seen: string[] = [];
        sandbox.onState((state) => seen.push(state.status));
        const health = ["sh", "-c", 'test "$MOOD" = good && test -e healthy', "sh"];
        await sandbox.start(spec(programs.serve(4100, "hi"), { health, env: { MOOD: "good" } }));
        await expect(sandbox.ready("web", { timeoutMs: 1_500 })).rejects.toSatisfy(is("start_timeout"));
        expect(await get(sandbox, 4100)).toBe("hi");
        expect(sandbox.services()[0]?.status).toBe("starting");
        await sandbox.files.write("healthy", "");
        expect(await sandbox.ready("web", { timeoutMs: 20_000 })).toMatchObject({ status: "running", port: 4100 });
        expect(seen.filter((status, i) => seen[i - 1] !== status)).toEqual(["starting", "running"]);
        await driver.remove(sandbox.id);
      }, 60_000);

      test("that end before they are healthy have failed", async ({ skip: skipTest }) => {
        if (driver.name === "memory") return skipTest("a fake is never ill");
        const sandbox = await open();
        const ends = `${programs.serve(4100, "hi").at(-1)}; setTimeout(() => process.exit(9), 700)`;
        await sandbox.start(spec(["node", "-e", ends], { health: ["false"] }));
        await expect(sandbox.ready("web", { timeoutMs: 20_000 })).rejects.toSatisfy(is("service_failed"));
        expect(sandbox.services()[0]).toMatchObject({ status: "failed", exitCode: 9 });
        await driver.remove(sandbox.id);
      }, 60_000);

      test("keep volumes that outlive them, outside the tree", async ({ skip: skipTest }) => {
        if (driver.name === "memory") return skipTest("a fake keeps nothing");
        const sandbox = await open();
        const before = (await sandbox.stats()).diskBytes;
        const volumes = [{ name: "data", path: "/var/lib/store/data" }];
        // It counts its starts in the volume and answers with the count.
        const script = `const fs = require("fs"), file = process.argv[1] + "/count";
          const n = Number(fs.existsSync(file) ? fs.readFileSync(file, "utf8") : 0) + 1;
          fs.writeFileSync(file, String(n)); fs.writeFileSync(process.argv[1] + "/big", Buffer.alloc(300000, "x"));
          require("http").createServer((q, r) => r.end(String(n))).listen(4100, "127.0.0.1")`;
        const counter = (more: Partial<ServiceSpec> = {}) =>
          spec(["node", "-e", script, "/var/lib/store/data"], {
            volumes,
            health: ["sh", "-c", 'test -s "$1"', "sh", "/var/lib/store/data/count"],
            ...more,
          });
        const count = async (more?: Partial<ServiceSpec>) => {
          await sandbox.start(counter(more));
          await sandbox.ready("web", { timeoutMs: 20_000 });
          const text = await get(sandbox, 4100);
          await sandbox.stop();
          return text;
        };
        expect([await count(), await count()]).toEqual(["1", "2"]);
        expect((await sandbox.files.walk()).map((e) => e.path)).toEqual([]);
        expect((await sandbox.stats()).diskBytes - before).toBeGreaterThanOrEqual(300_000);
        expect(await count({ volumes: [{ name: "other", path: "/var/lib/store/data" }] })).toBe("1");
        await sandbox.removeVolume("data");
        await sandbox.removeVolume("never-there");
        expect(await count()).toBe("1");
        for (const volume of [
          { name: "../data", path: "/data" },
          { name: "data", path: "data" },
          { name: "data", path: "/data/../etc" },
          { name: "data", path: "/etc" },
          { name: "data", path: "/app/x" },
        ])
          await expect(sandbox.start(counter({ name: "bad", volumes: [volume] }))).rejects.toSatisfy(is("not_supported"));
        await driver.remove(sandbox.id);
        const again = await driver.open({ id: sandbox.id });
        await again.start(counter());
        await again.ready("web", { timeoutMs: 20_000 });
        expect(await get(again, 4100)).toBe("1");
        await driver.remove(sandbox.id);
      }, 90_000);

      test("report what they use", async () => {
        const sandbox = await open();
        await sandbox.files.write("big", new Uint8Array(100_000));
        await sandbox.start(spec(programs.serve(4100, "x")));
        await sandbox.ready("web", { timeoutMs: 20_000 });
        const stats = await sandbox.stats();
        expect(stats.diskBytes).toBeGreaterThanOrEqual(100_000);
        if (driver.can.limits) {
          expect(stats.memoryBytes).toBeGreaterThan(1_000_000);
          expect(stats.pids).toBeGreaterThan(0);
          expect((await sandbox.usage()).memoryBytes).toBeGreaterThan(1_000_000);
        }
        await driver.remove(sandbox.id);
      }, 60_000);

      test("sleep and wake", async ({ skip: skipTest }) => {
        if (!driver.can.freeze) return skipTest(`${name} cannot freeze`);
        const sandbox = await open();
        await sandbox.start(spec(programs.serve(4100, "awake")));
        await sandbox.ready("web", { timeoutMs: 20_000 });
        await sandbox.freeze();
        expect(sandbox.services()[0]?.status).toBe("frozen");
        await sandbox.freeze();
        await sandbox.thaw();
        expect(sandbox.services()[0]?.status).toBe("running");
        expect(await get(sandbox, 4100)).toBe("awake");
        await sandbox.freeze();
        expect((await sandbox.exec(programs.echo("wakes it"))).stdout).toBe("wakes it\n");
        await sandbox.freeze();
        await sandbox.stop();
        expect(sandbox.services()[0]?.status).toBe("stopped");
        await driver.remove(sandbox.id);
      }, 60_000);
    });

    describe("terminals", () => {
      test("echo, resize, interrupt and end", async ({ skip: skipTest }) => {
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
        await sleep(300);
        pty.write("\x03");
        pty.write("echo code $?\r");
        await shows("code 130");
        pty.write("sleep 100 &\rjobs\r");
        await shows(/\[1\].*Running.*sleep 100/);
        pty.write("exit 5\r");
        expect(await exited).toBe(5);
        await driver.remove(sandbox.id);
      }, 30_000);

      test("end with all they started when they are killed", async ({ skip: skipTest }) => {
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
        return { name: "plain", sourceDir, build: [programs.put("built.txt", "built")], ...more };
      };

      test("are built once and give each project a copy", async () => {
        const spec = await image();
        const logs: string[] = [];
        const [first, second] = await Promise.all([driver.prepare(spec, { onLog: (line) => logs.push(line) }), driver.prepare(spec)]);
        expect(second).toBe(first);
        expect(await driver.prepare(spec)).toBe(first);
        expect(logs.length).toBeGreaterThan(0);
        const [a, b] = await Promise.all([open({ image: first }), open({ image: first })]);
        expect(text((await a.files.read("src/main.txt")).data)).toBe("main plain");
        expect(text((await a.files.read("built.txt")).data)).toBe("built");
        await a.files.write("built.txt", "changed");
        await a.exec(programs.put("src/main.txt", "changed"));
        expect(text((await a.files.read("src/main.txt")).data)).toBe("changed");
        expect(text((await b.files.read("built.txt")).data)).toBe("built");
        const c = await open({ image: first });
        expect(text((await c.files.read("src/main.txt")).data)).toBe("main plain");
        // Reopening is attaching: the image counts only for a new tree.
        expect(text((await (await driver.open({ id: a.id, image: first })).files.read("built.txt")).data)).toBe("changed");
      }, 60_000);

      test("are others when the sources or the build are", async () => {
        const ids = await Promise.all([
          driver.prepare(await image()),
          driver.prepare(await image({ name: "plain", build: [programs.put("built.txt", "differently")] })),
          driver.prepare(await image({ name: "other" })),
        ]);
        expect(new Set(ids).size).toBe(3);
      }, 60_000);

      test("that cannot be built say why and leave nothing", async () => {
        const spec = await image({ name: "broken", build: [programs.fail("no such package", 1)] });
        const failure = await driver.prepare(spec).catch((error: unknown) => error);
        expect(failure).toSatisfy(is("build_failed"));
        expect((failure as Error).message).toContain("no such package");
        await expect(driver.prepare(spec)).rejects.toSatisfy(is("build_failed"));
        await expect(open({ image: "broken-0000" })).rejects.toSatisfy(is("not_found"));
      }, 60_000);

      test("stop building when nobody waits any more", async () => {
        const abort = new AbortController();
        const spec = await image({ name: "slow", build: [programs.sleep(60_000)] });
        await expect(
          driver.prepare(spec, { signal: abort.signal, onLog: (line) => line === "started" && abort.abort() }),
        ).rejects.toSatisfy(is("aborted"));
      }, 30_000);

      test("are warmed up by one look at their page", async () => {
        const spec = await image({ name: "warm", warm: { command: programs.serve(4300, "warm page"), port: 4300, path: "/" } });
        const sandbox = await open({ image: await driver.prepare(spec) });
        expect(sandbox.services()).toEqual([]);
      }, 60_000);
    });

    describe("the driver", () => {
      test("opens by id again and again, finds, lists and removes", async () => {
        const id = fresh();
        expect(await driver.find(id)).toBeUndefined();
        const [a, b] = await Promise.all([driver.open({ id }), driver.open({ id })]);
        await a.files.write("f", "same tree");
        expect(text((await b.files.read("f")).data)).toBe("same tree");
        expect(text((await (await driver.find(id))?.files.read("f"))?.data ?? new Uint8Array())).toBe("same tree");
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

      test("hands trees and running services on to the next one", async ({ skip: skipTest }) => {
        if (driver.name === "memory") return skipTest("memory ends with its process");
        const folder = await mkdtemp(join(tmpdir(), "runtime-"));
        const first = await create(folder);
        const sandbox = await first.open({ id: "kept" });
        await sandbox.files.write("f", "kept");
        await sandbox.start({ name: "web", command: programs.serve(4100, "kept"), cwd: ".", env: {}, port: 4100 });
        await sandbox.ready("web", { timeoutMs: 20_000 });
        await sandbox.start({ name: "worker", command: programs.chatter, cwd: ".", env: {}, port: 0 });
        const before = await until(async () => (await collect(sandbox.logs("worker"))).at(-1));
        await first.close({ leaveRunning: true });

        const second = await create(folder);
        expect((await second.list()).map(({ id }) => id)).toEqual(["kept"]);
        const adopted = await second.open({ id: "kept" });
        expect(text((await adopted.files.read("f")).data)).toBe("kept");
        await adopted.ready("web", { timeoutMs: 20_000 });
        expect(await get(adopted, 4100)).toBe("kept");
        const after = await collect(adopted.logs("worker"));
        expect(after.find((line) => line.seq === before.seq)).toEqual(before);
        expect(after.at(-1)?.seq).toBeGreaterThan(before.seq);
        await adopted.stop("worker");
        expect(adopted.services().find((s) => s.name === "worker")?.status).toBe("stopped");
        await second.close();

        const third = await create(folder);
        expect((await third.list())[0]?.services.every((s) => s.state === "stopped")).toBe(true);
        await third.close();
        await rm(folder, { recursive: true, force: true });
      }, 60_000);

      async function get(sandbox: Sandbox, port: number) {
        const address = await sandbox.address(port);
        return (await fetch(`http://${address.host}:${address.port}/`)).text();
      }
    });
  });
}

const text = (data: Uint8Array) => new TextDecoder().decode(data);
const is = (code: RuntimeErrorCode) => (error: unknown) => {
  if (error instanceof RuntimeError && error.code === code) return true;
  throw new Error(`expected ${code}, got ${error instanceof RuntimeError ? error.code : String(error)}`, { cause: error });
};

async function collect(lines: AsyncIterable<LogLine>): Promise<LogLine[]> {
  const all: LogLine[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

/** Waits until `probe` gives something; fails after 10 s. */
export async function until<T>(probe: () => T | Promise<T>, timeoutMs = 10_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const result = await probe();
    if (result) return result;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${probe.toString()}`);
    await sleep(20);
  }
}
