import { createWriteStream } from "node:fs";
import { createHash, randomBytes, type Hash } from "node:crypto";
import { once } from "node:events";
import { Transform, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import { readCatalogue } from "./catalogue.ts";
import { onDatabase, type DumpTarget } from "./connection.ts";
import { figuresOfDump, type TableFigures } from "./table-figures.ts";

/** Temporary databases that a crash may have left. */
export const isTemporary = (database: string): boolean => /^studio_(?:restore|old)_[0-9a-f]{12}$/.test(database);

export interface DumpFacts {
  database: string;
  encoding: string;
  collate: string;
  ctype: string;
}
export interface WrittenDump {
  /** Kinds of objects that are not restored. */
  leftOut: string[];
  /** The tables with the numbers of rows that were written. Undefined for a database with too many. */
  tables: TableFigures[] | undefined;
  /** Of what was written, without its random marks: dumps of the same definitions and rows have the same one. */
  digest: string;
}

/** Databases with user content. */
export async function listDatabases(target: DumpTarget, signal: AbortSignal): Promise<string[]> {
  const names = await onDatabase(target, target.database, signal, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      "select datname from pg_database where datallowconn and not datistemplate order by datname",
    );
    return rows.map((row) => row.datname).filter((database) => !isTemporary(database));
  });
  const found: string[] = [];
  for (const database of names)
    if (database !== "postgres" || target.database === "postgres" || (await hasContent(target, database, signal))) found.push(database);
  return found;
}
/** What the databases of a server take on its disk. */
export const sizeOfDatabases = (target: DumpTarget, signal: AbortSignal): Promise<number> =>
  onDatabase(target, target.database, signal, async (client) => {
    const { rows } = await client.query<{ bytes: string }>(
      "select coalesce(sum(pg_database_size(oid)), 0) as bytes from pg_database where datallowconn and not datistemplate",
    );
    return Number(rows[0]?.bytes ?? 0);
  });
const hasContent = (target: DumpTarget, database: string, signal: AbortSignal) =>
  onDatabase(target, database, signal, async (client) => {
    const { rowCount } = await client.query(
      "select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_' limit 1",
    );
    return rowCount !== 0;
  });

/** Dumps one database of a project into a file. */
export async function dumpDatabase(target: DumpTarget, database: string, file: string, signal: AbortSignal): Promise<WrittenDump> {
  const out = createWriteStream(file, { mode: 0o600 });
  try {
    return await onDatabase(target, database, signal, (client) => writeDump(client, out, signal));
  } finally {
    out.end();
    await once(out, "close").catch(() => undefined);
  }
}

/**
 * Writes the connected database as SQL that `psql` can read: definitions, rows as COPY, keys and indexes, from one snapshot. Each statement
 * ends with a line that contains a random mark. Does not end `out`.
 */
async function writeDump(client: pg.Client, out: Writable, signal: AbortSignal): Promise<WrittenDump> {
  const mark = `--${randomBytes(12).toString("hex")}`;
  const hash = createHash("sha256");
  const write = async (text: string) => {
    hash.update(text.replaceAll(mark.slice(2), ""));
    if (!out.write(text)) await once(out, "drain", { signal });
  };
  await client.query("begin transaction isolation level repeatable read, read only");
  const { rows } = await client.query<DumpFacts>(
    "select datname as database, pg_encoding_to_char(encoding) as encoding, datcollate as collate, datctype as ctype from pg_database where datname = current_database()",
  );
  await client.query(
    "set local datestyle to iso; set local intervalstyle to postgres; set local extra_float_digits to 3; set local row_security to off; set local idle_in_transaction_session_timeout to 0",
  );
  const { before, tables, after, leftOut } = await readCatalogue(client);
  await write(`-- Tesslate Studio database dump ${mark.slice(2)} ${JSON.stringify(rows[0])}\n`);
  const statement = (sql: string) => write(`${sql};\n${mark}\n`);
  for (const sql of [
    "set client_encoding to 'UTF8'",
    "set check_function_bodies to off",
    "set row_security to off",
    "set datestyle to iso",
    "set intervalstyle to postgres",
    "select pg_catalog.set_config('search_path', '', false)",
    ...before,
  ])
    await statement(sql);
  const written = new Map<string, number>();
  for (const table of tables) {
    // Tables without columns have no data to copy.
    if (table.columns.length === 0) continue;
    const what = `copy ${table.name} (${table.columns.join(", ")})`;
    await write(`${what} from stdin;\n`);
    const copy = client.query(copyTo(`${what} to stdout`));
    await pipeline(copy, passTo(out, hash), { signal });
    written.set(table.name, copy.rowCount);
    await write(`\\.\n${mark}\n`);
  }
  for (const sql of after) await statement(sql);
  await write(`${mark} complete\n`);
  const figures = await figuresOfDump(client, written);
  await client.query("commit");
  return { leftOut, tables: figures, digest: hash.digest("hex") };
}

/** Dumps the database of a connection of our own, and ends `out`, or destroys it when that fails. Returns the kinds of objects that are not restored. */
export async function dumpConnection(connection: pg.ClientConfig, out: Writable, signal: AbortSignal): Promise<string[]> {
  const client = new pg.Client({ ...connection, application_name: "tesslate-studio backup" });
  const failure = new Promise<never>((_, reject) => client.on("error", reject));
  failure.catch(() => undefined);
  try {
    await client.connect();
    const { leftOut } = await Promise.race([writeDump(client, out, signal), failure]);
    out.end();
    return leftOut;
  } catch (error) {
    out.destroy(error as Error);
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Pipes into a stream without ending it. */
const passTo = (out: Writable, hash: Hash) =>
  new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      if (out.write(chunk)) done();
      else out.once("drain", () => done());
    },
  }).resume();
