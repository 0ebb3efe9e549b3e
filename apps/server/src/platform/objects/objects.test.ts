import { mkdirSync, readdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startS3Server } from "@tesslate/testkit";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../testing/temporary.ts";
import { contentOf, describeObjectStore } from "./conformance.ts";
import { createFolderStore } from "./folder-store.ts";
import { createS3Store } from "./s3-store.ts";

const partBytes = 64 * 1024;
const openFolder = () => {
  const dir = temporaryFolder("objects");
  const scratchDir = join(dir, "scratch");
  return { dir, scratchDir, store: createFolderStore({ dir, scratchDir }) };
};
const keys = { accessKeyId: "AKIATEST", secretAccessKey: "the-secret-key" };
const openS3 = async (given: { secretAccessKey?: string; bucket?: string } = {}) => {
  const server = await startS3Server({ bucket: "studio", ...keys, pageSize: 3 });
  const scratchDir = temporaryFolder("scratch");
  const store = createS3Store({
    bucket: "studio",
    prefix: "one/two",
    region: "us-east-1",
    endpoint: server.endpoint,
    isPathStyle: true,
    ...keys,
    ...given,
    scratchDir,
    partBytes,
  });
  return { server, store, scratchDir, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
};

describeObjectStore("folder", async () => ({ ...openFolder(), [Symbol.asyncDispose]: async () => undefined }), { partBytes });
describeObjectStore("S3 protocol", openS3, { partBytes });

test("files of earlier versions are objects; links and folders are none", async () => {
  const { store, dir } = openFolder();
  mkdirSync(join(dir, "deployments/p/d/tree"), { recursive: true });
  writeFileSync(join(dir, "deployments/p/d/tree/index.html"), "hello");
  symlinkSync("/etc/passwd", join(dir, "deployments/p/d/tree/link"));
  const found = await store.get("deployments/p/d/tree/index.html");
  expect(found && (await contentOf(found.data)).toString()).toBe("hello");
  await expect(store.get("deployments/p/d/tree/link")).rejects.toThrow("ELOOP");
  expect(await store.localFile("deployments/p/d/tree/link")).toBeUndefined();
  expect(await store.get("deployments/p/d/tree")).toBeUndefined();
  await store.put("deployments/p/d/tree/a/b", Buffer.from("x"));
  expect(statSync(join(dir, "deployments/p/d/tree/a/b")).mode & 0o777).toBe(0o600);
  await store.delete("deployments/p/d/tree/a/b");
  expect(readdirSync(join(dir, "deployments/p/d/tree")).sort()).toEqual(["index.html", "link"]);
});

test("files that a killed server left in the scratch folder are deleted after their time", async () => {
  const { store, scratchDir } = openFolder();
  mkdirSync(scratchDir);
  for (const name of ["old", "new"]) writeFileSync(join(scratchDir, name), name);
  utimesSync(join(scratchDir, "old"), new Date(0), new Date(0));
  expect(await store.removeUnfinished(new Date(Date.now() - 3_600_000))).toBe(1);
  expect(readdirSync(scratchDir)).toEqual(["new"]);
});

test("S3: requests are retried, a broken download continues where it ended, parts of a failed upload are aborted", async () => {
  await using opened = await openS3();
  const { server, store } = opened;
  const data = Buffer.alloc(partBytes + 10, "0123456789");
  server.failNext(2);
  await store.put("exports/a", data);
  expect([...server.objects.keys()]).toEqual(["studio/one/two/exports/a"]);
  server.failNext(1);
  server.cutNext(1001);
  const found = await store.get("exports/a", { start: 5, end: data.length - 1 });
  expect(found && (await contentOf(found.data)).equals(data.subarray(5))).toBe(true);
  async function* broken() {
    yield data;
    yield data;
    throw new Error("broken");
  }
  await expect(store.put("exports/b", broken())).rejects.toThrow("broken");
  expect(server.uploads).toBe(0);
});

test("S3: uploads that a killed server left are aborted after their time", async () => {
  await using opened = await openS3();
  const { server, store } = opened;
  const started = Promise.withResolvers<void>();
  async function* endless() {
    yield Buffer.alloc(2 * partBytes + 1);
    started.resolve();
    await new Promise<never>(() => undefined);
  }
  void store.put("exports/a", endless());
  await started.promise;
  await expect.poll(() => server.uploads).toBe(1);
  expect(await store.removeUnfinished(new Date(Date.now() - 3_600_000))).toBe(0);
  expect(await store.removeUnfinished(new Date(Date.now() + 3_600_000))).toBe(1);
  expect(server.uploads).toBe(0);
});

test("S3: errors say what failed in their cause, and never a key", async () => {
  await using opened = await openS3({ secretAccessKey: "another-secret" });
  const error: Error = await opened.store.put("exports/a", Buffer.from("x")).then(
    () => expect.fail("it was stored"),
    (reason: Error) => reason,
  );
  expect(error).toMatchObject({ code: "unavailable", message: "The server's file storage is not available. Try again in a moment." });
  expect(String((error.cause as Error).message)).toMatch(/^127\.0\.0\.1:\d+ responded with 403 SignatureDoesNotMatch$/);
  expect(JSON.stringify([error, error.cause, error.stack])).not.toContain("another-secret");
  await using other = await openS3({ bucket: "other" });
  const missing = await other.store.get("exports/a").catch((reason: Error) => reason);
  expect((missing as Error).cause).toMatchObject({ code: "NoSuchBucket" });
});

test("S3: a download that is destroyed ends its request, before and while it is read", async () => {
  await using opened = await openS3();
  const { server, store } = opened;
  await store.put("exports/a", Buffer.alloc(40 * partBytes));
  const unread = await store.get("exports/a");
  unread?.data.destroy();
  const read = await store.get("exports/a");
  if (read) for await (const _ of read.data) break;
  expect([unread?.data.destroyed, read?.data.destroyed]).toEqual([true, true]);
  await expect.poll(() => server.responses).toBe(0);
});
