import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderSource } from "../file-source.ts";
import { RuntimeError } from "../errors.ts";
import type { Change, FileSource, Sandbox } from "../types.ts";
import { decode, is, until } from "./observe.ts";

/** The working tree, as every driver must provide it. `open` creates a sandbox. */
export function describeTree(open: () => Promise<Sandbox>): void {
  describe("the tree", () => {
    test("reads what was written and creates parents", async () => {
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
      expect(decode((await files.read("a/b/bytes.bin")).data)).toBe("text");
    });

    test("streams a file, whole or in part", async () => {
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

    test("stages a file: nothing is visible before it is placed, nothing is left when it is too large", async () => {
      const { files } = await open();
      async function* chunks(count: number) {
        for (let i = 0; i < count; i++) yield new Uint8Array(1000).fill(97);
      }
      const staged = await files.stage(chunks(3), { maxBytes: 3000 });
      expect(staged.size).toBe(3000);
      expect(await files.walk()).toEqual([]);
      expect(await staged.place("a/b.txt")).toMatchObject({ created: true, entry: { path: "a/b.txt", size: 3000 } });
      expect(decode((await files.read("a/b.txt")).data)).toBe("a".repeat(3000));
      await expect(files.stage(chunks(4), { maxBytes: 3999 })).rejects.toSatisfy(is("too_large"));
      const second = await files.stage(chunks(1));
      await expect(second.place("a/b.txt")).rejects.toSatisfy(is("exists"));
      await expect(second.place("a")).rejects.toSatisfy(is("is_directory"));
      expect(await second.place("a/b.txt", { overwrite: true })).toMatchObject({ created: false, entry: { size: 1000 } });
      const third = await files.stage(chunks(1));
      await third.discard();
      expect((await files.walk()).map((e) => e.path)).toEqual(["a", "a/b.txt"]);
    });

    test("changes the etag with the content and writes only over the version that was read", async () => {
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
      expect(decode((await files.read("f")).data)).toBe("2");
      await files.remove("f", { ifMatch: second });
    });

    test("accepts one of several writes with the same etag", async () => {
      const { files } = await open();
      const { etag } = (await files.write("f", "0")).entry;
      const results = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => files.write("f", `w${i}`, { ifMatch: etag })));
      expect(results.filter((r) => r.status === "fulfilled")).toHaveLength(1);
      const created = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => files.write("n", `w${i}`, { ifNoneMatch: "*" })));
      expect(created.filter((r) => r.status === "fulfilled")).toHaveLength(1);
    });

    test("reports errors with their codes", async () => {
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

    test("creates, renames and removes", async () => {
      const { files } = await open();
      expect(await files.mkdir("d/e")).toMatchObject({ created: true, entry: { path: "d/e", isDirectory: true } });
      expect((await files.mkdir("d/e")).created).toBe(false);
      await files.write("one", "1");
      await files.write("two", "2");
      await files.rename("one", "d/e/f/one");
      expect(decode((await files.read("d/e/f/one")).data)).toBe("1");
      await expect(files.rename("two", "d/e/f/one")).rejects.toSatisfy(is("exists"));
      await files.rename("two", "d/e/f/one", { overwrite: true });
      expect(decode((await files.read("d/e/f/one")).data)).toBe("2");
      await files.rename("d", "moved");
      await expect(files.rename("moved", "moved/below")).rejects.toBeInstanceOf(RuntimeError);
      await files.remove("moved", { recursive: true });
      await files.mkdir("empty");
      await files.remove("empty");
      expect(await files.walk()).toEqual([]);
    });

    test("lists everything sorted, without skipped names", async () => {
      const { files } = await open();
      for (const path of ["b.txt", "a/z", "a/y/x", "node_modules/p/i.js", "a.txt"]) await files.write(path, path);
      const paths = (entries: { path: string }[]) => entries.map((e) => e.path);
      expect(paths(await files.walk({ skip: new Set(["node_modules"]) }))).toEqual(["a", "a.txt", "a/y", "a/y/x", "a/z", "b.txt"]);
      expect(paths(await files.walk({ under: "a" }))).toEqual(["a/y", "a/y/x", "a/z"]);
      expect((await files.walk()).find((e) => e.path === "node_modules/p/i.js")).toEqual(await files.stat("node_modules/p/i.js"));
    });

    test("copies a host folder into the tree", async () => {
      const { files } = await open();
      const source = await mkdtemp(join(tmpdir(), "copy-"));
      await mkdir(join(source, "sub"));
      await writeFile(join(source, "sub/file"), "inside");
      await writeFile(join(source, "top"), "new");
      await files.write("top", "old");
      await symlink("/etc/passwd", join(source, "link"));
      await files.copyIn(folderSource(source));
      await files.copyIn(folderSource(source), "deep/down");
      await rm(source, { recursive: true });
      expect(decode((await files.read("top")).data)).toBe("new");
      expect(decode((await files.read("deep/down/sub/file")).data)).toBe("inside");
      expect(await files.stat("link")).toBeUndefined();
    });

    test("copies files from a stream into the tree", async () => {
      const { files } = await open();
      const big = 3 * 2 ** 20;
      let isRead = false;
      const source: FileSource = {
        id: async () => "0",
        async *files() {
          yield { path: "empty", isDirectory: true };
          yield {
            path: "sub/run",
            isDirectory: false,
            mode: 0o755,
            size: 2,
            data: async function* () {
              yield Buffer.from("h");
              yield Buffer.from("i");
            },
          };
          yield {
            path: "big",
            isDirectory: false,
            mode: 0o644,
            size: big,
            data: async function* () {
              for (let sent = 0; sent < big; sent += 2 ** 16) yield new Uint8Array(2 ** 16);
              isRead = true;
            },
          };
        },
      };
      await files.write("to/sub/run", "old");
      await files.copyIn(source, "to");
      expect((await files.walk()).map(({ path }) => path)).toEqual(["to", "to/big", "to/empty", "to/sub", "to/sub/run"]);
      expect(decode((await files.read("to/sub/run")).data)).toBe("hi");
      expect([isRead, (await files.stat("to/big"))?.size]).toEqual([true, big]);
      const { mode } = (await files.stat("to/sub/run")) ?? {};
      if (mode !== undefined) expect(mode & 0o111).not.toBe(0);
      await files.mkdir("to2/big");
      await expect(files.copyIn(source, "to2")).rejects.toSatisfy(is("is_directory"));
      const failing: FileSource = {
        id: async () => "1",
        files: async function* () {
          yield {
            path: "half",
            isDirectory: false,
            mode: 0o644,
            size: 9,
            data: async function* () {
              yield Buffer.from("half");
              throw new Error("the source is gone");
            },
          };
        },
      };
      await expect(files.copyIn(failing)).rejects.toThrow();
      expect(await files.stat("half")).toBeUndefined();
    });

    test("reports every change and loses nothing in a burst", async () => {
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
}
