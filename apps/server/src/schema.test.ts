import { globSync } from "node:fs";
import { join } from "node:path";
import { is, SQL } from "drizzle-orm";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import { expect, test } from "vitest";
import { testApp } from "./testing/app.ts";

interface Column {
  nullable: boolean;
  default: string | null;
}

test("the migrations create the columns that the tables declare: names, nullability and plain defaults", async () => {
  const app = await testApp();
  const { rows } = await app.studio.database.pool.query<Column & { table: string; column: string }>(
    `select table_name as table, column_name as column, is_nullable = 'YES' as nullable, column_default as default
     from information_schema.columns where table_schema = 'public'`,
  );
  const made = new Map(rows.map((row) => [`${row.table}.${row.column}`, row]));
  const differences: string[] = [];
  let count = 0;
  const declaredTables = new Set<string>();
  for (const file of globSync("db/schema/**/*.ts", { cwd: import.meta.dirname })) {
    const tables = Object.values((await import(join(import.meta.dirname, file))) as Record<string, unknown>).filter((one) =>
      is(one, PgTable),
    );
    for (const { name, columns } of tables.map((table) => getTableConfig(table as PgTable))) {
      declaredTables.add(name);
      for (const column of columns) {
        count += 1;
        const path = `${name}.${column.name}`;
        const row = made.get(path);
        if (!row) {
          differences.push(`${path} is not there`);
          continue;
        }
        if (row.nullable === column.notNull) differences.push(`${path} is ${row.nullable ? "nullable" : "not null"}`);
        const declared: unknown = column.default;
        if (typeof declared === "number" || typeof declared === "boolean") {
          if (row.default !== String(declared)) differences.push(`${path} has the default ${row.default}, not ${String(declared)}`);
        } else if ((declared !== undefined || is(declared, SQL)) && row.default === null) differences.push(`${path} has no default`);
      }
    }
  }
  for (const table of new Set(rows.map((row) => row.table)))
    if (!declaredTables.has(table)) differences.push(`${table} is in the database and not in the schema`);
  expect(count).toBeGreaterThan(300);
  expect(differences).toEqual([]);
});
