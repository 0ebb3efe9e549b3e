import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { startS3Server, type S3Server } from "@tesslate/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyObjects } from "./objects-command.ts";
import { openFolderObjects, openObjects, type ObjectStore } from "./platform/objects/index.ts";
import { readConfig } from "./config.ts";
import { testApp } from "./testing/app.ts";
import { ended } from "./testing/projects.ts";
import { temporaryFolder } from "./testing/temporary.ts";
import { filesOf } from "./testing/traces.ts";

let server: S3Server;
const keys = { accessKeyId: "AKIATEST", secretAccessKey: "the-secret-of-the-bucket" };
beforeAll(async () => {
  server = await startS3Server({ bucket: "studio", ...keys, pageSize: 2 });
});
afterAll(() => server?.[Symbol.asyncDispose]());
const s3Settings = (prefix: string) => ({
  OBJECTS_S3_BUCKET: "studio",
  OBJECTS_S3_PREFIX: prefix,
  OBJECTS_S3_ENDPOINT: server.endpoint,
  OBJECTS_S3_ACCESS_KEY_ID: keys.accessKeyId,
  OBJECTS_S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
});
const { signal } = new AbortController();
const contentsOf = async (store: ObjectStore) => {
  const found: Record<string, string> = {};
  for (const collection of ["deployments/", "bases/", "exports/"])
    for await (const { key } of store.list(collection)) {
      const object = await store.get(key);
      if (object) found[key] = await text(object.data);
    }
  return found;
};

test("a server keeps its files in the bucket, and nobody else's server is started on another store", async () => {
  await using app = await testApp({ env: s3Settings("one") });
  const ada = await app.signUp();
  const task = await ended(app, ada, (await app.as(ada).account.export()).task_id);
  expect(task).toMatchObject({ status: "completed" });
  expect([...server.objects.keys()].filter((key) => key.startsWith("studio/one/")).sort()).toEqual([
    `studio/one/exports/${task.id}.zip`,
    "studio/one/installation.json",
  ]);
  const { download_url, size_bytes } = await app.as(ada).account.exported();
  const response = await app.request(download_url ?? "", { user: ada });
  const archive = Buffer.from(await response.arrayBuffer());
  expect([response.headers.get("content-length"), archive.length]).toEqual([String(size_bytes), size_bytes]);
  expect((await filesOf(archive)).get("data/users.json")).toContain(ada.email);
  expect((await app.request(download_url ?? "", { user: ada, method: "HEAD" })).headers.get("content-length")).toBe(String(size_bytes));
  expect(readdirSync(app.dataDir)).not.toContain("exports");
  expect(app.logs()).not.toContain(keys.secretAccessKey);

  await expect(testApp({ database: app.database })).rejects.toThrow(
    "The files of this installation are in s3://studio/one, but the settings say DATA_DIR.",
  );
  await expect(testApp({ database: app.database, env: s3Settings("two") })).rejects.toThrow("are in s3://studio/one, but");

  await expect(testApp({ env: { ...s3Settings("one"), OBJECTS_S3_SECRET_ACCESS_KEY: "wrong" } })).rejects.toThrow(
    /^The file storage s3:\/\/studio\/one does not work: 127\.0\.0\.1:\d+ responded with 403 SignatureDoesNotMatch/,
  );

  server.failNext(100);
  await expect(app.as(ada).account.exported()).rejects.toMatchObject({ code: "unavailable" });
  server.failNext(0);
});

test("a bucket is refused while files of an earlier version are in the data folder", async () => {
  await using app = await testApp({ ownServer: true });
  const dataDir = temporaryFolder("data");
  mkdirSync(join(dataDir, "bases"));
  writeFileSync(join(dataDir, "bases/a.zip"), "archive");
  await app.db.execute("delete from server_settings where key = 'object_store'");
  await expect(testApp({ database: app.database, dataDir, env: s3Settings("three") })).rejects.toThrow(
    "Copy them with ./studio objects copy",
  );
});

test("objects are copied to the bucket and back; repeating it copies what is new or was replaced", async () => {
  const dataDir = temporaryFolder("data");
  const folder = openFolderObjects(dataDir);
  const { objects: bucket, close } = await openObjects(readConfig(s3Settings("copies")), dataDir);
  const lines: string[] = [];
  const copy = (from: ObjectStore, to: ObjectStore) => copyObjects(from, to, { print: (line) => lines.push(line), signal });
  const given = {
    "deployments/p/1/content": "content",
    "deployments/p/1/files.json": "[]",
    "deployments/p/2/tree/a b/ü.html": "<p>",
    "bases/one.zip": "zip",
    "exports/empty.zip": "",
  };
  for (const [key, content] of Object.entries(given)) await folder.put(key, Buffer.from(content));
  expect(await copy(folder, bucket)).toEqual({ copied: 5, copiedBytes: 15, kept: 0 });
  expect(lines).toContain("deployments: 3 copied, 0 were there already");
  expect(await contentsOf(bucket)).toEqual(given);
  expect(await copy(folder, bucket)).toEqual({ copied: 0, copiedBytes: 0, kept: 5 });

  await folder.put("bases/two.zip", Buffer.from("two"));
  await folder.put("bases/one.zip", Buffer.from("longer"));
  await bucket.delete("deployments/p/1/content");
  expect(await copy(folder, bucket)).toEqual({ copied: 3, copiedBytes: 16, kept: 3 });

  const other = openFolderObjects(temporaryFolder("other"));
  await copy(bucket, other);
  expect(await contentsOf(other)).toEqual(await contentsOf(folder));
  await close();
});

test("a copy that the target returns otherwise is refused, and deleted there", async () => {
  const folder = openFolderObjects(temporaryFolder("data"));
  await folder.put("bases/one.zip", Buffer.from("right"));
  const target = openFolderObjects(temporaryFolder("target"));
  const damaging: ObjectStore = { ...target, put: (key) => target.put(key, Buffer.from("wrong")) };
  await expect(copyObjects(folder, damaging, { print: () => undefined, signal })).rejects.toThrow("another content of bases/one.zip");
  expect(await target.head("bases/one.zip")).toBeUndefined();
});
