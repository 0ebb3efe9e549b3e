import { randomBytes } from "node:crypto";
import { writeFileSync, readFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { ObjectExists, ObjectTooLarge, type ObjectStore } from "./object-store.ts";

export interface OpenedStore extends AsyncDisposable {
  store: ObjectStore;
  scratchDir: string;
}

export const contentOf = async (data: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  for await (const part of data) parts.push(part);
  return Buffer.concat(parts);
};
async function* pieces(data: Buffer, size: number) {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

/** What every implementation of `ObjectStore` promises. `partBytes`: objects that are larger are uploaded in parts. */
export function describeObjectStore(name: string, open: () => Promise<OpenedStore>, { partBytes }: { partBytes: number }): void {
  const read = async (store: ObjectStore, key: string, range?: { start: number; end: number }) => {
    const found = await store.get(key, range);
    return found && (await contentOf(found.data)).toString();
  };
  const keysOf = async (store: ObjectStore, prefix: string, options?: { after: string }) => {
    const keys: string[] = [];
    for await (const { key } of store.list(prefix, options)) keys.push(key);
    return keys;
  };

  describe(`${name}: objects`, () => {
    test("are stored, replaced, read whole and in ranges, described, and deleted, however often", async () => {
      await using opened = await open();
      const { store } = opened;
      expect(await store.get("exports/a.zip")).toBeUndefined();
      expect(await store.head("exports/a.zip")).toBeUndefined();
      expect(await store.put("exports/a.zip", Buffer.from("first"))).toBe(5);
      const first = await store.head("exports/a.zip");
      expect(first).toMatchObject({ key: "exports/a.zip", bytes: 5 });
      expect(Math.abs(Date.now() - (first?.modifiedAt.getTime() ?? 0))).toBeLessThan(60_000);
      expect(first?.etag).toMatch(/^".+"$/);
      await store.put("exports/a.zip", Readable.from([Buffer.from("the "), Buffer.from("second")]));
      expect(await read(store, "exports/a.zip")).toBe("the second");
      expect((await store.head("exports/a.zip"))?.etag).not.toBe(first?.etag);
      const part = await store.get("exports/a.zip", { start: 4, end: 6 });
      expect(part?.bytes).toBe(10);
      expect(part && (await contentOf(part.data)).toString()).toBe("sec");
      await store.put("exports/empty", Buffer.alloc(0));
      expect(await read(store, "exports/empty")).toBe("");
      await store.delete("exports/a.zip", "exports/empty", "exports/unknown");
      await store.delete("exports/a.zip");
      expect(await store.get("exports/a.zip")).toBeUndefined();
      await store.check();
      expect(await keysOf(store, "exports/")).toEqual([]);
    });

    test("of several parts stream in and out, also from a file, and as a file", async () => {
      await using opened = await open();
      const { store } = opened;
      const data = randomBytes(2.5 * partBytes + 17);
      expect(await store.put("exports/big", pieces(data, Math.floor(partBytes / 8) + 3))).toBe(data.length);
      const found = await store.get("exports/big");
      expect(found?.bytes).toBe(data.length);
      expect(found && (await contentOf(found.data)).equals(data)).toBe(true);
      const [start, end] = [partBytes - 2, partBytes + 5];
      const part = await store.get("exports/big", { start, end });
      expect(part && (await contentOf(part.data)).equals(data.subarray(start, end + 1))).toBe(true);

      const file = await store.scratchFile();
      writeFileSync(file, data.subarray(0, partBytes + 1));
      await store.putFile("bases/made.zip", file);
      const local = await store.localFile("bases/made.zip");
      expect(local?.bytes).toBe(partBytes + 1);
      expect(readFileSync(local?.path ?? "").equals(data.subarray(0, partBytes + 1))).toBe(true);
      await local?.[Symbol.asyncDispose]();
      // Disposing releases a copy, never the object.
      expect((await store.head("bases/made.zip"))?.bytes).toBe(partBytes + 1);
      expect(await store.localFile("bases/none.zip")).toBeUndefined();
    });

    test("an upload that fails, is cancelled or too large leaves nothing, and keeps what was there", async () => {
      await using opened = await open();
      const { store } = opened;
      await store.put("exports/kept", Buffer.from("kept"));
      const big = randomBytes(2 * partBytes + 1);
      async function* broken() {
        yield* pieces(big, partBytes / 8);
        throw new Error("the client left");
      }
      await expect(store.put("exports/kept", broken())).rejects.toThrow("the client left");
      await expect(store.put("exports/new", broken())).rejects.toThrow("the client left");
      const source = Readable.from(pieces(big, partBytes / 8));
      await expect(store.put("exports/new", source, { maxBytes: 1.5 * partBytes })).rejects.toThrow(ObjectTooLarge);
      expect(source.destroyed).toBe(true);
      const abort = new AbortController();
      async function* slow() {
        yield* pieces(big, partBytes / 8);
        abort.abort(new Error("cancelled"));
        yield big;
      }
      await expect(store.put("exports/new", slow(), { signal: abort.signal })).rejects.toThrow("cancelled");
      expect(await keysOf(store, "exports/")).toEqual(["exports/kept"]);
      expect(await read(store, "exports/kept")).toBe("kept");
      expect(await store.removeUnfinished(new Date(Date.now() + 86_400_000))).toBe(0);
    });

    test("are written once if they must be new", async () => {
      await using opened = await open();
      const { store } = opened;
      await store.put("exports/once", Buffer.from("one"), { isNew: true });
      await expect(store.put("exports/once", Buffer.from("two"), { isNew: true })).rejects.toThrow(ObjectExists);
      expect(await read(store, "exports/once")).toBe("one");
    });

    test("are copied; a missing source is reported", async () => {
      await using opened = await open();
      const { store } = opened;
      await store.put("bases/ü b+c'(1).zip", Buffer.from("archive"));
      expect(await store.copy("bases/ü b+c'(1).zip", "arrivals/copy.zip")).toBe(true);
      expect(await store.copy("bases/none.zip", "arrivals/none.zip")).toBe(false);
      expect(await read(store, "arrivals/copy.zip")).toBe("archive");
      expect(await read(store, "bases/ü b+c'(1).zip")).toBe("archive");
    });

    test("are listed in order, in pages, from a key on, and by folders; a folder is deleted with all that is in it", async () => {
      await using opened = await open();
      const { store } = opened;
      const keys = ["a", "a-b", "a/1", "a/2/x", "a0", "b/1", "é & <x>/1"].map((key) => `deployments/${key}`);
      // "a" is both an object and a folder for S3, which the folder store cannot have.
      const possible = keys.filter((key) => key !== "deployments/a");
      for (const key of possible) await store.put(key, Buffer.from(key));
      await store.put("exports/other", Buffer.from("other"));
      expect(await keysOf(store, "deployments/")).toEqual(possible);
      expect(await keysOf(store, "deployments/", { after: "deployments/a/1" })).toEqual(possible.slice(2));
      expect(await keysOf(store, "deployments/", { after: "deployments/a-zzz" })).toEqual(possible.slice(1));
      expect(await keysOf(store, "deployments/a/")).toEqual(["deployments/a/1", "deployments/a/2/x"]);
      expect(await keysOf(store, "deployments/none/")).toEqual([]);
      expect(await store.listFolders("deployments/")).toEqual(["a", "b", "é & <x>"]);
      expect(await store.listFolders("deployments/a/")).toEqual(["2"]);
      expect(await store.listFolders("bases/")).toEqual([]);
      await store.deleteAll("deployments/a/");
      await store.deleteAll("deployments/a/");
      expect(await keysOf(store, "deployments/")).toEqual(possible.filter((key) => !key.startsWith("deployments/a/")));
    });

    test("keys cannot leave their collection", async () => {
      await using opened = await open();
      const { store, scratchDir } = opened;
      const bad = [
        "",
        "exports",
        "/etc/passwd",
        "secret.key",
        "postgres/x",
        "exports/../secret.key",
        "exports//x",
        "exports/./x",
        "exports/a\0b",
        "exports/a\nb",
        `exports/${"x".repeat(256)}`,
        "exports/\ud800",
      ];
      for (const key of bad) {
        await expect((async () => store.put(key, Buffer.from("x")))(), key).rejects.toThrow("not a valid key");
        await expect((async () => store.get(key))(), key).rejects.toThrow("not a valid key");
        await expect((async () => store.delete(key))(), key).rejects.toThrow("not a valid key");
      }
      await expect((async () => store.deleteAll("exports/"))()).rejects.toThrow("not a valid key");
      await expect((async () => store.deleteAll("exports/a"))()).rejects.toThrow("does not end with /");
      expect(() => store.list("../")).toThrow("not a valid key");
      expect(existsSync(join(scratchDir, "../secret.key"))).toBe(false);
    });
  });
}
