import type { ColumnKind, DataColumn, DataSchema, DataTable, ForeignKey, TableStructure } from "@tesslate/contract";
import { notFound } from "../../../../platform/errors.ts";
import type { TableName } from "../engine.ts";
import type { Relation } from "../table-rows.ts";
import type { SqliteSession } from "./session.ts";

/** The only schema that is shown: attached files and temporary tables are those of a session. */
const main = "main";
const maxTables = 500;
const maxColumns = 10_000;

type Cells = readonly (string | null)[];
const read = async (session: SqliteSession, sql: string, ...values: string[]): Promise<Cells[]> =>
  (await session.run({ sql, values, limit: maxColumns + 1 })).rows;
const text = (value: string | null | undefined): string => value ?? "";

/** Affinity and name of a declared type. */
export const kindOfType = (type: string): ColumnKind => {
  const name = type.toLowerCase();
  if (/bool/.test(name)) return "boolean";
  if (/json/.test(name)) return "json";
  if (/uuid/.test(name)) return "uuid";
  if (/int|real|floa|doub|num|dec/.test(name)) return "number";
  if (/timestamp|datetime/.test(name)) return "timestamp";
  if (/date/.test(name)) return "date";
  if (/time/.test(name)) return "time";
  if (/blob/.test(name)) return "binary";
  return /char|clob|text/.test(name) ? "text" : "other";
};
const columnOf = ([, name, type, notNull, initial, key, hidden]: Cells): DataColumn => ({
  name: text(name),
  type: text(type),
  kind: kindOfType(text(type)),
  is_nullable: notNull !== "1" && key === "0",
  default: initial ?? null,
  is_generated: hidden === "2" || hidden === "3",
  enum_values: null,
  comment: null,
});
const columnFields = `x.cid, x.name, x.type, x."notnull", x.dflt_value, x.pk, x.hidden`;
const keyOf = (columns: readonly Cells[]): string[] =>
  columns
    .filter((cells) => cells[5] !== "0")
    .toSorted((a, b) => Number(a[5]) - Number(b[5]))
    .map((cells) => text(cells[1]));

/** Fields of `pragma_foreign_key_list`, with the primary key of the other table where the key names no columns. */
function foreignKeysOf(rows: readonly Cells[], keyOfTable: (name: string) => readonly string[]): ForeignKey[] {
  const byId = Map.groupBy(rows, ([id]) => text(id));
  return [...byId.values()].map((parts) => {
    const [first] = parts;
    const [id, , table, , , onUpdate, onDelete] = first ?? [];
    const own = keyOfTable(text(table));
    return {
      name: `foreign key ${Number(id) + 1}`,
      columns: parts.map((cells) => text(cells[3])),
      to_schema: main,
      to_table: text(table),
      to_columns: parts.map((cells, index) => cells[4] ?? own[index] ?? ""),
      on_delete: text(onDelete),
      on_update: text(onUpdate),
    };
  });
}
const foreignFields = `f.id, f.seq, f."table", f."from", f."to", f.on_update, f.on_delete`;
const userTables = `m.type in ('table', 'view') and m.name not like 'sqlite\\_%' escape '\\'`;

export async function listTables(session: SqliteSession): Promise<DataTable[]> {
  const rows = await read(session, `select m.name, m.type from sqlite_schema m where ${userTables} order by 1`);
  return rows.map(([name, type]) => ({
    schema: main,
    name: text(name),
    kind: type === "view" ? "view" : "table",
    row_estimate: null,
    size_bytes: null,
    comment: null,
  }));
}

export async function readSchema(session: SqliteSession): Promise<DataSchema> {
  const tables = await listTables(session);
  const columns = Map.groupBy(
    await read(
      session,
      `select m.name, ${columnFields} from sqlite_schema m join pragma_table_xinfo(m.name) x where ${userTables} and x.hidden <> 1 order by m.name, x.cid`,
    ),
    ([table]) => text(table),
  );
  const foreign = Map.groupBy(
    await read(
      session,
      `select m.name, ${foreignFields} from sqlite_schema m join pragma_foreign_key_list(m.name) f where m.type = 'table' order by m.name, f.id, f.seq`,
    ),
    ([table]) => text(table),
  );
  const columnsOf = (name: string): Cells[] => (columns.get(name) ?? []).map((cells) => cells.slice(1));
  const total = [...columns.values()].reduce((sum, list) => sum + list.length, 0);
  return {
    tables: tables.slice(0, maxTables).map(({ schema, name, kind }) => ({
      schema,
      name,
      kind,
      columns: columnsOf(name).map(columnOf),
      primary_key: keyOf(columnsOf(name)),
      foreign_keys: foreignKeysOf(
        (foreign.get(name) ?? []).map((cells) => cells.slice(1)),
        (other) => keyOf(columnsOf(other)),
      ),
    })),
    is_truncated: tables.length > maxTables || total > maxColumns,
  };
}

const columnsOf = (session: SqliteSession, table: string): Promise<Cells[]> =>
  read(session, `select ${columnFields} from pragma_table_xinfo(?1) x where x.hidden <> 1 order by x.cid`, table);

/** Throws 404. */
export async function findRelation(session: SqliteSession, { schema, table }: TableName): Promise<Relation> {
  const [found] =
    schema === main ? await read(session, `select m.type from sqlite_schema m where ${userTables} and m.name = ?1`, table) : [];
  if (!found) throw notFound("Table");
  const columns = await columnsOf(session, table);
  return { kind: found[0] === "view" ? "view" : "table", columns: columns.map(columnOf), primaryKey: keyOf(columns) };
}

export async function readStructure(session: SqliteSession, name: TableName): Promise<TableStructure> {
  const { table } = name;
  const { kind, columns, primaryKey } = await findRelation(session, name);
  const schema = await readSchema(session);
  const [definition] = await read(session, "select sql from sqlite_schema where name = ?1 and type = 'view'", table);
  const indexes = await read(
    session,
    `select i.name, i."unique", i.origin, coalesce(m.sql, ''), (select group_concat(coalesce(c.name, 'expression'), char(10)) from pragma_index_info(i.name) c)
     from pragma_index_list(?1) i left join sqlite_schema m on m.name = i.name and m.type = 'index' order by i.origin <> 'pk', i.name`,
    table,
  );
  return {
    schema: main,
    name: table,
    kind,
    columns,
    primary_key: primaryKey,
    foreign_keys: schema.tables.find((one) => one.name === table)?.foreign_keys ?? [],
    row_estimate: null,
    size_bytes: null,
    comment: null,
    indexes: indexes.map(([index, isUnique, origin, sql, names]) => ({
      name: text(index),
      is_unique: isUnique === "1",
      is_primary: origin === "pk",
      columns: text(names).split("\n").filter(Boolean),
      definition: text(sql),
    })),
    // SQLite keeps checks only in the text of the table.
    checks: [],
    referenced_by: schema.tables.flatMap((other) =>
      other.foreign_keys
        .filter((key) => key.to_table === table)
        .map((key) => ({ name: key.name, schema: main, table: other.name, columns: key.columns, to_columns: key.to_columns })),
    ),
    definition: definition?.[0] ?? null,
  };
}
