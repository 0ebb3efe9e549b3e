import { sql } from "drizzle-orm";
import { expect, test, vi } from "vitest";
import { testPlatform } from "../testing/platform.ts";
import { releaseAbandonedJobs, startJobs } from "./jobs.ts";

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

test("a job whose completion loses its connection is completed later, and runs once", async () => {
  await using p = await testPlatform();
  const { pool, db } = p.database;
  const seen: unknown[] = [];
  const jobs = await startJobs({ pool, log: p.log, handlers: { note: async (payload) => void seen.push(payload) } });
  await pool.query(`
    create sequence cuts;
    create function cut() returns trigger language plpgsql as $$ begin
      if nextval('cuts') <= 2 then perform pg_terminate_backend(pg_backend_pid()); end if;
      return null;
    end $$;
    create trigger cut before delete on graphile_worker._private_jobs for each statement execute function cut()`);
  await jobs.enqueue(db, "note", { n: 1 });
  await vi.waitFor(async () => expect((await pool.query("select 1 from graphile_worker._private_jobs")).rows).toEqual([]));
  expect((await pool.query("select last_value::int as cuts from cuts")).rows).toEqual([{ cuts: 3 }]);
  expect(seen).toEqual([{ n: 1 }]);
  await jobs.check();
  await jobs.close();
});

test("a job of a killed server runs again at the next start, not while another server uses the database", async () => {
  await using p = await testPlatform();
  const { pool, db } = p.database;
  const seen: unknown[] = [];
  const start = () => startJobs({ pool, log: p.log, handlers: { note: async (payload) => void seen.push(payload) } });
  await (await start()).close();
  await pool.query("select graphile_worker.add_job('note', '{}')");
  await pool.query("update graphile_worker._private_jobs set locked_at = now(), locked_by = 'killed', attempts = 1");
  {
    await using other = await testPlatform({ of: p });
    await releaseAbandonedJobs(other.database.db, other.presence.id);
    expect((await pool.query("select locked_by from graphile_worker._private_jobs")).rows).toEqual([{ locked_by: "killed" }]);
  }
  await releaseAbandonedJobs(db, p.presence.id);
  const jobs = await start();
  await vi.waitFor(() => expect(seen).toHaveLength(1));
  await jobs.close();
});
