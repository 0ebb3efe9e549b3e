import {
  described,
  Literals,
  Nullable,
  ProjectParams,
  ProjectRef,
  Timestamp,
  Type,
  Uuid,
  listOf,
  pageQuery,
  type Static,
} from "./schema.ts";
import { maxCellLength, maxCellReadLength, maxDataPage, maxImportBytes, maxSqlLength } from "./limits.ts";
import { route } from "./route.ts";

const tag = "databases";

export const DatabaseKind = described(
  "`postgres`, `mysql` and `redis` are services of the project, `sqlite` is a file in its tree. `mysql` is also MariaDB. `redis` (also Valkey) has keys instead of tables, and routes of its own.",
  Literals("postgres", "mysql", "redis", "sqlite"),
);
export type DatabaseKind = Static<typeof DatabaseKind>;

export const DatabaseState = described(
  "`ready`: it can be read; `asleep`: reading wakes the project; `starting`, `stopped`, `failed`: the container has to run first; `unsupported`: this view cannot open it.",
  Literals("ready", "asleep", "starting", "stopped", "failed", "unsupported"),
);
export type DatabaseState = Static<typeof DatabaseState>;

export const DataEnvironment = described(
  "Whose data it is. `development`: the project's own, which its preview shows. `production`: that of the version that is live on this server. `preview`: that of the preview deployments on this server.",
  Literals("development", "production", "preview"),
);
export type DataEnvironment = Static<typeof DataEnvironment>;

export const DataSource = described(
  "A database of a project. Its address and credentials are never returned.",
  Type.Object({
    id: described(
      "The id of its container; for deployments `deployed-production-` or `deployed-preview-` before it; for a file `file-` and its path in base64url",
      Type.String(),
    ),
    kind: DatabaseKind,
    environment: DataEnvironment,
    name: described("Name of the container, or path of the file", Type.String()),
    container_id: described("Null for a file", Nullable(Uuid)),
    path: described("Path of a SQLite file in the project; null for services", Nullable(Type.String())),
    state: DatabaseState,
    message: described("Why it cannot be read, in a sentence; null when `ready` or `asleep`", Nullable(Type.String())),
    size_bytes: described("Size of a SQLite file; null for services", Nullable(Type.Integer())),
  }),
);
export type DataSource = Static<typeof DataSource>;

/** The name of a table or view: `schema` is `public` for most tables of PostgreSQL always `main` for SQLite, and the database for MySQL. */
const tableName = {
  schema: Type.String({ minLength: 1, maxLength: 128 }),
  table: Type.String({ minLength: 1, maxLength: 128, description: "Name of a table or view" }),
};
const columnName = Type.String({ minLength: 1, maxLength: 128 });
const Names = Type.Array(Type.String());

export const TableKind = Literals("table", "partitioned_table", "foreign_table", "view", "materialized_view");
export type TableKind = Static<typeof TableKind>;

export const DataTable = described(
  "A table or view.",
  Type.Object({
    schema: Type.String(),
    name: Type.String(),
    kind: TableKind,
    row_estimate: described("The database's own estimate; null if it has none, for example for views", Nullable(Type.Integer())),
    size_bytes: described("With indexes; null if unknown", Nullable(Type.Integer())),
    comment: Nullable(Type.String()),
  }),
);
export type DataTable = Static<typeof DataTable>;

export const ColumnKind = described(
  "How a value is shown and edited. Values are text in every case.",
  Literals("text", "number", "boolean", "date", "time", "timestamp", "json", "uuid", "binary", "array", "enum", "other"),
);
export type ColumnKind = Static<typeof ColumnKind>;

export const DataColumn = Type.Object({
  name: Type.String(),
  type: described("As the database writes it, e.g. `character varying(20)`", Type.String()),
  kind: ColumnKind,
  is_nullable: Type.Boolean(),
  default: described("Expression; null if there is none", Nullable(Type.String())),
  is_generated: described("The database computes it: it cannot be set", Type.Boolean()),
  enum_values: described("Allowed values of an enum; null for other types", Nullable(Names)),
  comment: Nullable(Type.String()),
});
export type DataColumn = Static<typeof DataColumn>;

export const ForeignKey = Type.Object({
  name: Type.String(),
  columns: Names,
  to_schema: Type.String(),
  to_table: Type.String(),
  to_columns: Names,
  on_delete: described("`NO ACTION`, `CASCADE`, `SET NULL`, `SET DEFAULT` or `RESTRICT`", Type.String()),
  on_update: Type.String(),
});
export type ForeignKey = Static<typeof ForeignKey>;

