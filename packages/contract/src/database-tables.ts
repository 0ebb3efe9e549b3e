import { described, Literals, Nullable, Type, listOf, pageQuery, type Static } from "./schema.ts";
import { databaseErrors, databasePath, databaseRoute, tableName } from "./database-route.ts";
import { route } from "./route.ts";

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

/** The tables of a database and their structure. */
export const tableRoutes = {
  tables: route({
    ...databaseRoute,
    method: "GET",
    path: `${databasePath}/tables`,
    summary: "List tables",
    description: "Tables and views by schema and name, with estimated row counts and sizes. System schemas are left out.",
    query: Type.Object({
      ...pageQuery,
      q: Type.Optional(Type.String({ maxLength: 200, description: "Matches part of schema or name, case-insensitive" })),
    }),
    response: listOf(DataTable),
    errors: databaseErrors,
  }),
  schema: route({
    ...databaseRoute,
    method: "GET",
    path: `${databasePath}/schema`,
    summary: "Get schema",
    description: "All tables and views with columns, primary keys and foreign keys in one call, for a diagram or completion.",
    response: DataSchema,
    errors: databaseErrors,
  }),
  structure: route({
    ...databaseRoute,
    method: "GET",
    path: `${databasePath}/table`,
    summary: "Get table structure",
    description: "Columns, keys, indexes, checks and relations of a table or view.",
    query: Type.Object(tableName),
    response: TableStructure,
    errors: databaseErrors,
  }),
};
