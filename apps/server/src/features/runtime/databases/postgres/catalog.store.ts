import type { PoolClient } from "pg";
import type { ColumnKind, DataColumn, DataSchema, DataTable, ForeignKey, TableKind, TableStructure } from "@tesslate/contract";
import { notFound } from "../../../../platform/errors.ts";
import type { TableName } from "../engine.ts";
import type { Relation } from "../table-rows.ts";

const maxTables = 500;
const maxColumns = 10_000;
const kinds: Record<string, TableKind> = { r: "table", p: "partitioned_table", f: "foreign_table", v: "view", m: "materialized_view" };
const actions: Record<string, string> = { a: "NO ACTION", r: "RESTRICT", c: "CASCADE", n: "SET NULL", d: "SET DEFAULT" };

const isUserTable = `c.relkind in ('r', 'p', 'f', 'v', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`;
/** Sizes and partitions of a table that is locked exclusively would wait for the lock. */
const sizeOf = `case when c.relkind in ('r', 'm')
  and not exists (select 1 from pg_locks l where l.relation = c.oid and l.mode = 'AccessExclusiveLock' and l.granted)
  then pg_total_relation_size(c.oid)::text end`;
/** None for a table that was never analyzed and has no statistics yet: it may have rows. */
const estimateOf = `case when c.relkind in ('r', 'm', 'p') then
  case when c.reltuples >= 0 then c.reltuples::bigint else nullif(s.n_live_tup, 0) end::text end`;
const tableSelect = `
  select c.oid, n.nspname as schema, c.relname as name, c.relkind as kind, ${estimateOf} as row_estimate, ${sizeOf} as size_bytes,
    obj_description(c.oid, 'pg_class') as comment
  from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_stat_all_tables s on s.relid = c.oid`;
const columnSelect = `
  select a.attrelid as oid, a.attname as name, format_type(a.atttypid, a.atttypmod) as type, t.typtype, t.typcategory, b.typname as base,
    not a.attnotnull as is_nullable, pg_get_expr(d.adbin, d.adrelid) as default, a.attidentity as identity, a.attgenerated as generated,
    col_description(a.attrelid, a.attnum) as comment,
    case when b.typtype = 'e' then (select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = b.oid) end as enum_values
  from pg_attribute a
    join pg_type t on t.oid = a.atttypid
    join pg_type b on b.oid = case when t.typtype = 'd' then t.typbasetype else t.oid end
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attnum > 0 and not a.attisdropped`;
const namesOf = (relation: string, numbers: string): string =>
  `(select json_agg(a.attname order by u.ord) from unnest(${numbers}) with ordinality u(num, ord) join pg_attribute a on a.attrelid = ${relation} and a.attnum = u.num)`;
const foreignKeySelect = `
  select k.conrelid as oid, k.confrelid, k.conname as name, ${namesOf("k.conrelid", "k.conkey")} as columns,
    n.nspname as to_schema, c.relname as to_table, ${namesOf("k.confrelid", "k.confkey")} as to_columns,
    k.confdeltype as on_delete, k.confupdtype as on_update
  from pg_constraint k join pg_class c on c.oid = k.confrelid join pg_namespace n on n.oid = c.relnamespace
  where k.contype = 'f'`;

interface TableFacts {
  oid: number;
  schema: string;
  name: string;
  kind: string;
  row_estimate: string | null;
  size_bytes: string | null;
  comment: string | null;
}
interface ColumnFacts {
  oid: number;
  name: string;
  type: string;
  typtype: string;
  typcategory: string;
  base: string;
  is_nullable: boolean;
  default: string | null;
  identity: string;
  generated: string;
  comment: string | null;
  enum_values: string[] | null;
}
interface KeyFacts {
  oid: number;
  name: string;
  columns: string[];
  to_schema: string;
  to_table: string;
  to_columns: string[];
  on_delete: string;
  on_update: string;
}

/** A table with the id that the database has for it. */
interface PostgresRelation extends Relation {
  oid: number;
}