const tableShape = {
  schema: Type.String(),
  name: Type.String(),
  kind: TableKind,
  columns: Type.Array(DataColumn),
  primary_key: described("Its columns in order; empty if there is none, then rows cannot be edited", Names),
  foreign_keys: Type.Array(ForeignKey),
};

export const DataSchema = described(
  "All tables and views with their columns and relations.",
  Type.Object({
    tables: Type.Array(Type.Object(tableShape)),
    is_truncated: described("There are more than 500 tables or 10,000 columns; the rest is left out", Type.Boolean()),
  }),
);
export type DataSchema = Static<typeof DataSchema>;

export const TableStructure = described(
  "Everything about one table.",
  Type.Object({
    ...tableShape,
    row_estimate: DataTable.properties.row_estimate,
    size_bytes: DataTable.properties.size_bytes,
    comment: Nullable(Type.String()),
    indexes: Type.Array(
      Type.Object({
        name: Type.String(),
        is_unique: Type.Boolean(),
        is_primary: Type.Boolean(),
        columns: described("Columns or expressions in order", Names),
        definition: Type.String(),
      }),
    ),
    checks: Type.Array(Type.Object({ name: Type.String(), definition: Type.String() })),
    referenced_by: described(
      "Foreign keys of other tables that point here",
      Type.Array(Type.Object({ name: Type.String(), schema: Type.String(), table: Type.String(), columns: Names, to_columns: Names })),
    ),
    definition: described("The query of a view; null for tables", Nullable(Type.String())),
  }),
);
export type TableStructure = Static<typeof TableStructure>;

export const Cell = described("The value in the database's text form; null is NULL.", Nullable(Type.String()));
/** A value to store, in the database's text form. */
const Value = Nullable(Type.String({ maxLength: maxCellReadLength }));
const Values = Type.Record(Type.String({ maxLength: 128 }), Value);

export const DataRow = Type.Object({
  key: described(
    "Values of the primary key in its order, never truncated; null if the table has none",
    Nullable(Type.Array(Type.String())),
  ),
  cells: described("In the order of `columns`", Type.Array(Cell)),
  truncated: described(
    `Indexes of cells that are longer than ${maxCellLength} characters: read them with \`rows/cell\``,
    Type.Array(Type.Integer()),
  ),
});
export type DataRow = Static<typeof DataRow>;

export const filterOperators = [
  "eq",
  "ne",
  "lt",
  "lte",
  "gt",
  "gte",
  "contains",
  "starts_with",
  "ends_with",
  "in",
  "not_in",
  "is_null",
  "is_not_null",
] as const;
export const DataFilter = described(
  "A condition on one column. `contains`, `starts_with` and `ends_with` compare the text form and ignore case.",
  Type.Object({
    column: columnName,
    op: Literals(...filterOperators),
    value: described(
      "For every operator but `in`, `not_in`, `is_null` and `is_not_null`",
      Type.Optional(Type.String({ maxLength: 10_000 })),
    ),
    values: described(
      "For `in` and `not_in`",
      Type.Optional(Type.Array(Type.String({ maxLength: 10_000 }), { minItems: 1, maxItems: 200 })),
    ),
  }),
);
export type DataFilter = Static<typeof DataFilter>;

const filtered = {
  ...tableName,
  filters: Type.Optional(Type.Array(DataFilter, { maxItems: 20 })),
  match: described("Whether a row has to meet all filters or any of them", Type.Optional(Literals("all", "any"))),
};
const sorting = Type.Optional(
  Type.Array(Type.Object({ column: columnName, direction: Literals("asc", "desc") }), {
    maxItems: 8,
    description: "Default: the primary key",
  }),
);

export const ReadRows = Type.Object({
  ...filtered,
  sort: sorting,
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxDataPage, default: 50 })),
  after: described("`next` of the page before, with the same filters and order", Type.Optional(Type.String({ maxLength: 20_000 }))),
});
export type ReadRows = Static<typeof ReadRows>;

export const RowPage = Type.Object({
  columns: Type.Array(DataColumn),
  primary_key: Names,
  rows: described("Fewer than `limit` although there are more, if the page would be larger than 4 MB", Type.Array(DataRow)),
  next: described("For `after`; null on the last page", Nullable(Type.String())),
  paging: described(
    "`key`: pages continue after the last row; `offset`: without a primary key, rows that change between pages can be missed or repeated, and only the first 100,000 can be reached.",
    Literals("key", "offset"),
  ),
});
export type RowPage = Static<typeof RowPage>;

