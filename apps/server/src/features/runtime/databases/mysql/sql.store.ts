import type { Connection } from "mysql2";
import { maxCellLength, type QueryPlan, type SqlResult, type SqlResults } from "@tesslate/contract";
import { AppError, badRequest } from "../../../../platform/errors.ts";
import { maxStatements } from "../engine.ts";
import { splitSql, type Statement } from "../split-sql.ts";
import { presentCells } from "../table-rows.ts";
import { kindOfField } from "./catalog.store.ts";
import { failureOf } from "./failures.ts";
import { readPage } from "./statements.store.ts";

const reading = new Set(["select", "with", "values", "table", "show", "explain", "describe", "desc"]);
const lead = /^(?:\s|\(|--(?:\s[^\n]*)?(?:\n|$)|#[^\n]*(?:\n|$)|\/\*(?!M?!)[\s\S]*?\*\/)*/;
export const firstWord = (sql: string): string => /^[a-z]+/i.exec(sql.slice(lead.exec(sql)?.[0].length ?? 0))?.[0].toLowerCase() ?? "";

/**
 * Throws `read_only_query` for statements that do more than read, by their first word. The rest is the database's: the reader has no rights
 * but to read, and none of these statements can end its read-only transactions.
 */
export function requireReading(sql: string): void {
  const word = firstWord(sql);
  if (reading.has(word)) return;
  throw new AppError(
    "read_only_query",
    word === ""
      ? "Queries can't begin with a comment that the database runs."
      : `Queries can't run ${word.toUpperCase()} here. Allow changes to run it.`,
  );
}

const splitOne = (sql: string): Statement => {
  const [statement, ...more] = splitSql(sql, "mysql");
  if (!statement) throw badRequest("Enter a statement.");
  if (more.length > 0) throw badRequest("Explain one statement at a time.");
  return statement;
};

/** Runs the statements as the reader, or (`write`) in a transaction of their own, which is committed. */
export async function runStatements(
  connection: Connection,
  { sql, limit, skip, write }: { sql: string; limit: number; skip: number; write: boolean },
): Promise<SqlResults> {
  const statements = splitSql(sql, "mysql");
  if (statements.length === 0) throw badRequest("Enter a statement.");
  if (statements.length > maxStatements) throw badRequest(`Run at most ${maxStatements} statements at once.`);
  const command = (text: string) => readPage(connection, text, { limit: 1, toEnd: true });
  const begin = performance.now();
  const results: SqlResult[] = [];
  // The database itself stops after the page where the statement has no limit.
  if (!write) await command(`set session sql_select_limit = ${limit + skip + 1}`);
  await command(write ? "start transaction" : "start transaction read only");
  try {
    for (const [index, { text, offset }] of statements.entries()) {
      const started = performance.now();
      try {
        if (!write) requireReading(text);
        const isLast = index === statements.length - 1;
        const page = await readPage(connection, text, { limit, skip, cellLength: maxCellLength, toEnd: write || !isLast });
        const duration = Math.round(performance.now() - started);
        results.push({
          command: firstWord(text).toUpperCase() || "SQL",
          columns: page.fields.map((field) => ({ name: field.name, ...kindOfField(field) })),
          rows: page.rows.map(presentCells),
          has_more: page.hasMore,
          affected: page.fields.length === 0 && /^(?:insert|update|delete|replace|load|with)$/.test(firstWord(text)) ? page.affected : null,
          duration_ms: duration,
        });
      } catch (error) {
        throw failureOf(error, { readOnly: !write, statement: index, offset, sql: text });
      }
    }
    if (write) await command("commit");
  } catch (error) {
    if (write) await command("rollback").catch(() => undefined);
    throw error;
  }
  return { results, duration_ms: Math.round(performance.now() - begin) };
}

/** The plan of one statement, one row for each table that it reads. */
export async function explainStatement(
  connection: Connection,
  { sql, analyze, isMariadb }: { sql: string; analyze: boolean; isMariadb: boolean },
): Promise<QueryPlan> {
  const { text, offset } = splitOne(sql);
  if (analyze) requireReading(text);
  const prefix = analyze ? (isMariadb ? "analyze " : "explain analyze ") : "explain ";
  try {
    const { fields, rows } = await readPage(connection, `${prefix}${text}`, { limit: 1_000, toEnd: true });
    if (fields.length === 1) return { format: "mysql", plan: treeOf(rows.map(([line]) => line ?? "").join("\n")) };
    const names = fields.map(({ name }) => name.toLowerCase());
    return {
      format: "mysql",
      plan: rows.map((cells, index) => ({
        id: index + 1,
        parent: 0,
        detail: detailOf(Object.fromEntries(names.map((name, at) => [name, cells[at] ?? null]))),
      })),
    };
  } catch (error) {
    throw failureOf(error, { readOnly: true, statement: 0, offset: offset - prefix.length, sql: `${prefix}${text}` });
  }
}

const accesses: Record<string, string> = {
  ALL: "full scan",
  index: "full scan of an index",
  range: "range of an index",
  ref: "rows by index",
  eq_ref: "one row by index",
  const: "one row by key",
  system: "one row",
};
/** One row of a plan in words: "orders: full scan, about 99,000 rows · Using where". */
function detailOf({ table, type, key, rows, r_rows: actual, extra, select_type: select }: Record<string, string | null>): string {
  const count = Number(rows);
  const parts = [
    ...(table ? [table] : [select ?? "result"]),
    ...(type ? [accesses[type] ?? type] : []),
    ...(key ? [`index ${key}`] : []),
    ...(rows !== null && rows !== undefined && Number.isFinite(count) ? [`about ${count.toLocaleString("en-US")} rows`] : []),
    ...(actual !== null && actual !== undefined ? [`${Number(actual).toLocaleString("en-US")} rows read`] : []),
    ...(extra ? [extra] : []),
  ];
  return parts.join(" · ");
}
/** The tree that MySQL writes with `EXPLAIN ANALYZE`, one step per line. */
function treeOf(text: string): { id: number; parent: number; detail: string }[] {
  const open: { id: number; depth: number }[] = [];
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line, index) => {
      const depth = /^ */.exec(line)?.[0].length ?? 0;
      while ((open.at(-1)?.depth ?? -1) >= depth) open.pop();
      const parent = open.at(-1)?.id ?? 0;
      open.push({ id: index + 1, depth });
      return { id: index + 1, parent, detail: line.replace(/^ *-> /, "") };
    });
}
