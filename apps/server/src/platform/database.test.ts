import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testPlatform } from "../testing/platform.ts";
import { migrateDatabase } from "./database.ts";

test("every migration is applied once: of two processes that migrate at once, and again, neither changes anything", async () => {
  await using p = await testPlatform();
  const files = await readdir(join(import.meta.dirname, "../../migrations"), { withFileTypes: true });
  const applied = async () => (await p.database.pool.query("select hash, created_at from drizzle.__drizzle_migrations order by id")).rows;
  const before = await applied();
  expect(before).toHaveLength(files.filter((entry) => entry.isDirectory()).length);
  await Promise.all([migrateDatabase(p.database, p.log), migrateDatabase(p.database, p.log)]);
  expect(await applied()).toEqual(before);
});