const kindOf = ({ base, typtype, typcategory }: ColumnFacts): ColumnKind => {
  if (typtype === "e" || typcategory === "E") return "enum";
  if (typcategory === "A") return "array";
  if (typcategory === "N") return "number";
  if (typcategory === "B") return "boolean";
  if (typcategory === "S") return "text";
  if (base === "date") return "date";
  if (base.startsWith("timestamp")) return "timestamp";
  if (base === "time" || base === "timetz") return "time";
  if (base === "json" || base === "jsonb") return "json";
  if (base === "uuid") return "uuid";
  return base === "bytea" ? "binary" : "other";
};
const columnOf = (facts: ColumnFacts): DataColumn => ({
  name: facts.name,
  type: facts.type,
  kind: kindOf(facts),
  is_nullable: facts.is_nullable,
  default: facts.generated === "" ? (facts.default ?? (facts.identity === "" ? null : "generated as identity")) : null,
  is_generated: facts.generated !== "",
  enum_values: facts.enum_values,
  comment: facts.comment,
});
const tableOf = ({ schema, name, kind, row_estimate, size_bytes, comment }: TableFacts): DataTable => ({
  schema,
  name,
  kind: kinds[kind] ?? "table",
  row_estimate: row_estimate === null ? null : Number(row_estimate),
  size_bytes: size_bytes === null ? null : Number(size_bytes),
  comment,
});
const foreignKeyOf = ({ name, columns, to_schema, to_table, to_columns, on_delete, on_update }: KeyFacts): ForeignKey => ({
  name,
  columns,
  to_schema,
  to_table,
  to_columns,
  on_delete: actions[on_delete] ?? on_delete,
  on_update: actions[on_update] ?? on_update,
});

/** Kinds of types by their oid, for the columns of a query. */
export async function kindsOfTypes(client: PoolClient, oids: readonly number[]): Promise<Map<number, { name: string; kind: ColumnKind }>> {
  if (oids.length === 0) return new Map();
  const { rows } = await client.query<ColumnFacts>(
    `select t.oid, format_type(t.oid, null) as type, t.typtype, t.typcategory, b.typname as base
     from pg_type t join pg_type b on b.oid = case when t.typtype = 'd' then t.typbasetype else t.oid end where t.oid = any($1::oid[])`,
    [[...new Set(oids)]],
  );
  return new Map(rows.map((row) => [Number(row.oid), { name: row.type, kind: kindOf(row) }]));
}

/** All tables and views of all schemas but the system's, by schema and name. */
export async function listTables(client: PoolClient): Promise<DataTable[]> {
  const { rows } = await client.query<TableFacts>(`${tableSelect} where ${isUserTable} order by 2, 3`);
  return rows.map(tableOf);
}

export async function readSchema(client: PoolClient): Promise<DataSchema> {
  const { rows: found } = await client.query<{ oid: number; schema: string; name: string; kind: string }>(
    `select c.oid, n.nspname as schema, c.relname as name, c.relkind as kind
     from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${isUserTable} and not c.relispartition order by 2, 3 limit ${maxTables + 1}`,
  );
  const tables = found.slice(0, maxTables);
  const oids = [tables.map(({ oid }) => oid)];
  const columns = await client.query<ColumnFacts>(
    `${columnSelect} and a.attrelid = any($1::oid[]) order by a.attrelid, a.attnum limit ${maxColumns + 1}`,
    oids,
  );
  const keys = await client.query<{ oid: number; columns: string[] }>(
    `select k.conrelid as oid, ${namesOf("k.conrelid", "k.conkey")} as columns from pg_constraint k where k.contype = 'p' and k.conrelid = any($1::oid[])`,
    oids,
  );
  const foreign = await client.query<KeyFacts>(
    `${foreignKeySelect} and k.conparentid = 0 and k.conrelid = any($1::oid[]) order by k.conname`,
    oids,
  );
  const [columnsOf, keysOf, foreignOf] = [byOid(columns.rows), byOid(keys.rows), byOid(foreign.rows)];
  return {
    tables: tables.map(({ oid, schema, name, kind }) => ({
      schema,
      name,
      kind: kinds[kind] ?? "table",
      columns: (columnsOf.get(oid) ?? []).map(columnOf),
      primary_key: keysOf.get(oid)?.[0]?.columns ?? [],
      foreign_keys: (foreignOf.get(oid) ?? []).map(foreignKeyOf),
    })),
    is_truncated: found.length > maxTables || columns.rows.length > maxColumns,
  };
}
const byOid = <T extends { oid: number }>(rows: readonly T[]): Map<number, T[]> => Map.groupBy(rows, ({ oid }) => oid);

