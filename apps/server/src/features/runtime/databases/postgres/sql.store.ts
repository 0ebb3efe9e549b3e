import type { PoolClient } from "pg";
import { maxCellLength, type QueryPlan, type SqlResult, type SqlResults } from "@tesslate/contract";
import { AppError, badRequest } from "../../../../platform/errors.ts";
import { maxStatements } from "../engine.ts";
import { splitSql, type Statement } from "../split-sql.ts";
import { kindsOfTypes } from "./catalog.store.ts";
import { readPage, type CursorPage } from "./cursor.store.ts";
import { failureOf, sqlState } from "./failures.ts";
import { findUnsafeCalls, requireSafe } from "./unsafe-calls.store.ts";
import { presentCells } from "../table-rows.ts";

const noStatements = () => badRequest("Enter a statement.");
const inTransaction = "T";
/** `PREVENT_IN_TRANSACTION_BLOCK`: such as VACUUM or CREATE DATABASE. */
const needsNoTransaction = "25001";

const transactionStatus = (client: PoolClient): string | null =>
  (client as unknown as { getTransactionStatus(): string | null }).getTransactionStatus();

/**
 * Begins a transaction that nothing can make writable. A statement alone could not: only before the first query of a transaction its mode can
 * change, and only a statement of its own can end it. Both are checked before each statement (`requireReadOnly`).
 */
export async function beginReadOnly(client: PoolClient): Promise<void> {
  await client.query("begin transaction read only");
  await requireReadOnly(client);
}
/** Throws `read_only_query` after a statement that ended the transaction, or that made the next one writable. */
async function requireReadOnly(client: PoolClient): Promise<void> {
  const isOpen = transactionStatus(client) === inTransaction;
  // Reading a table fixes the mode of the transaction; the answer says which.
  const mode = isOpen
    ? await client.query<{ mode: string }>(
        "select pg_catalog.current_setting('transaction_read_only') as mode from pg_catalog.pg_class limit 1",
      )
    : undefined;
  if (mode?.rows[0]?.mode !== "on")
    throw new AppError(
      "read_only_query",
      "A query can't control its transaction here. Leave out BEGIN, COMMIT, ROLLBACK and SET TRANSACTION.",
    );
}

/** Runs the statements in the read-only transaction of the caller, or (`write`) in one of their own, which is committed. */
export async function runStatements(
  client: PoolClient,
  { sql, limit, skip, write }: { sql: string; limit: number; skip: number; write: boolean },
): Promise<SqlResults> {
  const statements = splitSql(sql);
  if (statements.length === 0) throw noStatements();
  if (statements.length > maxStatements) throw badRequest(`Run at most ${maxStatements} statements at once.`);
  const begin = performance.now();
  const pages: (CursorPage & { durationMs: number })[] = [];
  const runOne = async ({ text, offset }: Statement, statement: number): Promise<void> => {
    const started = performance.now();
    try {
      const page = await readPage(client, { text }, { limit, skip, cellLength: maxCellLength, toEnd: write });
      pages.push({ ...page, durationMs: Math.round(performance.now() - started) });
    } catch (error) {
      throw write && statements.length === 1 && sqlState(error) === needsNoTransaction
        ? error
        : failureOf(error, { readOnly: !write, statement, offset });
    }
  };
  const unsafe = write ? undefined : await findUnsafeCalls(client);
  const runAll = async (): Promise<void> => {
    for (const [index, statement] of statements.entries()) {
      if (!write) {
        requireSafe(statement.text, unsafe);
        await requireReadOnly(client);
      }
      await runOne(statement, index);
    }
  };
  if (!write) await runAll();
  else {
    await client.query("begin");
    try {
      await runAll();
      await client.query("commit");
    } catch (error) {
      await client.query("rollback").catch(() => undefined);
      const [only] = statements;
      if (sqlState(error) !== needsNoTransaction || !only) throw failureOf(error);
      await runOne(only, 0).catch((again: unknown) => {
        throw failureOf(again, { statement: 0, offset: only.offset });
      });
    }
  }
  const kinds = await kindsOfTypes(
    client,
    pages.flatMap(({ fields }) => fields.map(({ dataTypeID }) => dataTypeID)),
  ).catch(() => new Map<number, never>());
  return { results: pages.map((page) => presentPage(page, kinds)), duration_ms: Math.round(performance.now() - begin) };
}

const presentPage = (
  { fields, rows, hasMore, command, affected, durationMs }: CursorPage & { durationMs: number },
  kinds: Awaited<ReturnType<typeof kindsOfTypes>>,
): SqlResult => ({
  command,
  columns: fields.map(({ name, dataTypeID }) => ({
    name,
    type: kinds.get(dataTypeID)?.name ?? "unknown",
    kind: kinds.get(dataTypeID)?.kind ?? "other",
  })),
  rows: rows.map(presentCells),
  has_more: hasMore,
  affected,
  duration_ms: durationMs,
});

/** The plan of one statement, in the read-only transaction of the caller. */
export async function explainStatement(client: PoolClient, { sql, analyze }: { sql: string; analyze: boolean }): Promise<QueryPlan> {
  const [statement, ...more] = splitSql(sql);
  if (!statement) throw noStatements();
  if (more.length > 0) throw badRequest("Explain one statement at a time.");
  // Planning calls functions, too.
  requireSafe(statement.text, await findUnsafeCalls(client));
  const prefix = `explain (format json${analyze ? ", analyze, buffers" : ""}) `;
  try {
    const page = await readPage(client, { text: `${prefix}${statement.text}` }, { limit: 1 });
    return { format: "postgres", plan: JSON.parse(page.rows[0]?.[0] ?? "[]") as unknown };
  } catch (error) {
    throw failureOf(error, { readOnly: true, statement: 0, offset: statement.offset - prefix.length });
  }
}
