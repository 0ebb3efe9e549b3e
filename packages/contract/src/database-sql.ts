import { described, Literals, Nullable, Type, type Static } from "./schema.ts";
import { maxDataPage, maxSqlLength } from "./limits.ts";
import { confirmsWrite, databaseErrors, databasePath, databaseRoute } from "./database-route.ts";
import { Cell } from "./database-rows.ts";
import { ColumnKind } from "./database-tables.ts";
import { route } from "./route.ts";

export const RunSql = Type.Object({
  sql: Type.String({
    minLength: 1,
    maxLength: maxSqlLength,
    pattern: "\\S",
    description: "One statement or several, separated by semicolons",
  }),
  limit: described("Rows of each result", Type.Optional(Type.Integer({ minimum: 1, maximum: maxDataPage, default: 100 }))),
  skip: described(
    "Rows to skip of the result; the statement runs again for each page",
    Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  ),
  timeout_ms: Type.Optional(Type.Integer({ minimum: 100, maximum: 120_000, default: 30_000 })),
});
export type RunSql = Static<typeof RunSql>;
const WriteSql = Type.Object({
  sql: RunSql.properties.sql,
  limit: RunSql.properties.limit,
  timeout_ms: RunSql.properties.timeout_ms,
  write: confirmsWrite,
});

export const SqlResult = Type.Object({
  command: described("First word of the statement as the database names it: `SELECT`, `UPDATE`, `CREATE`", Type.String()),
  columns: Type.Array(Type.Object({ name: Type.String(), type: Type.String(), kind: ColumnKind })),
  rows: Type.Array(Type.Object({ cells: Type.Array(Cell), truncated: Type.Array(Type.Integer()) })),
  has_more: described("There are rows after these, or the page would be larger than 4 MB", Type.Boolean()),
  affected: described("Rows that were inserted, updated or deleted; null for a statement that only reads", Nullable(Type.Integer())),
  duration_ms: Type.Integer(),
});
export type SqlResult = Static<typeof SqlResult>;
export const SqlResults = Type.Object({
  results: described("One for each statement, in order; at most 50", Type.Array(SqlResult)),
  duration_ms: Type.Integer(),
});
export type SqlResults = Static<typeof SqlResults>;

export const QueryPlan = Type.Object({
  format: described(
    "`postgres`: what `EXPLAIN (FORMAT JSON)` returns; `sqlite` and `mysql`: steps with `id`, `parent` and `detail`",
    Literals("postgres", "sqlite", "mysql"),
  ),
  plan: Type.Unknown(),
});
export type QueryPlan = Static<typeof QueryPlan>;

/** Statements that a person writes. */
export const sqlRoutes = {
  query: route({
    ...databaseRoute,
    method: "POST",
    path: `${databasePath}/query`,
    readsOnly: true,
    summary: "Run query",
    description:
      "Runs statements in a transaction that cannot write, whatever they call: 403 `read_only_query`. Rows are read with a cursor, one page at a time. Aborting the request cancels the statement.",
    body: RunSql,
    response: SqlResults,
    errors: [...databaseErrors, "read_only_query", "payload_too_large"],
  }),
  execute: route({
    ...databaseRoute,
    method: "POST",
    path: `${databasePath}/execute`,
    summary: "Execute SQL",
    description:
      "Runs statements that may write, in one transaction: all or none; in MySQL, statements that change the schema are committed at once. Sends `data_changed`. Aborting the request cancels the statement and undoes all.",
    body: WriteSql,
    response: SqlResults,
    errors: [...databaseErrors, "payload_too_large"],
  }),
  explain: route({
    ...databaseRoute,
    method: "POST",
    path: `${databasePath}/explain`,
    readsOnly: true,
    summary: "Explain query",
    description: "The plan of one statement. With `analyze` (not SQLite) the statement runs, read-only, and the plan has its times.",
    body: Type.Object({ sql: RunSql.properties.sql, analyze: Type.Optional(Type.Boolean({ default: false })) }),
    response: QueryPlan,
    errors: [...databaseErrors, "bad_request", "read_only_query"],
  }),
  exportQuery: route({
    ...databaseRoute,
    method: "POST",
    path: `${databasePath}/export`,
    readsOnly: true,
    summary: "Export query result",
    description: "All rows of one query as CSV with a header, streamed and read-only.",
    kind: "raw",
    contentType: "text/csv",
    responseHeaders: ["Content-Disposition"],
    body: Type.Object({ sql: RunSql.properties.sql }),
    errors: [...databaseErrors, "read_only_query"],
  }),
};

/** `details` of `sql_error`, and of `import_failed` together with the place in the file. */
export interface SqlErrorDetails {
  /** The database's own message. */
  message: string;
  /** SQLSTATE of PostgreSQL and MySQL, e.g. `42P01`; absent for SQLite. */
  sqlstate?: string;
  /** Offset in the given SQL, from 0, in characters. */
  position?: number;
  detail?: string;
  hint?: string;
  /** Index of the statement, from 0. */
  statement?: number;
  /** Of `import_failed`: row of the file without its header, from 1; its line, from 1, if known; and the column. */
  row?: number;
  line?: number;
  column?: string;
}