async function findTable(client: PoolClient, { schema, table }: TableName): Promise<TableFacts> {
  const { rows } = await client.query<TableFacts>(`${tableSelect} where ${isUserTable} and n.nspname = $1 and c.relname = $2`, [
    schema,
    table,
  ]);
  const [found] = rows;
  if (!found) throw notFound("Table");
  return found;
}
const columnsOf = async (client: PoolClient, oid: number): Promise<DataColumn[]> =>
  (await client.query<ColumnFacts>(`${columnSelect} and a.attrelid = $1 order by a.attnum`, [oid])).rows.map(columnOf);
const primaryKeyOf = async (client: PoolClient, oid: number): Promise<string[]> => {
  const { rows } = await client.query<{ columns: string[] }>(
    `select ${namesOf("k.conrelid", "k.conkey")} as columns from pg_constraint k where k.contype = 'p' and k.conrelid = $1`,
    [oid],
  );
  return rows[0]?.columns ?? [];
};

/** Throws 404. */
export async function findRelation(client: PoolClient, name: TableName): Promise<PostgresRelation> {
  const { rows } = await client.query<{ oid: number; kind: string }>(
    `select c.oid, c.relkind as kind from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${isUserTable} and n.nspname = $1 and c.relname = $2`,
    [name.schema, name.table],
  );
  const [found] = rows;
  if (!found) throw notFound("Table");
  return {
    oid: found.oid,
    kind: kinds[found.kind] ?? "table",
    columns: await columnsOf(client, found.oid),
    primaryKey: await primaryKeyOf(client, found.oid),
  };
}

export async function readStructure(client: PoolClient, name: TableName): Promise<TableStructure> {
  const facts = await findTable(client, name);
  const { oid } = facts;
  const one = [oid];
  const foreign = await client.query<KeyFacts>(`${foreignKeySelect} and k.conrelid = $1 order by k.conname`, one);
  const pointing = await client.query<{ name: string; schema: string; table: string; columns: string[]; to_columns: string[] }>(
    `select k.conname as name, n.nspname as schema, c.relname as table, ${namesOf("k.conrelid", "k.conkey")} as columns, ${namesOf("k.confrelid", "k.confkey")} as to_columns
     from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
     where k.contype = 'f' and k.conparentid = 0 and k.confrelid = $1 order by 2, 3, 1`,
    one,
  );
  const indexes = await client.query<TableStructure["indexes"][number]>(
    `select c.relname as name, i.indisunique as is_unique, i.indisprimary as is_primary, pg_get_indexdef(i.indexrelid) as definition,
       (select json_agg(pg_get_indexdef(i.indexrelid, k, true) order by k) from generate_series(1, i.indnkeyatts::int) k) as columns
     from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = $1 order by i.indisprimary desc, c.relname`,
    one,
  );
  const checks = await client.query<{ name: string; definition: string }>(
    "select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint where contype = 'c' and conrelid = $1 order by conname",
    one,
  );
  const view = await client.query<{ definition: string | null }>(
    "select case when relkind in ('v', 'm') then pg_get_viewdef(oid, true) end as definition from pg_class where oid = $1",
    one,
  );
  return {
    ...tableOf(facts),
    columns: await columnsOf(client, oid),
    primary_key: await primaryKeyOf(client, oid),
    foreign_keys: foreign.rows.map(foreignKeyOf),
    indexes: indexes.rows,
    checks: checks.rows,
    referenced_by: pointing.rows,
    definition: view.rows[0]?.definition ?? null,
  };
}

/** Describes the connection that holds the lock the caller waited for, as the end of a sentence. Undefined if the lock was released. */
export async function blockerOf(client: PoolClient, oid: number | undefined): Promise<string | undefined> {
  const { rows } = await client.query<{ name: string; state: string; seconds: number }>(
    `select coalesce(nullif(a.application_name, ''), a.usename, 'a connection') as name, a.state, extract(epoch from now() - a.xact_start)::int as seconds
     from pg_locks l join pg_stat_activity a on a.pid = l.pid join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
     where l.granted and l.pid <> pg_backend_pid() and ${isUserTable} and ($1::oid is null or c.oid = $1::oid)
       and l.mode <> 'AccessShareLock' and a.datname = current_database()
     order by a.xact_start limit 1`,
    [oid ?? null],
  );
  const [found] = rows;
  return found && `“${found.name.slice(0, 60)}” (${found.state}, for ${Math.max(0, found.seconds)} s)`;
}