const keyed = described(
  "Column of the primary key → value",
  Type.Record(Type.String({ maxLength: 128 }), Type.String({ maxLength: 10_000 })),
);
export const DataChange = described(
  "Inserts, updates or deletes one row. `expected`: values that the row must still have (409 `row_changed`).",
  Type.Union([
    Type.Object({ kind: Type.Literal("insert"), ...tableName, values: described("Columns that are left out get their default", Values) }),
    Type.Object({ kind: Type.Literal("update"), ...tableName, key: keyed, values: Values, expected: Type.Optional(Values) }),
    Type.Object({ kind: Type.Literal("delete"), ...tableName, key: keyed, expected: Type.Optional(Values) }),
  ]),
);
export type DataChange = Static<typeof DataChange>;

export const ChangedRows = Type.Object({
  rows: described(
    "The row after each change, in order, with the columns of the table; null for a deleted one",
    Type.Array(Nullable(DataRow)),
  ),
  inverse: described(
    "Changes that undo these: send them as `changes`. Null if the rows are larger than 4 MB or a table has no primary key. Rows that the database changed itself (cascades, triggers) are not restored.",
    Nullable(Type.Array(DataChange)),
  ),
});
export type ChangedRows = Static<typeof ChangedRows>;

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
  write: described("Confirms that the statements may change data: always `true`. Ask the person once per session", Type.Literal(true)),
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

export const QueryHistoryEntry = Type.Object({
  id: Uuid,
  database_id: Type.String(),
  database_name: Type.String(),
  sql: described("At most 10,000 characters; values of the project's secrets are masked", Type.String()),
  is_write: described("It was run with `execute`", Type.Boolean()),
  error: described("Why it failed; null if it did not", Nullable(Type.String())),
  duration_ms: Type.Integer(),
  created_at: Timestamp,
});
export type QueryHistoryEntry = Static<typeof QueryHistoryEntry>;

const keyName = Type.String({ minLength: 1, maxLength: 10_000 });
const isBinary = described("It is no UTF-8 text and written as `\\\\x` with hexadecimal digits", Type.Boolean());
const keyTypes = ["string", "hash", "list", "set", "zset", "stream"] as const;
const KeyType = Literals(...keyTypes, "other");
const TimeToLive = described("Milliseconds until it expires; null if it does not", Nullable(Type.Integer()));
export const RedisKey = described(
  "A key of a Redis.",
  Type.Object({ key: Type.String(), is_binary: isBinary, type: KeyType, ttl_ms: TimeToLive }),
);
export type RedisKey = Static<typeof RedisKey>;
export const RedisKeyPage = Type.Object({
  keys: described("Can be fewer or more than `limit`, and a key can be in two pages while keys are added or deleted", Type.Array(RedisKey)),
  cursor: described("For the next page; null on the last one", Nullable(Type.String())),
  total: described("Keys of the whole database", Type.Integer()),
});
export type RedisKeyPage = Static<typeof RedisKeyPage>;
export const RedisValue = described(
  "A page of the value of a key.",
  Type.Object({
    ...RedisKey.properties,
    encoding: described("How Redis stores it; null if unknown", Nullable(Type.String())),
    memory_bytes: Nullable(Type.Integer()),
    length: described("Bytes of a string, entries of the other types; null for other types", Nullable(Type.Integer())),
    entries: described(
      "One for a string. `field`: of a hash, the member of a sorted set (its score is the value), the index in a list, the id in a stream; empty for strings and sets.",
      Type.Array(Type.Object({ field: Type.String(), value: Type.String(), is_binary: isBinary, is_truncated: Type.Boolean() })),
    ),
    next: described("For `cursor`; null on the last page", Nullable(Type.String())),
  }),
);
export type RedisValue = Static<typeof RedisValue>;

