import { sql } from "drizzle-orm";
import { expect, test, vi } from "vitest";
import { testPlatform } from "../testing/platform.ts";
import { startJobs } from "./jobs.ts";

test("a job exists exactly when its transaction commits, runs once per key, and is retried when it fails", async () => {
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

test("jobs continue after their connections were cut", async () => {
  await using p = await testPlatform();
  const seen: unknown[] = [];
  const jobs = await startJobs({ pool: p.database.pool, log: p.log, handlers: { note: async (payload) => void seen.push(payload) } });
  await jobs.enqueue(p.database.db, "note", { n: 1 });
  await vi.waitFor(() => expect(seen).toHaveLength(1));
  await p.database.pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );
  await vi.waitFor(() => jobs.enqueue(p.database.db, "note", { n: 2 }));
  await vi.waitFor(() => expect(seen).toHaveLength(2));
  await jobs.check();
  await jobs.close();
});
