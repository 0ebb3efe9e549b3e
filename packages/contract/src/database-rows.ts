import { described, Literals, Nullable, Type, type Static } from "./schema.ts";
import { maxCellLength, maxCellReadLength, maxDataPage, maxImportBytes } from "./limits.ts";
import { columnName, databaseErrors, databasePath, databaseRoute, tableName } from "./database-route.ts";
import { DataColumn } from "./database-tables.ts";
import { route } from "./route.ts";

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
  primary_key: Type.Array(Type.String()),
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

/** The rows of a table. */
export const rowRoutes = {
  rows: route({
    ...databaseRoute,
    method: "POST",
    path: `${databasePath}/rows/search`,
    readsOnly: true,
    summary: "List rows",
    description: `A page of rows, filtered and sorted. Cells are cut after ${maxCellLength} characters. Limited to 15 seconds.`,
    body: ReadRows,
    response: RowPage,
    errors: [...databaseErrors, "bad_request"],
  }),
  cell: route({
    ...databaseRoute,
    method: "POST",
    path: `${databasePath}/rows/cell`,
    readsOnly: true,
    summary: "Read cell",
    description: `One whole value, at most ${maxCellReadLength} characters.`,
    body: Type.Object({ ...tableName, key: keyed, column: columnName }),
    response: Type.Object({
      value: Cell,
      bytes: described("Size of the whole value; null for NULL", Nullable(Type.Integer())),
      is_truncated: Type.Boolean(),
    }),
    errors: [...databaseErrors, "bad_request"],
  }),
  count: route({
    ...databaseRoute,
    method: "POST",
    path: `${databasePath}/rows/count`,
    readsOnly: true,
    summary: "Count rows",
    description: "Counts the rows that meet the filters. Stops after 10 seconds.",
    body: Type.Object(filtered),
    response: Type.Object({ count: described("Null if counting took longer than 10 seconds", Nullable(Type.Integer())) }),
    errors: [...databaseErrors, "bad_request"],
  }),
  change: route({
    ...databaseRoute,
    method: "POST",
    path: `${databasePath}/rows/changes`,
    summary: "Change rows",
    description:
      "Inserts, updates and deletes rows by primary key in one transaction: all changes or none. Sends `data_changed`. 409 `row_changed` names the change (`details.index`) whose row was deleted or does not have the `expected` values.",
    bodyLimit: 8 * 1024 * 1024,
    body: Type.Object({ changes: Type.Array(DataChange, { minItems: 1, maxItems: 500 }) }),
    response: ChangedRows,
    errors: [...databaseErrors, "bad_request", "row_changed"],
  }),
  exportTable: route({
    ...databaseRoute,
    method: "GET",
    path: `${databasePath}/export`,
    summary: "Export table",
    description: 'All rows of a table or view as CSV with a header, streamed. NULL is an empty field, an empty text is `""`.',
    kind: "raw",
    contentType: "text/csv",
    responseHeaders: ["Content-Disposition"],
    query: Type.Object(tableName),
    errors: databaseErrors,
  }),
  importTable: route({
    ...databaseRoute,
    method: "POST",
    path: `${databasePath}/import`,
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
    errors: [...databaseErrors, "bad_request", "import_failed", "payload_too_large"],
  }),
};
