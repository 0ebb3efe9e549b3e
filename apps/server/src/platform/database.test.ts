import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testPlatform } from "../testing/platform.ts";
import { migrateDatabase } from "./database.ts";
import { enqueueJob, startJobs } from "./jobs.ts";
import { createLogger } from "./logger.ts";

test("migrations are applied once: neither concurrent processes nor a second start change anything", async () => {
  await using p = await testPlatform();
  const files = await readdir(join(import.meta.dirname, "../../migrations"), { withFileTypes: true });
  const applied = async () => (await p.database.pool.query("select hash, created_at from drizzle.__drizzle_migrations order by id")).rows;
  const before = await applied();
  expect(before).toHaveLength(files.filter((entry) => entry.isDirectory()).length);
  const lines: string[] = [];
  const log = createLogger("info", { write: (line) => void lines.push(line) });
  await Promise.all([migrateDatabase(p.database, log), migrateDatabase(p.database, log)]);
  expect(await applied()).toEqual(before);
  expect(lines, "nothing was migrated").toEqual([]);
});

test("a database of a newer version is refused with a message and not changed", async () => {
  await using p = await testPlatform();
  const name = "20991231235959_of_tomorrow";
  const rows = async () => (await p.database.pool.query("select name from drizzle.__drizzle_migrations order by id")).rows;
  await p.database.pool.query("insert into drizzle.__drizzle_migrations (hash, created_at, name) values ('tomorrow', 4102444799000, $1)", [
    name,
  ]);
  try {
    const before = await rows();
    await expect(migrateDatabase(p.database, p.log)).rejects.toThrow(
      /newer version of Tesslate Studio \(it has 20991231235959_of_tomorrow, which version \d+\.\d+\.\d+ does not know\)\. Start that version or a newer one, or restore the backup/,
    );
    expect(await rows()).toEqual(before);
  } finally {
    await p.database.pool.query("delete from drizzle.__drizzle_migrations where name = $1", [name]);
  }
  await migrateDatabase(p.database, p.log);
});

test("jobs that are queued during the upgrade run under their new names", async () => {
  await using p = await testPlatform();
  const { pool, db } = p.database;
  await (await startJobs({ pool, log: p.log, handlers: {} })).close();
  await enqueueJob(db, "send_letter", { id: "1" });
  await pool.query(`
    alter table emails rename to letters;
    alter table letters rename column sealed_content to sealed_letter;
    alter index emails_created_at_idx rename to letters_created_at_idx;
    alter index emails_due_idx rename to letters_due_idx;
    delete from drizzle.__drizzle_migrations where name = '20261130112019_emails'`);
  await migrateDatabase(p.database, p.log);
  const { rows } = await pool.query(
    "select task_identifier, payload from graphile_worker.jobs join graphile_worker._private_jobs using (id)",
  );
  expect(rows).toEqual([{ task_identifier: "send_email", payload: { id: "1" } }]);
});
