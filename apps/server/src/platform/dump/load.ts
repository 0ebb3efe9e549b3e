import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { onDatabase, quoteIdentifier, quoteLiteral, type DumpTarget } from "./connection.ts";
import { isTemporary, type DumpFacts } from "./dump.ts";

/** Maximum size of a statement; rows are streamed. */
const maxStatementBytes = 16 * 2 ** 20;

/**
 * Replaces one database with a dump: a new database is created, filled in one transaction and renamed. A failure before the rename leaves the
 * old one unchanged. Other databases are not touched.
 */
export async function loadDatabase(target: DumpTarget, dump: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  const { facts, apply } = await openDump(dump);
  const { database, encoding, collate, ctype } = facts;
  const [fresh, old] = ["restore", "old"].map((kind) => `studio_${kind}_${randomBytes(6).toString("hex")}`) as [string, string];
  // Exists on every server and is neither the old nor the new database.
  const elsewhere = "template1";
  await onDatabase(target, elsewhere, signal, async (client) => {
    const { rows } = await client.query<{ datname: string }>("select datname from pg_database");
    for (const { datname } of rows)
      if (isTemporary(datname)) await client.query(`drop database if exists ${quoteIdentifier(datname)} with (force)`);
    const create = `create database ${quoteIdentifier(fresh)} template template0 encoding ${quoteLiteral(encoding)}`;
    await client
      .query(`${create} lc_collate ${quoteLiteral(collate)} lc_ctype ${quoteLiteral(ctype)}`)
      // Locale names differ between systems; fall back to the server's default.
      .catch(() => client.query(create));
  });
  try {
    await onDatabase(target, fresh, signal, async (client) => {
      await client.query("begin");
      await apply(client, signal);
      await client.query("commit");
    });
    await onDatabase(target, elsewhere, signal, async (client) => {
      const isThere = (await client.query("select 1 from pg_database where datname = $1", [database])).rowCount !== 0;
      await client.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = any($1) and pid <> pg_backend_pid()", [
        [database, fresh],
      ]);
      await client.query("begin");
      if (isThere) await client.query(`alter database ${quoteIdentifier(database)} rename to ${quoteIdentifier(old)}`);
      await client.query(`alter database ${quoteIdentifier(fresh)} rename to ${quoteIdentifier(database)}`);
      await client.query("commit");
      if (isThere) await client.query(`drop database if exists ${quoteIdentifier(old)} with (force)`);
    });
  } catch (error) {
    await onDatabase(target, elsewhere, AbortSignal.timeout(10_000), (client) =>
      client.query(`drop database if exists ${quoteIdentifier(fresh)} with (force)`),
    ).catch(() => undefined);
    throw error;
  }
}

/** A dump whose first line was read. `apply` runs its statements in the caller's transaction, once. */
export async function openDump(
  dump: AsyncIterable<Uint8Array>,
): Promise<{ facts: DumpFacts; apply(client: pg.Client, signal: AbortSignal): Promise<void> }> {
  const lines = readLines(dump);
  const head = await lines.next();
  const [, token, facts] =
    /^-- Tesslate Studio database dump ([0-9a-f]{24}) (\{.*\})$/.exec(head.done ? "" : head.value.toString("utf8").trimEnd()) ?? [];
  if (token === undefined || facts === undefined) throw new Error("not a database dump");
  return {
    facts: JSON.parse(facts) as DumpFacts,
    apply: async (client, signal) => {
      for await (const step of stepsOf(lines, `--${token}`)) {
        if (typeof step === "string") await client.query(step);
        else await pipeline(Readable.from(step.rows), client.query(copyFrom(step.copy)), { signal });
      }
    },
  };
}

/** Lines as bytes, including line ends. */
async function* readLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  let rest: Buffer[] = [];
  let length = 0;
  for await (const chunk of source) {
    let start = 0;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      yield rest.length === 0 ? bytes.subarray(start, end + 1) : Buffer.concat([...rest, bytes.subarray(start, end + 1)]);
      rest = [];
      length = 0;
      start = end + 1;
    }
    if (start < bytes.length) {
      rest.push(Buffer.from(bytes.subarray(start)));
      length += bytes.length - start;
      if (length > 128 * 2 ** 20) throw new Error("a line of the dump is too long");
    }
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}

type Step = string | { copy: string; rows: AsyncGenerator<Buffer, void> };

async function* stepsOf(lines: AsyncGenerator<Buffer, void>, mark: string): AsyncGenerator<Step, void> {
  let statement: Buffer[] = [];
  let length = 0;
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    const line = next.value;
    if (line.length === mark.length + 1 && line.toString("latin1") === `${mark}\n`) {
      yield Buffer.concat(statement).toString("utf8");
      statement = [];
      length = 0;
    } else if (
      statement.length === 0 &&
      line.subarray(0, 5).toString("latin1") === "copy " &&
      line.toString("utf8").endsWith(" from stdin;\n")
    ) {
      yield { copy: line.toString("utf8").replace(/;\n$/, ""), rows: rowsOf(lines) };
      // The end mark after the rows.
      await lines.next();
    } else {
      statement.push(line);
      length += line.length;
      if (length > maxStatementBytes) throw new Error("a statement of the dump is too long");
    }
  }
  if (Buffer.concat(statement).toString("latin1") !== `${mark} complete\n`) throw new Error("the dump is truncated");
}
async function* rowsOf(lines: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer, void> {
  let batch: Buffer[] = [];
  let length = 0;
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    const line = next.value;
    if (line.length === 3 && line[0] === 0x5c && line[1] === 0x2e) {
      if (batch.length > 0) yield Buffer.concat(batch);
      return;
    }
    batch.push(line);
    length += line.length;
    if (length < 65_536) continue;
    yield Buffer.concat(batch);
    batch = [];
    length = 0;
  }
  throw new Error("the dump is truncated");
}