const ofKey = { key: keyName, is_binary: Type.Optional(Type.Boolean()) };
const redisText = Type.String({ maxLength: maxCellReadLength });
export const RedisChange = described(
  "Changes one key. `expected`: what the value or entry must still be (409 `row_changed`); null if it must not exist.",
  Type.Union([
    Type.Object({
      kind: Type.Literal("set"),
      ...ofKey,
      value: redisText,
      is_binary_value: Type.Optional(Type.Boolean()),
      expected: Type.Optional(Nullable(redisText)),
    }),
    Type.Object({ kind: Type.Literal("delete"), ...ofKey }),
    Type.Object({ kind: Type.Literal("expire"), ...ofKey, ttl_ms: Nullable(Type.Integer({ minimum: 1 })) }),
    Type.Object({
      kind: Type.Literal("entry"),
      ...ofKey,
      field: described("Of a hash; the member of a set or sorted set; the index in a list", Type.String({ maxLength: 10_000 })),
      value: described("Null removes the entry. The score of a sorted set; anything for a set", Nullable(redisText)),
      type: described("The type of a key that does not exist yet", Type.Optional(Literals("hash", "list", "set", "zset"))),
      expected: Type.Optional(Nullable(redisText)),
    }),
    Type.Object({
      kind: Type.Literal("restore"),
      ...ofKey,
      dump: described("Of an inverse", Type.String({ maxLength: 6 * 1024 * 1024 })),
      ttl_ms: Nullable(Type.Integer({ minimum: 1 })),
    }),
  ]),
);
export type RedisChange = Static<typeof RedisChange>;

export const RedisInfo = described(
  "Figures of a Redis.",
  Type.Object({
    version: Type.String(),
    uptime_s: Type.Integer(),
    keys: Type.Integer(),
    used_memory_bytes: Type.Integer(),
    peak_memory_bytes: Type.Integer(),
    max_memory_bytes: described("Null without a limit", Nullable(Type.Integer())),
    clients: Type.Integer(),
    commands_per_s: Type.Integer(),
    hit_rate: described("Share of reads that found their key, from 0 to 1; null without reads", Nullable(Type.Number())),
    evicted_keys: Type.Integer(),
    expired_keys: Type.Integer(),
    is_persisted: described("Changes are written to an append-only file", Type.Boolean()),
  }),
);
export type RedisInfo = Static<typeof RedisInfo>;

const commandText = Type.String({ minLength: 1, maxLength: 100_000, pattern: "\\S", description: 'As in redis-cli: `SET name "a b"`' });
export const RedisReply = Type.Object({
  text: described("As redis-cli prints it", Type.String()),
  is_truncated: Type.Boolean(),
  duration_ms: Type.Integer(),
});
export type RedisReply = Static<typeof RedisReply>;

const Params = Type.Object({ id: ProjectRef, database_id: Type.String({ pattern: "^[A-Za-z0-9_-]{1,1400}$" }) });
const base = "/api/projects/{id}/databases/{database_id}";
const common = { tag, auth: "user", params: Params } as const;
const unreachable = ["not_found", "not_running", "not_supported", "database_unreachable", "project_busy"] as const;
const statement = [...unreachable, "sql_error", "query_timeout", "query_canceled", "table_locked"] as const;

