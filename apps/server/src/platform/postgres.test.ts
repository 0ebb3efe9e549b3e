import { mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { reachable, releaseReachable } from "@tesslate/runtime";
import { expect, inject, test } from "vitest";
import { onServer } from "../testing/postgres.ts";
import { temporaryFolder } from "../testing/temporary.ts";
import { holdDataDir } from "./data-folder-lock.ts";
import { findPostgresPrograms } from "./postgres/programs.ts";
import { prepareProjectCluster } from "./postgres/project-cluster.ts";

/* The embedded server, killed and restarted: `postgres.hard.test.ts`. */

test("the server of this test run listens on no network and uses UTF-8", async () => {
  const { server } = inject("postgres");
  await onServer(server, async (client) => {
    const setting = async (name: string) =>
      (await client.query<{ value: string }>("select current_setting($1) as value", [name])).rows[0]?.value;
    expect(await setting("server_encoding")).toBe("UTF8");
    // An existing server is reached by its URL.
    if ("socketDir" in server) expect(await setting("listen_addresses")).toBe("");
  });
});

test("prepares a cluster for databases of projects once, readable for everybody, and removes that of another version", async () => {
  const dataDir = temporaryFolder("cluster");
  const programs = await findPostgresPrograms();
  if (programs === undefined) throw new Error("this platform has no bundled PostgreSQL");
  await mkdir(join(dataDir, "postgres-cluster/17.0.0/cluster"), { recursive: true });
  const prepare = async () => {
    const { folder, ready } = await prepareProjectCluster({ programs, dataDir, reach: reachable, release: releaseReachable });
    await ready;
    return stat(join(folder, "cluster"));
  };
  const made = await prepare();
  expect(made.mode & 0o777).toBe(0o755);
  expect((await prepare()).ino).toBe(made.ino);
  const [version = "", ...others] = await readdir(join(dataDir, "postgres-cluster"));
  expect(others).toEqual([]);
  const cluster = join(dataDir, "postgres-cluster", version, "cluster");
  expect((await stat(join(cluster, "global/pg_control"))).mode & 0o777).toBe(0o644);
  expect(await readFile(join(cluster, "pg_hba.conf"), "utf8")).toContain("scram-sha-256");
});

test("one process locks a data folder; it is free once that process releases it, or when the pid is dead or reused", async () => {
  const dataDir = temporaryFolder("held");
  const release = await holdDataDir(dataDir);
  await expect(holdDataDir(dataDir)).rejects.toThrow(/Another Tesslate Studio.*DATA_DIR/);
  await release();
  expect(await readdir(dataDir)).toEqual(["studio.pid.kernel"]);
  for (const stale of [`${process.ppid} 1`, "4000000 123", ""]) {
    await writeFile(join(dataDir, "studio.pid"), stale);
    await (
      await holdDataDir(dataDir)
    )();
  }
});
