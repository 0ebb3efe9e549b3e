import type { Connection } from "mysql2";
import type { ColumnKind, DataColumn, DataSchema, DataTable, ForeignKey, TableKind, TableStructure } from "@tesslate/contract";
import { notFound } from "../../../../platform/errors.ts";
import type { TableName } from "../engine.ts";
import type { Relation } from "../table-rows.ts";
import { isBytes, parameterMark, readPage, withValues, type MysqlField } from "./statements.store.ts";

const maxTables = 500;
const maxColumns = 10_000;
const userSchemas = "not in ('mysql', 'information_schema', 'performance_schema', 'sys')";

type Cells = (string | null)[];
const read = async (connection: Connection, sql: string, ...values: string[]): Promise<Cells[]> =>
  (await readPage(connection, withValues(sql, values), { limit: maxColumns + 1 })).rows;
const text = (value: string | null | undefined): string => value ?? "";
const [first, second] = [parameterMark(1), parameterMark(2)];

const kindOf = (dataType: string, type: string): ColumnKind => {
  if (type === "tinyint(1)") return "boolean";
  if (/^(?:tinyint|smallint|mediumint|int|bigint|decimal|float|double|year)$/.test(dataType)) return "number";
  if (/char|text/.test(dataType)) return "text";
  if (/blob|binary/.test(dataType) || dataType === "bit") return "binary";
  if (dataType === "datetime" || dataType === "timestamp") return "timestamp";
  if (dataType === "date" || dataType === "time" || dataType === "json" || dataType === "enum" || dataType === "uuid") return dataType;
  return "other";
};
/** `enum('a','it''s')` → its values. */
const enumValuesOf = (type: string): string[] | null =>
  type.startsWith("enum(") ? [...type.matchAll(/'((?:[^']|'')*)'/g)].map(([, value = ""]) => value.replaceAll("''", "'")) : null;

/** Kinds by the type that a result has. */
export function kindOfField(field: MysqlField): { type: string; kind: ColumnKind } {
  const { columnType, columnLength, flags } = field;
  const names: Record<number, [string, ColumnKind]> = {
    0: ["decimal", "number"],
    1: ["tinyint", "number"],
    2: ["smallint", "number"],
    3: ["int", "number"],
    4: ["float", "number"],
    5: ["double", "number"],
    7: ["timestamp", "timestamp"],
    8: ["bigint", "number"],
    9: ["mediumint", "number"],
    10: ["date", "date"],
    11: ["time", "time"],
    12: ["datetime", "timestamp"],
    13: ["year", "number"],
    16: ["bit", "binary"],
    245: ["json", "json"],
    246: ["decimal", "number"],
    255: ["geometry", "binary"],
  };
  if (columnType === 1 && columnLength === 1) return { type: "tinyint(1)", kind: "boolean" };
  const [type, kind] = names[columnType] ?? (isBytes(field) ? ["blob", "binary"] : [flags & 0x100 ? "enum" : "text", "text"]);
  return { type, kind };
}

const columnFields = "c.column_name, c.data_type, c.column_type, c.is_nullable, c.column_default, c.extra, c.column_comment";
/** MariaDB gives defaults as expressions, MySQL as values. */
const columnOf = (cells: Cells): DataColumn => {
  const [name, dataType, type, nullable, initial, extra, comment] = cells;
  const isComputed =
    /\b(?:VIRTUAL|STORED|PERSISTENT) ?GENERATED|^(?:VIRTUAL|PERSISTENT)/i.test(text(extra)) && !/DEFAULT_GENERATED/i.test(text(extra));
  return {
    name: text(name),
    type: text(type),
    kind: kindOf(text(dataType), text(type)),
    is_nullable: nullable === "YES",
    default: isComputed
      ? null
      : /auto_increment/i.test(text(extra))
        ? "auto_increment"
        : initial === null || initial === "NULL"
          ? null
          : text(initial),
    is_generated: isComputed,
    enum_values: enumValuesOf(text(type)),
    comment: comment ? comment : null,
  };
};
const kindOfTable = (type: string | null | undefined): TableKind => (/VIEW/.test(text(type)) ? "view" : "table");
const tableFields = "t.table_schema, t.table_name, t.table_type, t.table_rows, t.data_length + t.index_length, t.table_comment";
const tableOf = ([schema, name, type, estimate, size, comment]: Cells): DataTable => {
  const kind = kindOfTable(type);
  return {
    schema: text(schema),
    name: text(name),
    kind,
    row_estimate: kind === "view" || estimate === null || estimate === undefined ? null : Number(estimate),
    size_bytes: kind === "view" || size === null || size === undefined ? null : Number(size),
    comment: kind === "view" || !comment ? null : comment,
  };
};

