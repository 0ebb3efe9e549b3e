import { finished, type Readable } from "node:stream";
import { AppError, badRequest } from "../../../../platform/errors.ts";
import { browseTimeoutMs, changeTimeoutMs, copyTimeoutMs, countTimeoutMs, type DatabaseEngine, type TableName } from "../engine.ts";
import { splitSql } from "../split-sql.ts";
import { changeRows, countRows, readCell, readRows, type RowSession } from "../table-rows.ts";
import { blockerOf, findRelation, listTables, readSchema, readStructure } from "./catalog.store.ts";
import type { PostgresConnections, PostgresContainer, Role, Session } from "./connections.store.ts";
import { copyIn, openExport } from "./csv.store.ts";
import { failureOf } from "./failures.ts";
import { rowSession } from "./rows.store.ts";
import { beginReadOnly, explainStatement, runStatements } from "./sql.store.ts";
import { findUnsafeCalls, requireSafeTable } from "./unsafe-calls.store.ts";

/** Reads and changes the PostgreSQL of a container. */
export function createPostgresEngine({
  connections,
  container,
}: {
  connections: PostgresConnections;
  container: PostgresContainer;
}): DatabaseEngine {
  const use = <T>(role: Role, limits: { signal: AbortSignal; timeoutMs: number }, work: (session: Session) => Promise<T>): Promise<T> =>
    connections.use(container, role, limits, work);

  /** Names who holds the lock that a statement waited for. */
  const named = async (error: unknown, table: TableName | undefined): Promise<unknown> => {
    if (!(error instanceof AppError) || error.code !== "table_locked") return error;
    const blocker = await use("reader", { signal: new AbortController().signal, timeoutMs: countTimeoutMs }, async ({ client }) => {
      const relation = table && (await findRelation(client, table));
      return blockerOf(client, relation?.oid);
    }).catch(() => undefined);
    if (blocker === undefined) return error;
    return new AppError("table_locked", `The table is locked by ${blocker}. Try again later, or end that transaction.`, { cause: error });
  };
  /** One transaction: read-only for the reader, committed for the owner. */
  const transact = async <T>(
    role: Role,
    { signal, timeoutMs, table, spoils = false }: { signal: AbortSignal; timeoutMs: number; table?: TableName; spoils?: boolean },
    work: (session: Session) => Promise<T>,
  ): Promise<T> => {
    try {
      return await use(role, { signal, timeoutMs }, async (session) => {
        const { client } = session;
        if (spoils) session.spoil();
        await (role === "reader" ? beginReadOnly(client) : client.query("begin"));
        try {
          const result = await work(session);
          await client.query(role === "reader" ? "rollback" : "commit");
          return result;
        } catch (error) {
          await client.query("rollback").catch(() => session.spoil());
          throw error;
        }
      });
    } catch (error) {
      throw await named(failureOf(error, { readOnly: role === "reader" }), table);
    }
  };
  const read = <T>(limits: { signal: AbortSignal; timeoutMs?: number; table?: TableName }, work: (session: Session) => Promise<T>) =>
    transact("reader", { timeoutMs: browseTimeoutMs, ...limits }, work);

  /** Reads from a table, if that can't change anything. */
  const readTable = <T>(
    request: TableName,
    limits: { signal: AbortSignal; timeoutMs?: number },
    work: (session: RowSession) => Promise<T>,
  ): Promise<T> =>
    read({ ...limits, table: request }, async ({ client }) => {
      const unsafe = await findUnsafeCalls(client);
      if (unsafe) requireSafeTable({ table: request.table, kind: (await findRelation(client, request)).kind }, unsafe);
      return work(rowSession(client));
    });

  return {
    tables: (signal) => read({ signal }, ({ client }) => listTables(client)),
    schema: (signal) => read({ signal }, ({ client }) => readSchema(client)),
    structure: (table, signal) => read({ signal, table }, ({ client }) => readStructure(client, table)),
    rows: (request, signal) => readTable(request, { signal }, (session) => readRows(session, request)),
    cell: (request, signal) => readTable(request, { signal }, (session) => readCell(session, request)),
    count: async (request, signal) => {
      try {
        return await readTable(request, { signal, timeoutMs: countTimeoutMs }, (session) => countRows(session, request));
      } catch (error) {
        if (error instanceof AppError && error.code === "query_timeout") return null;
        throw error;
      }
    },
    change: (changes, signal) =>
      transact("owner", { signal, timeoutMs: changeTimeoutMs, ...(changes[0] && { table: changes[0] }) }, ({ client }) =>
        changeRows(rowSession(client), changes),
      ),
    run: async (request, signal) => {
      const { write, timeoutMs } = request;
      if (!write) return transact("reader", { signal, timeoutMs, spoils: true }, ({ client }) => runStatements(client, request));
      try {
        return await use("owner", { signal, timeoutMs }, ({ client, spoil }) => {
          spoil();
          return runStatements(client, request);
        });
      } catch (error) {
        throw await named(failureOf(error), undefined);
      }
    },
    explain: (request, signal) =>
      transact("reader", { signal, timeoutMs: browseTimeoutMs, spoils: true }, ({ client }) => explainStatement(client, request)),
    export: async (what, signal) => {
      let source: TableName | { sql: string } = what;
      if ("sql" in what) {
        const [statement, ...more] = splitSql(what.sql);
        if (!statement || more.length > 0) throw badRequest("Export the result of one statement.");
        source = { sql: statement.text };
      }
      const opened = Promise.withResolvers<Readable>();
      // The connection belongs to the stream until it is read to its end or destroyed.
      const abort = new AbortController();
      const done = transact(
        "reader",
        {
          signal: AbortSignal.any([signal, abort.signal]),
          timeoutMs: copyTimeoutMs,
          spoils: true,
          ...(!("sql" in what) && { table: what }),
        },
        async ({ client }) => {
          const stream = await openExport(client, source);
          opened.resolve(stream);
          await new Promise<void>((resolve, reject) => finished(stream, (error) => (error ? reject(error) : resolve())));
        },
      );
      done.catch((error: unknown) => opened.reject(error));
      const stream = await opened.promise;
      stream.once("close", () => abort.abort());
      return stream;
    },
    import: (options, data, signal) =>
      transact("owner", { signal, timeoutMs: copyTimeoutMs, table: options }, async ({ client }) => ({
        rows: await copyIn(client, options, data),
      })),
  };
}
