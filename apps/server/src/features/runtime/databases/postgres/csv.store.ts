import { once } from "node:events";
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import pg from "pg";
import type { Connection, PoolClient } from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { AppError } from "../../../../platform/errors.ts";
import { createCsvRecords, importFailed } from "../csv-records.ts";
import type { ImportOptions, TableName } from "../engine.ts";
import { findRelation } from "./catalog.store.ts";
import { detailsOf, failureOf, sqlState } from "./failures.ts";
import { findUnsafeCalls, requireSafe, requireSafeTable } from "./unsafe-calls.store.ts";

const identifier = pg.escapeIdentifier;
const options = "(format csv, header)";

/** Opens the CSV of a table or a query. It waits for the first bytes, so that an error of the statement is thrown here. */
export async function openExport(client: PoolClient, what: TableName | { sql: string }): Promise<Readable> {
  let source: string;
  const unsafe = await findUnsafeCalls(client);
  if ("sql" in what) {
    requireSafe(what.sql, unsafe);
    source = `(${what.sql}\n)`;
    await requireOneStatement(client, `copy ${source} to stdout with ${options}`);
  } else {
    const { columns, kind } = await findRelation(client, what);
    requireSafeTable({ table: what.table, kind }, unsafe);
    source = `(select ${columns.map(({ name }) => identifier(name)).join(", ")} from ${identifier(what.schema)}.${identifier(what.table)})`;
  }
  const stream = client.query(copyTo(`copy ${source} to stdout with ${options}`));
  await Promise.race([once(stream, "readable"), once(stream, "end")]);
  return stream;
}

/**
 * Has the database parse a text, which fails if it is more than one statement. The copy is sent as a text that could hold several: what looks
 * like one statement to `splitSql` could end the read-only transaction.
 */
function requireOneStatement(client: PoolClient, text: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  client.query({
    submit: (connection: Connection) => {
      connection.parse({ name: "", text, types: [] }, true);
      connection.sync();
    },
    handleError: reject,
    handleReadyForQuery: () => resolve(),
  } as never);
  return promise;
}

/** Copies the records of a CSV file into a table, in the transaction of the caller. */
export async function copyIn(client: PoolClient, importOptions: ImportOptions, data: AsyncIterable<Uint8Array>): Promise<number> {
  const { columns } = await findRelation(client, importOptions);
  const records = createCsvRecords(importOptions, columns);
  const target = await records.open(data);
  const into = `${identifier(importOptions.schema)}.${identifier(importOptions.table)}`;
  const stream = client.query(copyFrom(`copy ${into} (${target.map(identifier).join(", ")}) from stdin`));
  try {
    await pipeline(Readable.from(lines(records.rows())), stream);
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (sqlState(error) === undefined || !/^(22|23)/.test(sqlState(error) ?? "")) throw failureOf(error);
    const [, line, column] = /COPY .*?, line (\d+)(?:, column (.*?):)?/.exec((error as { where?: string }).where ?? "") ?? [];
    throw importFailed(
      { ...detailsOf(error), ...(line !== undefined && records.placeOf(Number(line))), ...(column !== undefined && { column }) },
      error,
    );
  }
  return stream.rowCount;
}

const escapes: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
/** One line for each record, in the text format of COPY; in blocks, because there can be millions. */
async function* lines(rows: AsyncIterable<readonly (string | null)[]>): AsyncGenerator<string> {
  let block = "";
  for await (const row of rows) {
    block += `${row.map((value) => (value === null ? "\\N" : value.replace(/[\\\n\r\t]/g, (found) => escapes[found] ?? found))).join("\t")}\n`;
    if (block.length < 65_536) continue;
    yield block;
    block = "";
  }
  if (block !== "") yield block;
}