const foreignSelect = `select k.table_schema, k.table_name, k.constraint_name, k.column_name, k.referenced_table_schema, k.referenced_table_name,
    k.referenced_column_name, r.delete_rule, r.update_rule
  from information_schema.key_column_usage k join information_schema.referential_constraints r
    on r.constraint_schema = k.constraint_schema and r.constraint_name = k.constraint_name and r.table_name = k.table_name
  where k.referenced_table_name is not null and k.table_schema ${userSchemas}`;
const foreignOrder = " order by k.table_schema, k.table_name, k.constraint_name, k.ordinal_position";
const keyOf = (schema: string, table: string): string => JSON.stringify([schema, table]);
interface Foreign extends ForeignKey {
  schema: string;
  table: string;
}
function foreignKeysOf(rows: readonly Cells[]): Foreign[] {
  const groups = Map.groupBy(rows, (cells) => JSON.stringify(cells.slice(0, 3)));
  return [...groups.values()].map((parts) => {
    const [schema, table, name, , toSchema, toTable, , onDelete, onUpdate] = parts[0] ?? [];
    return {
      schema: text(schema),
      table: text(table),
      name: text(name),
      columns: parts.map((cells) => text(cells[3])),
      to_schema: text(toSchema),
      to_table: text(toTable),
      to_columns: parts.map((cells) => text(cells[6])),
      on_delete: text(onDelete),
      on_update: text(onUpdate),
    };
  });
}
const presentKey = ({ name, columns, to_schema, to_table, to_columns, on_delete, on_update }: Foreign): ForeignKey => ({
  name,
  columns,
  to_schema,
  to_table,
  to_columns,
  on_delete,
  on_update,
});

export async function listTables(connection: Connection): Promise<DataTable[]> {
  const rows = await read(
    connection,
    `select ${tableFields} from information_schema.tables t where t.table_schema ${userSchemas} order by 1, 2`,
  );
  return rows.map(tableOf);
}

export async function readSchema(connection: Connection): Promise<DataSchema> {
  const all = await listTables(connection);
  const columns = await read(
    connection,
    `select c.table_schema, c.table_name, ${columnFields} from information_schema.columns c where c.table_schema ${userSchemas} order by 1, 2, c.ordinal_position limit ${maxColumns + 1}`,
  );
  const keys = await read(
    connection,
    `select s.table_schema, s.table_name, s.column_name from information_schema.statistics s where s.index_name = 'PRIMARY' and s.table_schema ${userSchemas} order by 1, 2, s.seq_in_index`,
  );
  const foreign = foreignKeysOf(await read(connection, `${foreignSelect}${foreignOrder}`));
  const of = (rows: readonly Cells[]) => Map.groupBy(rows, ([schema, table]) => keyOf(text(schema), text(table)));
  const [columnsOf, keysOf] = [of(columns), of(keys)];
  const foreignOf = Map.groupBy(foreign, ({ schema, table }) => keyOf(schema, table));
  return {
    tables: all.slice(0, maxTables).map(({ schema, name, kind }) => {
      const at = keyOf(schema, name);
      return {
        schema,
        name,
        kind,
        columns: (columnsOf.get(at) ?? []).map((cells) => columnOf(cells.slice(2))),
        primary_key: (keysOf.get(at) ?? []).map((cells) => text(cells[2])),
        foreign_keys: (foreignOf.get(at) ?? []).map(presentKey),
      };
    }),
    is_truncated: all.length > maxTables || columns.length > maxColumns,
  };
}

