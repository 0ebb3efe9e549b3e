import { randomBytes, randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import pg from "pg";
import { startS3Server, type S3Server } from "@tesslate/testkit";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { backUp, restore } from "./backup-command.ts";
import { claimInstallation } from "./claim-command.ts";
import { readConfig } from "./config.ts";
import { createLogger } from "./platform/logger.ts";
import { createBucketClaim, guardObjects, openObjects } from "./platform/objects/index.ts";
import { createServerSettings } from "./platform/server-settings.ts";
import { testApp, type TestApp } from "./testing/app.ts";
import { onServer, testConnection } from "./testing/postgres.ts";
import { ended } from "./testing/projects.ts";
import { temporaryFolder } from "./testing/temporary.ts";

const { server, prefix } = inject("postgres");
const keys = { accessKeyId: "AKIATEST", secretAccessKey: "the-secret-of-the-bucket" };
const log = createLogger("silent");
let bucket: S3Server;
beforeAll(async () => {
  bucket = await startS3Server({ bucket: "studio", ...keys });
});
afterAll(() => bucket?.[Symbol.asyncDispose]());

const s3Settings = (folder: string) => ({
  OBJECTS_S3_BUCKET: "studio",
  OBJECTS_S3_PREFIX: folder,
  OBJECTS_S3_ENDPOINT: bucket.endpoint,
  OBJECTS_S3_ACCESS_KEY_ID: keys.accessKeyId,
  OBJECTS_S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
});
const addressOf = (database: string): string => {
  if ("url" in server) return Object.assign(new URL(server.url), { pathname: `/${database}` }).href;
  return `postgres://tesslate@${encodeURIComponent(server.socketDir)}/${database}`;
};
async function onDatabase<T>(database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(testConnection(server, database));
  await client.connect();
  return work(client).finally(() => client.end());
}
/** Of a command beside a server, which holds its own data folder. */
const commandOf = (database: string, folder: string) => {
  const environment = {
    DATA_DIR: temporaryFolder("data"),
    DATABASE_URL: addressOf(database),
    SECRET_KEY: "a secret key of the tests, 32+ characters",
    ...s3Settings(folder),
  };
  return { config: readConfig(environment), environment, log, print: () => undefined, signal: new AbortController().signal };
};
const ownerOf = (folder: string) => bucket.objects.get(`studio/${folder}/installation.json`)?.toString();
const objectsOf = (folder: string) =>
  [...bucket.objects.keys()].filter((key) => key.startsWith(`studio/${folder}/`) && !key.endsWith("/installation.json")).sort();
/** The bucket as that installation may use it. */
async function storeOf({ db, config, dataDir }: TestApp) {
  const { objects, close } = await openObjects(config, dataDir);
  const settings = createServerSettings({ db, bus: {} as never, box: {} as never });
  return { ...guardObjects(objects, createBucketClaim(settings, objects), log), [Symbol.asyncDispose]: close };
}
const yesterday = new Date(Date.now() - 86_400_000);

test("a restored copy deletes and replaces nothing in the bucket of the original, and makes no scheduled backups, until it is claimed", async () => {
  const folder = "production";
  const target = temporaryFolder("backups");
  await using original = await testApp({ env: s3Settings(folder) });
  const ada = await original.signUp();
  const exportOf = async (app: typeof original, user: typeof ada) =>
    (await ended(app, user, (await app.as(user).account.export()).task_id)).id;
  const inBackup = await exportOf(original, ada);
  // As of a backup that the schedule makes: its job is running. Another one is waiting.
  await onDatabase(original.database, async (client) => {
    for (const name of ["back_up", "mail_reset"])
      await client.query("select graphile_worker.add_job($1, '{}', run_at := now() + interval '1 day')", [name]);
    await client.query(
      `update graphile_worker._private_jobs j set locked_at = now(), locked_by = 'original' from graphile_worker._private_tasks t
        where t.id = j.task_id and t.identifier = 'back_up'`,
    );
  });
  await backUp(commandOf(original.database, folder), { target });
  const owner = ownerOf(folder);
  expect(owner).toBeDefined();

  const database = `${prefix}_${randomBytes(5).toString("hex")}`;
  await onServer(server, (client) => client.query(`create database ${database}`));
  try {
    const command = commandOf(database, folder);
    await restore(command, { target, isForced: false });
    const waiting = await onDatabase(database, (client) =>
      client.query<{ name: string }>(
        "select task_identifier as name from graphile_worker.jobs where task_identifier in ('back_up', 'mail_reset')",
      ),
    );
    expect(waiting.rows).toEqual([{ name: "mail_reset" }]);
    // Deployed after the backup: the copy has no row for it.
    const deployed = `studio/${folder}/deployments/${randomUUID()}/${randomUUID()}/files.json`;
    bucket.put(deployed, Buffer.from("[]"), yesterday);
    const before = objectsOf(folder);
    {
      await using copy = await testApp({ database, env: s3Settings(folder) });
      expect(copy.logs()).toContain("deletes nothing in s3://studio/production");
      const own = await exportOf(copy, ada);
      expect(objectsOf(folder)).toEqual([...before, `studio/${folder}/exports/${own}.zip`].sort());
      await using store = await storeOf(copy);
      const taken = `exports/${inBackup}.zip`;
      const stream = Readable.from([Buffer.from("another")]);
      for (const replace of [
        () => store.put(taken, stream),
        () => store.putFile(taken, import.meta.filename),
        () => store.copy(`exports/${own}.zip`, taken),
      ])
        await expect(replace()).rejects.toMatchObject({ code: "conflict" });
      expect(stream.destroyed).toBe(true);
    }
    expect(ownerOf(folder)).toBe(owner);
    await expect(backUp(command, { target, isScheduled: true })).rejects.toThrow("may be a copy, so it makes no scheduled backups");
    await backUp(command, { target });

    expect(await claimInstallation(command)).toBe("s3://studio/production");
    expect(ownerOf(folder)).not.toBe(owner);
    await backUp(command, { target, isScheduled: true });
    await using copy = await testApp({ database, env: s3Settings(folder) });
    expect(copy.logs()).not.toContain("may be a copy");
    // What a server deletes once it may.
    await expect.poll(() => objectsOf(folder)).not.toContain(deployed);
  } finally {
    await onServer(server, (client) => client.query(`drop database if exists ${pg.escapeIdentifier(database)} with (force)`));
  }
});

test("a bucket belongs to the first installation that uses it", async () => {
  await using first = await testApp({ env: s3Settings("shared") });
  await using second = await testApp({ env: s3Settings("shared") });
  expect(first.logs()).not.toContain("belongs to another installation");
  expect(second.logs()).toContain("belongs to another installation");
  await using ofFirst = await storeOf(first);
  await using ofSecond = await storeOf(second);
  await ofFirst.put("deployments/p/a", Buffer.from("a"));
  await ofSecond.delete("deployments/p/a");
  await ofSecond.deleteAll("deployments/p/");
  expect(objectsOf("shared")).toEqual(["studio/shared/deployments/p/a"]);
  await ofFirst.deleteAll("deployments/p/");
  expect(objectsOf("shared")).toEqual([]);
});
