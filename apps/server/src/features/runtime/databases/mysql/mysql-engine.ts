import type { Readable } from "node:stream";
import { AppError, badRequest } from "../../../../platform/errors.ts";
import { browseTimeoutMs, changeTimeoutMs, copyTimeoutMs, countTimeoutMs, type DatabaseEngine, type TableName } from "../engine.ts";
import { splitSql } from "../split-sql.ts";
import { changeRows, countRows, readCell, readRows } from "../table-rows.ts";
import { listTables, readSchema, readStructure } from "./catalog.store.ts";
import type { MysqlConnections, MysqlContainer, Role, Session } from "./connections.store.ts";
import { copyIn, writeExport } from "./csv.store.ts";
import { failureOf } from "./failures.ts";
import { rowSession } from "./rows.store.ts";
import { explainStatement, runStatements } from "./sql.store.ts";
import { readPage } from "./statements.store.ts";

/** Reads and changes the MySQL or MariaDB of a container. */
export function createMysqlEngine({
  connections,
  container,
}: {
  connections: MysqlConnections;
  container: MysqlContainer;
}): DatabaseEngine {
  const use = async <T>(
    role: Role,
    { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
    work: (session: Session) => Promise<T>,
  ): Promise<T> => {
    try {
      return await connections.use(container, role, { signal, timeoutMs }, work);
    } catch (error) {
      throw failureOf(error, { readOnly: role === "reader" });
    }
  };
  /** One transaction: read-only for the reader, committed for the owner. */
  const transact = <T>(
    role: Role,
    limits: { signal: AbortSignal; timeoutMs: number },
    work: (session: Session) => Promise<T>,
  ): Promise<T> =>
    use(role, limits, async (session) => {
      const run = (sql: string) => readPage(session.connection, sql, { limit: 1, toEnd: true });
      await run(role === "reader" ? "start transaction read only" : "start transaction");
      try {
        const result = await work(session);
        await run(role === "reader" ? "rollback" : "commit");
        return result;
      } catch (error) {
        await run("rollback").catch(() => session.spoil());
        throw error;
      }
    });
  const read = <T>(signal: AbortSignal, work: (session: Session) => Promise<T>, timeoutMs = browseTimeoutMs): Promise<T> =>
    transact("reader", { signal, timeoutMs }, work);

  return {
    tables: (signal) => read(signal, ({ connection }) => listTables(connection)),
    schema: (signal) => read(signal, ({ connection }) => readSchema(connection)),
    structure: (table, signal) => read(signal, ({ connection }) => readStructure(connection, table)),
    rows: (request, signal) => read(signal, ({ connection }) => readRows(rowSession(connection), request)),
    cell: (request, signal) => read(signal, ({ connection }) => readCell(rowSession(connection), request)),
    count: async (request, signal) => {
      try {
        return await read(signal, ({ connection }) => countRows(rowSession(connection), request), countTimeoutMs);
      } catch (error) {
        if (error instanceof AppError && error.code === "query_timeout") return null;
        throw error;
      }
    },
    change: (changes, signal) =>
      transact("owner", { signal, timeoutMs: changeTimeoutMs }, ({ connection }) => changeRows(rowSession(connection), changes)),
    run: (request, signal) =>
      use(request.write ? "owner" : "reader", { signal, timeoutMs: request.timeoutMs }, ({ connection, spoil }) => {
        spoil();
        return runStatements(connection, request);
      }),
    explain: ({ sql, analyze }, signal) =>
      read(signal, async ({ connection, spoil }) => {
        spoil();
        const { rows } = await readPage(connection, "select version()", { limit: 1, toEnd: true });
        return explainStatement(connection, { sql, analyze, isMariadb: /mariadb/i.test(rows[0]?.[0] ?? "") });
      }),
    export: async (what, signal) => {
      let source: TableName | { sql: string } = what;
      if ("sql" in what) {
        const [statement, ...more] = splitSql(what.sql, "mysql");
        if (!statement || more.length > 0) throw badRequest("Export the result of one statement.");
        source = { sql: statement.text };
      }
      const opened = Promise.withResolvers<Readable>();
      const abort = new AbortController();
      const done = use(
        "reader",
        { signal: AbortSignal.any([signal, abort.signal]), timeoutMs: copyTimeoutMs },
        async ({ connection, spoil }) => {
          spoil();
          await readPage(connection, "start transaction read only", { limit: 1, toEnd: true });
          await writeExport(connection, source, opened.resolve);
        },
      );
      done.catch((error: unknown) => opened.reject(error));
      const stream = await opened.promise;
      stream.once("close", () => abort.abort());
      return stream;
    },
    import: (options, data, signal) =>
      transact("owner", { signal, timeoutMs: copyTimeoutMs }, async ({ connection }) => ({
        rows: await copyIn(connection, options, data),
      })),
  };
}