async function findTable(connection: Connection, { schema, table }: TableName): Promise<DataTable> {
  const [found] = await read(
    connection,
    `select ${tableFields} from information_schema.tables t where t.table_schema ${userSchemas} and t.table_schema = ${first} and t.table_name = ${second}`,
    schema,
    table,
  );
  if (!found) throw notFound("Table");
  return tableOf(found);
}

/** Throws 404. */
export async function findRelation(connection: Connection, name: TableName): Promise<Relation> {
  const { kind } = await findTable(connection, name);
  const { schema, table } = name;
  const columns = await read(
    connection,
    `select ${columnFields} from information_schema.columns c where c.table_schema = ${first} and c.table_name = ${second} order by c.ordinal_position`,
    schema,
    table,
  );
  const key = await read(
    connection,
    `select s.column_name from information_schema.statistics s where s.index_name = 'PRIMARY' and s.table_schema = ${first} and s.table_name = ${second} order by s.seq_in_index`,
    schema,
    table,
  );
  return { kind, columns: columns.map(columnOf), primaryKey: key.map((cells) => text(cells[0])) };
}

export async function readStructure(connection: Connection, name: TableName): Promise<TableStructure> {
  const facts = await findTable(connection, name);
  const { schema, table } = name;
  const { columns, primaryKey } = await findRelation(connection, name);
  const foreign = foreignKeysOf(
    await read(connection, `${foreignSelect} and k.table_schema = ${first} and k.table_name = ${second}${foreignOrder}`, schema, table),
  );
  const pointing = foreignKeysOf(
    await read(
      connection,
      `${foreignSelect} and k.referenced_table_schema = ${first} and k.referenced_table_name = ${second}${foreignOrder}`,
      schema,
      table,
    ),
  );
  const parts = await read(
    connection,
    `select s.index_name, s.non_unique, coalesce(s.column_name, 'expression'), s.index_type from information_schema.statistics s
     where s.table_schema = ${first} and s.table_name = ${second} order by s.index_name <> 'PRIMARY', s.index_name, s.seq_in_index`,
    schema,
    table,
  );
  const indexes = [...Map.groupBy(parts, ([index]) => text(index)).entries()].map(([index, list]) => {
    const names = list.map((cells) => text(cells[2]));
    const isUnique = list[0]?.[1] === "0";
    const isPrimary = index === "PRIMARY";
    return {
      name: index,
      is_unique: isUnique,
      is_primary: isPrimary,
      columns: names,
      definition: `${isPrimary ? "PRIMARY KEY" : isUnique ? `UNIQUE KEY ${index}` : `KEY ${index}`} (${names.join(", ")}) USING ${text(list[0]?.[3])}`,
    };
  });
  // MySQL has no table name beside the clause; names of checks are unique in a schema there.
  const checks = await read(
    connection,
    `select k.constraint_name, k.check_clause from information_schema.check_constraints k join information_schema.table_constraints t
       on t.constraint_schema = k.constraint_schema and t.constraint_name = k.constraint_name and t.constraint_type = 'CHECK'
     where t.table_schema = ${first} and t.table_name = ${second} order by 1`,
    schema,
    table,
  );
  const [view] =
    facts.kind === "view"
      ? await read(
          connection,
          `select view_definition from information_schema.views where table_schema = ${first} and table_name = ${second}`,
          schema,
          table,
        )
      : [];
  return {
    ...facts,
    columns,
    primary_key: primaryKey,
    foreign_keys: foreign.map(presentKey),
    indexes,
    checks: checks.map(([check, clause]) => ({ name: text(check), definition: `CHECK (${text(clause)})` })),
    referenced_by: pointing.map((key) => ({
      name: key.name,
      schema: key.schema,
      table: key.table,
      columns: key.columns,
      to_columns: key.to_columns,
    })),
    definition: view?.[0] ?? null,
  };
}
