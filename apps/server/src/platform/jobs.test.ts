import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { expect, test, vi } from "vitest";
import { testPlatform } from "../testing/platform.ts";
import { connectDatabase } from "./database.ts";
import { startJobs } from "./jobs.ts";
import { createLogger } from "./logger.ts";
import { startEmbeddedPostgres } from "./postgres.ts";

test("a job exists exactly when its transaction commits, runs once per key, and is tried again when it fails", async () => {
  await using p = await testPlatform();
  const seen: unknown[] = [];
  let failures = 0;
  const jobs = await startJobs({
    pool: p.database.pool,
    log: p.log,
    handlers: {
      note: async (payload) => void seen.push(payload),
      flaky: async () => {
        failures += 1;
        if (failures === 1) throw new Error("not yet");
      },
    },
  });
  const { db } = p.database;
  await expect(
    db.transaction(async (tx) => {
      await jobs.enqueue(tx, "note", { n: 0 });
      throw new Error("rolled back");
    }),
  ).rejects.toThrow();
  await db.transaction(async (tx) => {
    await jobs.enqueue(tx, "note", { n: 1 }, { key: "same" });
    await jobs.enqueue(tx, "note", { n: 2 }, { key: "same" });
  });
  await jobs.enqueue(db, "flaky", {});
  await vi.waitFor(() => expect(seen).toEqual([{ n: 2 }]));
  await vi.waitFor(() => expect(failures).toBe(1));
  // The next try is due in a few seconds; do not wait for it.
  const { rows } = await db.execute<{ attempts: number }>(sql`select attempts from graphile_worker.jobs where task_identifier = 'flaky'`);
  expect(rows[0]?.attempts).toBe(1);
  await jobs.check();
  await jobs.close();
  await expect(jobs.check()).rejects.toThrow(/stopped/);
});

test("go on by themselves after the database was killed and came back", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "studio-jobs-"));
  await chmod(dataDir, 0o755);
  const log = createLogger("silent");
  const server = await startEmbeddedPostgres({ dataDir, reach: async (folder) => folder, log, settings: { fsync: "off" } });
  const database = connectDatabase({ socketDir: server.socketDir }, log);
  const seen: unknown[] = [];
  const jobs = await startJobs({ pool: database.pool, log, handlers: { note: async (payload) => void seen.push(payload) } });
  await jobs.enqueue(database.db, "note", { n: 1 });
  await vi.waitFor(() => expect(seen).toHaveLength(1), { timeout: 5000 });

  process.kill(Number((await readFile(join(dataDir, "postgres/data/postmaster.pid"), "utf8")).split("\n")[0]), "SIGKILL");
  await vi.waitFor(() => jobs.enqueue(database.db, "note", { n: 2 }), { timeout: 15_000, interval: 50 });
  const asked = Date.now();
  await vi.waitFor(() => expect(seen).toHaveLength(2), { timeout: 20_000, interval: 20 });
  expect(Date.now() - asked).toBeLessThan(5000);
  await jobs.check();

  await jobs.close();
  await database.close();
  await server.stop();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
}, 60_000);
