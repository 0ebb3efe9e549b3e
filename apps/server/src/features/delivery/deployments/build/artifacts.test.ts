import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { startS3Server } from "@tesslate/testkit";
import { describe, expect, test } from "vitest";
import { SecretValue } from "../../../../platform/secret.ts";
import { temporaryFolder } from "../../../../testing/temporary.ts";
import { openFolderObjects, openObjects } from "../../../../platform/objects/index.ts";
import { createArtifactStore, FileTooLarge } from "./artifacts.ts";

const isRoot = process.getuid?.() === 0;
test.skipIf(!isRoot)("a full disk is reported as such, and stored files remain", async () => {
  const dir = temporaryFolder("artifacts");
  execFileSync("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=1m", "none", dir]);
  try {
    const artifacts = createArtifactStore({ objects: openFolderObjects(dir) });
    const add = async (id: string, bytes: number) => {
      const writer = await artifacts.create(ref(id));
      await writer.add("index.html", 0o644, Readable.from([Buffer.alloc(bytes)]), { fileBytes: 4 << 20 }).catch(async (error: unknown) => {
        await writer.discard();
        throw error;
      });
      await writer.complete();
    };
    const full = { code: "storage_full" };
    await add("one", 600 << 10);
    await expect(add("two", 600 << 10)).rejects.toMatchObject(full);
    expect(await artifacts.find(ref("two"))).toBe(undefined);
    await expect(artifacts.copy(ref("one"), ref("three"))).rejects.toMatchObject(full);
    expect((await artifacts.find(ref("one")))?.totalBytes).toBe(600 << 10);
  } finally {
    execFileSync("/usr/bin/umount", ["-l", dir]);
  }
});

const { signal } = new AbortController();
const ref = (id: string) => ({ project_id: "shop", id });
const contentOf = async (file: { open(): Readable } | undefined) => file && text(file.open());

describe.each(["folder", "s3"] as const)("versions in %s", (kind) => {
  const open = async () => {
    const dir = temporaryFolder("artifacts");
    if (kind === "folder")
      return { artifacts: createArtifactStore({ objects: openFolderObjects(dir) }), [Symbol.asyncDispose]: async () => undefined };
    const keys = { accessKeyId: "AKIATEST", secretAccessKey: new SecretValue("secret") };
    const server = await startS3Server({ bucket: "studio", accessKeyId: keys.accessKeyId, secretAccessKey: "secret" });
    const s3 = { bucket: "studio", prefix: "", region: "us-east-1", endpoint: server.endpoint, isPathStyle: true, ...keys };
    const opened = await openObjects(
      { objects: { s3 }, outbound: { allowHosts: [], caFile: undefined, proxy: { http: undefined, https: undefined, none: [] } } },
      dir,
    );
    return {
      artifacts: createArtifactStore({ objects: opened.objects }),
      [Symbol.asyncDispose]: async () => {
        await opened.close();
        await server[Symbol.asyncDispose]();
      },
    };
  };

  test("keep each file with its mode and hash, whole and in ranges, also read from this machine; a failed file leaves no gap", async () => {
    await using opened = await open();
    const { artifacts } = opened;
    const writer = await artifacts.create(ref("one"));
    await writer.add("index.html", 0o644, Readable.from(["<h1>Bread</h1>"]), { fileBytes: 100 });
    await expect(writer.add("big", 0o644, Readable.from(["x".repeat(101)]), { fileBytes: 100 })).rejects.toThrow(FileTooLarge);
    await writer.add("empty", 0o644, Readable.from([]), { fileBytes: 100 });
    await writer.add("bin/run.sh", 0o755, Readable.from(["#!/bin/sh"]), { fileBytes: 100 });
    expect(await artifacts.find(ref("one"))).toBeUndefined();
    await writer.complete();
    const found = await artifacts.find(ref("one"));
    expect(found?.files.map(({ path, mode, size }) => [path, mode, size])).toEqual([
      ["bin/run.sh", 0o755, 9],
      ["empty", 0o644, 0],
      ["index.html", 0o644, 14],
    ]);
    expect(await Promise.all(found?.files.map(contentOf) ?? [])).toEqual(["#!/bin/sh", "", "<h1>Bread</h1>"]);
    expect(found?.files[2]?.sha1).toBe(createHash("sha1").update("<h1>Bread</h1>").digest("hex"));
    await using local = await artifacts.findLocal(ref("one"), "sent", signal);
    // Beyond the end of a file is not the next one.
    for (const version of [found, local]) {
      expect(await text((await version?.files[0]?.read({ start: 2, end: 99 })) ?? Readable.from([]))).toBe("/bin/sh");
      expect(await text((await version?.files[1]?.read({ start: 0, end: 99 })) ?? Readable.from([]))).toBe("");
    }
    for (const version of [found, local])
      expect(await text((await version?.files[2]?.read({ start: 4, end: 8 })) ?? Readable.from([]))).toBe("Bread");
    expect(await contentOf(local?.files[0])).toBe("#!/bin/sh");
  });

  test("are copied, listed and removed with what belongs to them", async () => {
    await using opened = await open();
    const { artifacts } = opened;
    for (const part of ["sent", "checked"] as const) {
      const writer = await artifacts.create(ref("one"), part);
      await writer.add("a.txt", 0o644, Readable.from([part]), { fileBytes: 100 });
      await writer.complete();
    }
    expect(await contentOf((await artifacts.find(ref("one"), "checked"))?.files[0])).toBe("checked");
    expect(await artifacts.copy(ref("one"), ref("two"))).toBe(true);
    expect(await artifacts.copy(ref("none"), ref("three"))).toBe(false);
    expect(await contentOf((await artifacts.find(ref("two")))?.files[0])).toBe("sent");
    expect((await artifacts.list()).map(({ id }) => id).sort()).toEqual(["one", "two"]);
    expect(Math.abs(Date.now() - ((await artifacts.lastStoredAt(ref("one")))?.getTime() ?? 0))).toBeLessThan(60_000);
    expect(await artifacts.lastStoredAt(ref("none"))).toBeUndefined();
    await artifacts.remove(ref("one"));
    expect(await artifacts.find(ref("one"), "checked")).toBeUndefined();
    await artifacts.removeProject("shop");
    expect(await artifacts.list()).toEqual([]);
  });
});

test("versions of earlier releases, with a file per path, are read, copied and removed", async () => {
  const dir = temporaryFolder("artifacts");
  const artifacts = createArtifactStore({ objects: openFolderObjects(dir) });
  const folder = join(dir, "deployments/shop/old");
  mkdirSync(join(folder, "tree/assets"), { recursive: true });
  writeFileSync(join(folder, "tree/assets/a b.js"), "const a = 1;");
  const entry = { path: "assets/a b.js", size: 12, sha1: "-", sha256: "-", mode: 0o644 };
  writeFileSync(join(folder, "files.json"), JSON.stringify([entry]));
  expect(await contentOf((await artifacts.find(ref("old")))?.files[0])).toBe("const a = 1;");
  await using local = await artifacts.findLocal(ref("old"), "sent", signal);
  expect(await text((await local?.files[0]?.read({ start: 6, end: 6 })) ?? Readable.from([]))).toBe("a");
  expect(await artifacts.copy(ref("old"), ref("new"))).toBe(true);
  await artifacts.remove(ref("old"));
  expect(await contentOf((await artifacts.find(ref("new")))?.files[0])).toBe("const a = 1;");
  expect(readdirSync(join(dir, "deployments/shop"))).toEqual(["new"]);
  expect(readdirSync(join(dir, "deployments/shop/new")).sort()).toEqual(["content", "files.json"]);
});