/** Reading wakes a sleeping project. Errors of a statement are `sql_error` with `details` as `SqlErrorDetails`. */
export const databasesRoutes = {
  list: route({
    method: "GET",
    path: "/api/projects/{id}/databases",
    tag,
    summary: "List databases",
    description: "Databases that run as services of the project, and SQLite files in its tree. Connects to none and wakes nothing.",
    auth: "user",
    params: ProjectParams,
    query: Type.Object(pageQuery),
    response: listOf(DataSource),
    errors: ["not_found", "project_busy"],
  }),
  tables: route({
    ...common,
    method: "GET",
    path: `${base}/tables`,
    summary: "List tables",
    description: "Tables and views by schema and name, with estimated row counts and sizes. System schemas are left out.",
    query: Type.Object({
      ...pageQuery,
      q: Type.Optional(Type.String({ maxLength: 200, description: "Matches part of schema or name, case-insensitive" })),
    }),
    response: listOf(DataTable),
    errors: statement,
  }),
  schema: route({
    ...common,
    method: "GET",
    path: `${base}/schema`,
    summary: "Get schema",
    description: "All tables and views with columns, primary keys and foreign keys in one call, for a diagram or completion.",
    response: DataSchema,
    errors: statement,
  }),
  structure: route({
    ...common,
    method: "GET",
    path: `${base}/table`,
    summary: "Get table structure",
    description: "Columns, keys, indexes, checks and relations of a table or view.",
    query: Type.Object(tableName),
    response: TableStructure,
    errors: statement,
  }),
  rows: route({
    ...common,
    method: "POST",
    path: `${base}/rows/search`,
    readsOnly: true,
    summary: "List rows",
    description: `A page of rows, filtered and sorted. Cells are cut after ${maxCellLength} characters. Limited to 15 seconds.`,
    body: ReadRows,
    response: RowPage,
    errors: [...statement, "bad_request"],
  }),
  cell: route({
    ...common,
    method: "POST",
    path: `${base}/rows/cell`,
    readsOnly: true,
    summary: "Read cell",
    description: `One whole value, at most ${maxCellReadLength} characters.`,
    body: Type.Object({ ...tableName, key: keyed, column: columnName }),
    response: Type.Object({
      value: Cell,
      bytes: described("Size of the whole value; null for NULL", Nullable(Type.Integer())),
      is_truncated: Type.Boolean(),
    }),
    errors: [...statement, "bad_request"],
  }),
  count: route({
    ...common,
    method: "POST",
    path: `${base}/rows/count`,
    readsOnly: true,
    summary: "Count rows",
    description: "Counts the rows that meet the filters. Stops after 10 seconds.",
    body: Type.Object(filtered),
    response: Type.Object({ count: described("Null if counting took longer than 10 seconds", Nullable(Type.Integer())) }),
    errors: [...statement, "bad_request"],
  }),
  change: route({
    ...common,
    method: "POST",
    path: `${base}/rows/changes`,
    summary: "Change rows",
    description:
      "Inserts, updates and deletes rows by primary key in one transaction: all changes or none. Sends `data_changed`. 409 `row_changed` names the change (`details.index`) whose row was deleted or does not have the `expected` values.",
    bodyLimit: 8 * 1024 * 1024,
    body: Type.Object({ changes: Type.Array(DataChange, { minItems: 1, maxItems: 500 }) }),
    response: ChangedRows,
    errors: [...statement, "bad_request", "row_changed"],
  }),
  query: route({
    ...common,
    method: "POST",
    path: `${base}/query`,
    readsOnly: true,
    summary: "Run query",
    description:
      "Runs statements in a transaction that cannot write, whatever they call: 403 `read_only_query`. Rows are read with a cursor, one page at a time. Aborting the request cancels the statement.",
    body: RunSql,
    response: SqlResults,
    errors: [...statement, "read_only_query", "payload_too_large"],
  }),
  execute: route({
    ...common,
    method: "POST",
    path: `${base}/execute`,
    summary: "Execute SQL",
    description:
      "Runs statements that may write, in one transaction: all or none; in MySQL, statements that change the schema are committed at once. Sends `data_changed`. Aborting the request cancels the statement and undoes all.",
    body: WriteSql,
    response: SqlResults,
    errors: [...statement, "payload_too_large"],
  }),
  explain: route({
    ...common,
    method: "POST",
    path: `${base}/explain`,
    readsOnly: true,
    summary: "Explain query",
    description: "The plan of one statement. With `analyze` (not SQLite) the statement runs, read-only, and the plan has its times.",
    body: Type.Object({ sql: RunSql.properties.sql, analyze: Type.Optional(Type.Boolean({ default: false })) }),
    response: QueryPlan,
    errors: [...statement, "bad_request", "read_only_query"],
  }),
  exportTable: route({
    ...common,
    method: "GET",
    path: `${base}/export`,
    summary: "Export table",
    description: 'All rows of a table or view as CSV with a header, streamed. NULL is an empty field, an empty text is `""`.',
    kind: "raw",
    contentType: "text/csv",
    responseHeaders: ["Content-Disposition"],
    query: Type.Object(tableName),
    errors: statement,
  }),
  exportQuery: route({
    ...common,
    method: "POST",
    path: `${base}/export`,
    readsOnly: true,
    summary: "Export query result",
    description: "All rows of one query as CSV with a header, streamed and read-only.",
    kind: "raw",
    contentType: "text/csv",
    responseHeaders: ["Content-Disposition"],
    body: Type.Object({ sql: RunSql.properties.sql }),
    errors: [...statement, "read_only_query"],
  }),
  importTable: route({
    ...common,
    method: "POST",
    path: `${base}/import`,
    summary: "Import CSV",
    description: `Adds the rows of a CSV file in UTF-8 (field \`file\`, at most ${maxImportBytes / 1024 ** 2} MiB) to a table: all or none. The other fields come before the file. 400 \`import_failed\` names row, line, column and the database's message in \`details\`. Sends \`data_changed\`.`,
    kind: "upload",
    formFields: {
      ...tableName,
      columns: Type.String({
        description:
          "JSON array with a table column or null (left out) for each field of the file. Default: the names in the file's first row",
      }),
      has_header: Type.String({ description: "`true` (default): the first row holds names" }),
      delimiter: Type.String({ description: "One character. Default: a comma" }),
    },
    response: Type.Object({ rows: Type.Integer() }),
    errors: [...statement, "bad_request", "import_failed", "payload_too_large"],
  }),
  keys: route({
    ...common,
    method: "GET",
    path: `${base}/keys`,
    summary: "List Redis keys",
    description:
      "A page of keys by SCAN, with type and time to live. The order is Redis' own; a page is sorted by name. Limited to about 2 seconds.",
    query: Type.Object({
      pattern: Type.Optional(Type.String({ maxLength: 1_000, description: "Glob pattern: `user:*`. Default: all keys" })),
      type: Type.Optional(Literals(...keyTypes)),
      cursor: Type.Optional(
        Type.String({ pattern: "^[0-9]{1,20}$", description: "`cursor` of the page before, with the same pattern and type" }),
      ),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
    }),
    response: RedisKeyPage,
    errors: [...statement, "payload_too_large"],
  }),
  value: route({
    ...common,
    method: "POST",
    path: `${base}/keys/value`,
    readsOnly: true,
    summary: "Read Redis value",
    description: `A page of the value of a key. Texts of entries are cut after ${maxCellLength} characters, a string after ${maxCellReadLength} bytes.`,
    body: Type.Object({
      ...ofKey,
      cursor: Type.Optional(Type.String({ maxLength: 100 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxDataPage, default: 100 })),
    }),
    response: RedisValue,
    errors: [...statement, "bad_request", "payload_too_large"],
  }),
  changeKey: route({
    ...common,
    method: "POST",
    path: `${base}/keys/changes`,
    summary: "Change Redis key",
    description:
      "Sets, deletes or restores a key, changes when it expires, or one of its entries. The key must still be what it was when the change began. Sends `data_changed`.",
    bodyLimit: 8 * 1024 * 1024,
    body: Type.Object({ change: RedisChange }),
    response: Type.Object({ inverse: described("The change that undoes this one; null if the key is too large", Nullable(RedisChange)) }),
    errors: [...statement, "bad_request", "row_changed", "payload_too_large"],
  }),
  info: route({
    ...common,
    method: "GET",
    path: `${base}/info`,
    summary: "Get Redis figures",
    description: "Memory, clients, keys and hit rate of a Redis, as it reports them.",
    response: RedisInfo,
    errors: [...statement, "payload_too_large"],
  }),
  command: route({
    ...common,
    method: "POST",
    path: `${base}/command`,
    readsOnly: true,
    summary: "Run Redis command",
    description:
      "Runs one command that only reads; others are 403 `read_only_query`. `KEYS` is refused. Limited to 30 seconds and an answer of 4 MB.",
    body: Type.Object({ command: commandText }),
    response: RedisReply,
    errors: [...statement, "bad_request", "read_only_query", "payload_too_large"],
  }),
  executeCommand: route({
    ...common,
    method: "POST",
    path: `${base}/command/execute`,
    summary: "Execute Redis command",
    description:
      "Runs one command that may write. Commands that change the server itself or subscribe to it are refused. Sends `data_changed`.",
    body: Type.Object({ command: commandText, write: WriteSql.properties.write }),
    response: RedisReply,
    errors: [...statement, "bad_request", "payload_too_large"],
  }),
  history: route({
    method: "GET",
    path: "/api/projects/{id}/query-history",
    tag,
    summary: "List query history",
    description: "The last 200 statements and Redis commands that you ran in the project's databases, newest first.",
    auth: "user",
    params: ProjectParams,
    query: Type.Object(pageQuery),
    response: listOf(QueryHistoryEntry),
    errors: ["not_found"],
  }),
  clearHistory: route({
    method: "DELETE",
    path: "/api/projects/{id}/query-history",
    tag,
    summary: "Clear query history",
    description: "Deletes your query history in the project.",
    auth: "user",
    status: 204,
    params: ProjectParams,
    errors: ["not_found"],
  }),
  removeHistory: route({
    method: "DELETE",
    path: "/api/projects/{id}/query-history/{entry_id}",
    tag,
    summary: "Delete query from history",
    description: "Deletes one entry of your query history.",
    auth: "user",
    status: 204,
    params: Type.Object({ id: ProjectRef, entry_id: Uuid }),
    errors: ["not_found"],
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
