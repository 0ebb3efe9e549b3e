import { PassThrough, type Readable } from "node:stream";
import type { Connection } from "mysql2";
import { AppError } from "../../../../platform/errors.ts";
import { createCsvRecords, csvLine, importFailed } from "../csv-records.ts";
import type { ImportOptions, TableName } from "../engine.ts";
import { findRelation } from "./catalog.store.ts";
import { detailsOf, errorNumber, failureOf } from "./failures.ts";
import { identifier, rowSession } from "./rows.store.ts";
import { requireReading } from "./sql.store.ts";
import { parameterMark, readAll, readPage, withValues } from "./statements.store.ts";

/** Rows, and characters of them, that an import sends at once. */
const batchRows = 500;
const batchLength = 1_000_000;
/** Characters of a file that an export writes at once. */
const chunkLength = 65_536;

/** Writes the CSV of a table or a query to a stream, which `opened` gets as soon as the statement has begun. */
export async function writeExport(
  connection: Connection,
  what: TableName | { sql: string },
  opened: (stream: Readable) => void,
): Promise<void> {
  let sql: string;
  if ("sql" in what) {
    requireReading(what.sql);
    ({ sql } = what);
  } else {
    const { columns } = await findRelation(connection, what);
    sql = `select ${columns.map(({ name }) => identifier(name)).join(", ")} from ${identifier(what.schema)}.${identifier(what.table)}`;
  }
  const target = new PassThrough();
  let isOpen = false;
  let chunk = "";
  const flush = async (): Promise<void> => {
    if (chunk !== "" && !target.write(chunk)) await new Promise((resolve) => target.once("drain", resolve).once("close", resolve));
    chunk = "";
    if (target.destroyed) throw new Error("the reader left");
  };
  try {
    for await (const { fields, cells } of readAll(connection, sql)) {
      if (!isOpen) {
        isOpen = true;
        chunk = csvLine(fields.map(({ name }) => name));
        opened(target);
      }
      if (cells) chunk += csvLine(cells);
      if (chunk.length > chunkLength) await flush();
    }
    await flush();
    target.end();
  } catch (error) {
    target.destroy(error instanceof Error ? error : new Error(String(error)));
    throw isOpen ? error : failureOf(error, { readOnly: true, statement: 0, offset: 0, sql });
  }
}

/** Adds the records of a CSV file to a table, in the transaction of the caller. */
export async function copyIn(connection: Connection, options: ImportOptions, data: AsyncIterable<Uint8Array>): Promise<number> {
  const { columns } = await findRelation(connection, options);
  const { dialect } = rowSession(connection);
  const records = createCsvRecords(options, columns);
  const target = await records.open(data);
  const known = target.map((name) => columns.find((column) => column.name === name));
  const into = `insert into ${dialect.table(options)} (${target.map(identifier).join(", ")}) values `;
  const values = `(${known.map((column, index) => (column ? dialect.stored(parameterMark(index + 1), column) : parameterMark(index + 1))).join(", ")})`;
  const run = (sql: string) => readPage(connection, sql, { limit: 1, toEnd: true });
  let rows = 0;
  let batch: (string | null)[][] = [];
  let length = 0;
  const send = async (): Promise<void> => {
    await run("savepoint batch");
    try {
      await run(`${into}${batch.map((row) => withValues(values, row)).join(", ")}`);
    } catch (error) {
      if (errorNumber(error) === undefined) throw failureOf(error);
      // One after another, to name the row.
      await run("rollback to savepoint batch");
      for (const [index, row] of batch.entries())
        try {
          await run(`${into}${withValues(values, row)}`);
        } catch (failure) {
          const converted = failureOf(failure);
          if (!(converted instanceof AppError) || converted.code !== "sql_error") throw converted;
          const details = detailsOf(failure);
          const [, column] = /[Cc]olumn (?:`[^`]*`\.){0,2}[`']([^`']+)[`']/.exec(details.message) ?? [];
          throw importFailed(
            { ...details, ...records.placeOf(rows + index + 1), ...(column !== undefined && target.includes(column) && { column }) },
            failure,
          );
        }
    }
    rows += batch.length;
    batch = [];
    length = 0;
  };
  for await (const row of records.rows()) {
    batch.push(row);
    length += row.reduce((sum, value) => sum + (value?.length ?? 0), 0);
    if (batch.length >= batchRows || length > batchLength) await send();
  }
  if (batch.length > 0) await send();
  return rows;
}
