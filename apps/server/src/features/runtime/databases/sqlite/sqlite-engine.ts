import { PassThrough, type Readable } from "node:stream";
import type { Sandbox } from "@tesslate/runtime";
import { maxCellLength, type SqlResult } from "@tesslate/contract";
import { AppError, badRequest } from "../../../../platform/errors.ts";
import { createCsvRecords, csvLine, importFailed } from "../csv-records.ts";
import { browseTimeoutMs, changeTimeoutMs, copyTimeoutMs, countTimeoutMs, maxStatements, type DatabaseEngine } from "../engine.ts";
import { splitSql } from "../split-sql.ts";
import { changeRows, countRows, presentCells, readCell, readRows, type Relation, type RowDialect, type RowSession } from "../table-rows.ts";
import { findRelation, kindOfType, listTables, readSchema, readStructure } from "./catalog.store.ts";
import { SqliteFailure, withSqlite, type SqliteSession } from "./session.ts";

/** Rows that an export reads at once. */
const exportBatch = 2_000;
/** Rows, and characters of them, that an import sends at once. */
const importBatch = 500;
const importLength = 1_000_000;
/** Result codes of SQLite. */
const busy = 5;
const locked = 6;
const readOnlyFile = 8;
const cannotOpen = 14;
const notADatabase = 26;

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
/** Bytes are shown as PostgreSQL shows them. */
const asText = (column: string): string =>
  `case typeof(${column}) when 'blob' then '\\x' || lower(hex(${column})) else cast(${column} as text) end`;
/** Text in the form of bytes is stored as bytes. */
const storedText = (parameter: string): string =>
  `case when substr(${parameter}, 1, 2) = '\\x' then coalesce(unhex(substr(${parameter}, 3)), ${parameter}) else ${parameter} end`;
const dialect: RowDialect = {
  identifier,
  parameter: (number) => `?${number}`,
  asText,
  like: (text, parameter) => `${text} like ${parameter} escape '\\'`,
  nullsLast: false,
  same: (column, parameter) => `${column} is ${parameter}`,
  table: ({ table }) => `main.${identifier(table)}`,
  cut: (column, length) =>
    `case typeof(${column}) when 'blob' then '\\x' || lower(hex(substr(${column}, 1, ${Math.ceil(length / 2)}))) else substr(cast(${column} as text), 1, ${length}) end`,
  bytes: (column) =>
    `case typeof(${column}) when 'blob' then 2 + 2 * length(${column}) else length(cast(cast(${column} as text) as blob)) end`,
  length: (column) => `case typeof(${column}) when 'blob' then 2 + 2 * length(${column}) else length(cast(${column} as text)) end`,
  stored: (parameter) => storedText(parameter),
  defaults: "default values",
  overriding: "",
  lock: "",
};

function failureOf(error: unknown, { statement, offset, sql }: { statement?: number; offset?: number; sql?: string } = {}): unknown {
  if (!(error instanceof SqliteFailure)) return error;
  const code = (error.code ?? 0) & 0xff;
  const { message } = error;
  if (code === busy || code === locked)
    return new AppError("table_locked", "The file is locked by a program that writes to it. Try again later.", { cause: error });
  if (code === readOnlyFile || /not authorized|attempt to write/i.test(message))
    return new AppError("read_only_query", `Queries can't change data here: ${message}`, { cause: error, details: { message } });
  if (code === cannotOpen && sql === undefined)
    return new AppError("database_unreachable", "The file couldn't be opened. Stop the app that uses it, and try again.", { cause: error });
  if (code === notADatabase)
    return new AppError("database_unreachable", "The file is not a SQLite database, or it is encrypted.", { cause: error });
  // SQLite names what it stumbled over, but not where.
  const near = /near "(.+?)"/.exec(message)?.[1];
  const at = near === undefined || sql === undefined ? -1 : sql.indexOf(near);
  return new AppError("sql_error", `${message.charAt(0).toUpperCase()}${message.slice(1)}.`, {
    cause: error,
    details: { message, ...(statement !== undefined && { statement }), ...(at >= 0 && offset !== undefined && { position: offset + at }) },
  });
}

const rowSession = (session: SqliteSession): RowSession => ({
  dialect,
  findRelation: (name) => findRelation(session, name),
  run: (text, values, limit) => session.run({ sql: text, values, limit }),
  failureOf: (error, statement) => failureOf(error, { statement }),
});

