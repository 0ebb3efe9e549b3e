import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { sql } from "drizzle-orm";
import { fromBufferPromise } from "yauzl";
import type { TestApp } from "./app.ts";

/** The files of a ZIP archive by name. */
export async function filesOf(archive: Buffer): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const zip = await fromBufferPromise(archive, { lazyEntries: true });
  for await (const entry of zip.eachEntry())
    files.set(entry.fileName, entry.fileName.endsWith("/") ? "" : await text(await zip.openReadStreamPromise(entry)));
  return files;
}

/** Every table's rows that name one of the marks. */
export async function rowsWith(app: TestApp, marks: string[]): Promise<string[]> {
  const { rows } = await app.db.execute<{ name: string }>(
    sql`select table_name as name from information_schema.tables where table_schema in ('public') and table_type = 'BASE TABLE'`,
  );
  const found: string[] = [];
  for (const { name } of rows) {
    const hits = await app.db.execute<{ row: string }>(
      sql`select to_jsonb(t)::text as row from ${sql.identifier(name)} t where exists (select 1 from unnest(${sql.param(marks)}::text[]) m where position(m in to_jsonb(t)::text) > 0)`,
    );
    found.push(...hits.rows.map(({ row }) => `${name}: ${row.slice(0, 200)}`));
  }
  const jobs = await app.db.execute<{ row: string }>(
    sql`select payload::text as row from graphile_worker._private_jobs where exists (select 1 from unnest(${sql.param(marks)}::text[]) m where position(m in payload::text) > 0)`,
  );
  return [...found, ...jobs.rows.map(({ row }) => `job: ${row}`)];
}
/** Files and folders that name one of the marks. */
export async function filesWith(dir: string, marks: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (marks.some((mark) => path.includes(mark))) found.push(path);
    else if (entry.isFile()) {
      const content = await readFile(path).catch(() => Buffer.alloc(0));
      if (marks.some((mark) => content.includes(mark))) found.push(path);
    }
  }
  return found;
}
