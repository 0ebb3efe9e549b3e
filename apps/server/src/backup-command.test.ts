import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { backUp, checkBackupTarget, restore } from "./backup-command.ts";
import { readConfig } from "./config.ts";
import { readLastBackup, refuseTargetInContainer } from "./features/operations/backup/index.ts";
import { createLogger } from "./platform/logger.ts";
import { testPlatform } from "./testing/platform.ts";
import { temporaryFolder } from "./testing/temporary.ts";

const { server } = inject("postgres");
const addressOf = (database: string): string => {
  if ("url" in server) return Object.assign(new URL(server.url), { pathname: `/${database}` }).href;
  return `postgres://tesslate@${encodeURIComponent(server.socketDir)}/${database}`;
};
const commandOf = (database: string, more: Record<string, string> = {}) => {
  const environment = {
    DATA_DIR: temporaryFolder("data"),
    DATABASE_URL: addressOf(database),
    SECRET_KEY: "a secret key of the tests, 32+ characters",
    ...more,
  };
  return {
    config: readConfig(environment),
    environment,
    log: createLogger("silent"),
    print: () => undefined,
    signal: new AbortController().signal,
  };
};
const runner = { RUNTIME_DRIVER: "remote", RUNNER_URL: "https://runner.lan:7070", RUNNER_TOKEN: "0123456789abcdef0123456789abcdef" };
const bucket = { OBJECTS_S3_BUCKET: "studio", OBJECTS_S3_ACCESS_KEY_ID: "key", OBJECTS_S3_SECRET_ACCESS_KEY: "secret" };

test("a backup says that the files of projects are on the runner, and what protects them", async () => {
  await using platform = await testPlatform();
  await platform.project();
  const target = temporaryFolder("target");
  const withRunner = commandOf(platform.name, runner);
  const { warnings, projects_without_files } = await backUp(withRunner, { target });
  expect(warnings).toEqual([
    "Files of 1 project are on the runner at https://runner.lan:7070 and are not in this backup: run ./studio backup there (docs/operations/runner.md#backups).",
  ]);
  expect(projects_without_files).toBe(1);
  expect(await readLastBackup(withRunner.config.dataDir)).toMatchObject({ warnings: 1, projectsWithoutFiles: 1 });

  const copied = await backUp(commandOf(platform.name, { ...runner, ...bucket }), { target });
  expect(copied.warnings[0]).toContain(" Copies in s3://studio protect them: projects that changed are copied every 60 minutes.");
  const asTaken = await backUp(commandOf(platform.name, { ...runner, ...bucket, SNAPSHOT_COPY_MINUTES: "0" }), { target });
  expect(asTaken.warnings[0]).toMatch(/ Copies of their snapshots in s3:\/\/studio protect them, as they were when the last snapshot/);
  const notCopied = await backUp(commandOf(platform.name, { ...runner, ...bucket, SNAPSHOT_COPIES: "off" }), { target });
  expect(notCopied.warnings[0]).not.toContain("Copies");
  expect((await backUp(commandOf(platform.name), { target })).warnings).toEqual([expect.stringContaining(" has no files: its setup had")]);
});

test("a restore into the database of a running server is refused, with what to do for a test", async () => {
  await using platform = await testPlatform();
  const target = temporaryFolder("target");
  await backUp(commandOf(platform.name), { target });
  const client = await platform.database.pool.connect();
  try {
    await client.query("select pg_advisory_lock(7473748, 1)");
    await expect(restore(commandOf(platform.name), { target, isForced: true })).rejects.toThrow(
      "A server uses the database of DATABASE_URL. Set DATABASE_URL to an empty database, or, to replace that server, stop it first.",
    );
  } finally {
    client.release(true);
  }
});

test("a target for backups is checked without leaving something there", async () => {
  const { config } = commandOf("none");
  const target = temporaryFolder("target");
  await checkBackupTarget(target, config);
  expect(readdirSync(join(target, "checks"))).toEqual([]);
  await expect(checkBackupTarget(join(config.dataDir, "backups"), config)).rejects.toThrow("is in the data folder");
  await expect(checkBackupTarget(join(import.meta.filename, "backups"), config)).rejects.toThrow("ENOTDIR");
});

test("in the container image, a target that is deleted with the container is refused", () => {
  const volume = (path: string) => (path.startsWith("/backup") ? "/backup" : "/");
  expect(() => refuseTargetInContainer("/backup/studio", volume)).not.toThrow();
  expect(() => refuseTargetInContainer("/var/backups", volume)).toThrow(
    "/var/backups is in this container and would be deleted with it. Mount a folder of the host there: --volume /var/backups:/var/backups",
  );
});