/** Reads and changes a SQLite file of a project, in its sandbox. */
export function createSqliteEngine({ sandbox, path }: { sandbox: Sandbox; path: string }): DatabaseEngine {
  const use = async <T>(
    { write, signal, timeoutMs }: { write: boolean; signal: AbortSignal; timeoutMs: number },
    work: (session: SqliteSession) => Promise<T>,
  ): Promise<T> => {
    try {
      return await withSqlite({ sandbox, path, write }, { signal, timeoutMs }, work);
    } catch (error) {
      throw failureOf(error);
    }
  };
  const read = <T>(signal: AbortSignal, work: (session: SqliteSession) => Promise<T>, timeoutMs = browseTimeoutMs): Promise<T> =>
    use({ write: false, signal, timeoutMs }, work);
  /** One transaction, with foreign keys as most libraries set them. */
  const transact = <T>(signal: AbortSignal, timeoutMs: number, work: (session: SqliteSession) => Promise<T>): Promise<T> =>
    use({ write: true, signal, timeoutMs }, async (session) => {
      const run = (sql: string) => session.run({ sql, limit: 1 });
      await run("pragma foreign_keys = on");
      await run("begin immediate");
      const result = await work(session);
      await run("commit");
      return result;
    });

  return {
    tables: (signal) => read(signal, listTables),
    schema: (signal) => read(signal, readSchema),
    structure: (table, signal) => read(signal, (session) => readStructure(session, table)),
    rows: (request, signal) => read(signal, (session) => readRows(rowSession(session), request)),
    cell: (request, signal) => read(signal, (session) => readCell(rowSession(session), request)),
    count: async (request, signal) => {
      try {
        return await read(signal, (session) => countRows(rowSession(session), request), countTimeoutMs);
      } catch (error) {
        if (error instanceof AppError && error.code === "query_timeout") return null;
        throw error;
      }
    },
    change: (changes, signal) => transact(signal, changeTimeoutMs, (session) => changeRows(rowSession(session), changes)),
    run: ({ sql, limit, skip, timeoutMs, write }, signal) => {
      const statements = splitSql(sql);
      if (statements.length === 0) throw badRequest("Enter a statement.");
      if (statements.length > maxStatements) throw badRequest(`Run at most ${maxStatements} statements at once.`);
      const runAll = async (session: SqliteSession) => {
        const begin = performance.now();
        const results: SqlResult[] = [];
        for (const [statement, { text, offset }] of statements.entries()) {
          const started = performance.now();
          try {
            const page = await session.run({ sql: text, limit, skip, cellLength: maxCellLength, toEnd: write });
            const command = (/^[a-z]+/i.exec(text.replace(/^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)+/, ""))?.[0] ?? "").toUpperCase();
            results.push({
              command,
              columns: page.columns.map(({ name, type }) => ({ name, type, kind: kindOfType(type) })),
              rows: page.rows.map(presentCells),
              has_more: page.hasMore,
              // SQLite counts the rows of the last statement that changed some.
              affected: /^(INSERT|UPDATE|DELETE|REPLACE|WITH)$/.test(command) ? page.affected : null,
              duration_ms: Math.round(performance.now() - started),
            });
          } catch (error) {
            throw failureOf(error, { statement, offset, sql: text });
          }
        }
        return { results, duration_ms: Math.round(performance.now() - begin) };
      };
      return write ? transact(signal, timeoutMs, runAll) : read(signal, runAll, timeoutMs);
    },
    explain: ({ sql }, signal) => {
      const [statement, ...more] = splitSql(sql);
      if (!statement || more.length > 0) throw badRequest("Explain one statement at a time.");
      return read(signal, async (session) => {
        try {
          const page = await session.run({ sql: `explain query plan ${statement.text}`, limit: 1_000 });
          return {
            format: "sqlite" as const,
            plan: page.rows.map(([id, parent, , detail]) => ({ id: Number(id), parent: Number(parent), detail })),
          };
        } catch (error) {
          throw failureOf(error, { statement: 0, offset: statement.offset, sql: statement.text });
        }
      });
    },
    export: async (what, signal) => {
      let sql: string;
      if ("sql" in what) {
        const [statement, ...more] = splitSql(what.sql);
        if (!statement || more.length > 0) throw badRequest("Export the result of one statement.");
        sql = statement.text;
      } else sql = `select * from ${dialect.table(what)}`;
      const opened = Promise.withResolvers<Readable>();
      const abort = new AbortController();
      const done = use({ write: false, signal: AbortSignal.any([signal, abort.signal]), timeoutMs: copyTimeoutMs }, async (session) => {
        if (!("sql" in what)) await findRelation(session, what);
        const readBatch = async (query: string) => {
          try {
            return await session.query(query, exportBatch);
          } catch (error) {
            throw failureOf(error, { statement: 0, offset: 0, sql });
          }
        };
        const first = await readBatch(sql);
        const target = new PassThrough();
        opened.resolve(target);
        const write = async (text: string): Promise<void> => {
          if (!target.write(text)) await new Promise((resolve) => target.once("drain", resolve).once("close", resolve));
          if (target.destroyed) throw new Error("the reader left");
        };
        try {
          await write(csvLine(first.columns.map(({ name }) => name)));
          for (let page = first; ; page = await readBatch("next")) {
            await write(page.rows.map(csvLine).join(""));
            if (!page.hasMore) break;
          }
          target.end();
        } catch (error) {
          target.destroy(error instanceof Error ? error : new Error(String(error)));
          throw error;
        }
      });
      done.catch((error: unknown) => opened.reject(error));
      const stream = await opened.promise;
      stream.once("close", () => abort.abort());
      return stream;
    },
    import: (options, data, signal) =>
      transact(signal, copyTimeoutMs, async (session) => {
        const relation: Relation = await findRelation(session, options);
        const records = createCsvRecords(options, relation.columns);
        const target = await records.open(data);
        const sql = `insert into ${dialect.table(options)} (${target.map(identifier).join(", ")}) values (${target.map((_, index) => storedText(`?${index + 1}`)).join(", ")})`;
        let rows = 0;
        let batch: (string | null)[][] = [];
        let length = 0;
        const send = async (): Promise<void> => {
          try {
            await session.runBatch(sql, batch);
          } catch (error) {
            const failure = failureOf(error);
            if (!(error instanceof SqliteFailure) || !(failure instanceof AppError) || failure.code !== "sql_error") throw failure;
            throw importFailed({ message: error.message, ...records.placeOf(rows + (error.index ?? 0) + 1) }, error);
          }
          rows += batch.length;
          batch = [];
          length = 0;
        };
        for await (const row of records.rows()) {
          batch.push(row);
          length += row.reduce((sum, value) => sum + (value?.length ?? 0), 0);
          if (batch.length >= importBatch || length > importLength) await send();
        }
        if (batch.length > 0) await send();
        return { rows };
      }),
  };
}
