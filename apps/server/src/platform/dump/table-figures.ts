import type pg from "pg";
import { isUsers } from "./catalogue.ts";
import { onDatabase, quoteLiteral, type DumpTarget } from "./connection.ts";

/** A table as it is compared with a later state. The rows of a partitioned table are those of its partitions. */
export interface TableFigures {
  schema: string;
  name: string;
  /** Hash of names, types and constraints of the columns, in their order. */
  columns: string;
  rows: number;
  /** `rows` is what the statistics of the database say. */
  is_estimate: boolean;
}

/** Rows are counted up to this number; beyond it, the statistics say how many there are. */
const maxCounted = 100_000;
/** A database with more tables has no figures. */
const maxFigures = 1000;
const tablesPerStatement = 100;

interface TableFacts {
  /** As SQL, with the schema. */
  relation: string;
  schema: string;
  name: string;
  columns: string;
}
/** Tables that have rows of their own, by the partitioned table they belong to. */
const tableFactsSql = `
  select c.oid::regclass::text as relation, n.nspname as schema, r.relname as name,
    (select encode(sha256(convert_to(coalesce(string_agg(format('%I %s %s %s', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated), ',' order by a.attnum), ''), 'UTF8')), 'hex')
       from pg_attribute a where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped) as columns
  from pg_class c join pg_class r on r.oid = coalesce(case when c.relispartition then pg_partition_root(c.oid) end, c.oid)
    join pg_namespace n on n.oid = r.relnamespace
  where c.relkind = 'r' and c.relpersistence <> 't' and ${isUsers("n.nspname", "c.oid", "pg_class")} order by c.oid limit ${maxFigures + 1}`;

/** Adds up the partitions of a table. */
function addUp(counts: readonly (TableFacts & Pick<TableFigures, "rows" | "is_estimate">)[]): TableFigures[] {
  const byName = new Map<string, TableFigures>();
  for (const { schema, name, columns, rows, is_estimate } of counts) {
    const key = JSON.stringify([schema, name]);
    const known = byName.get(key);
    byName.set(key, {
      schema,
      name,
      columns,
      rows: (known?.rows ?? 0) + rows,
      is_estimate: is_estimate || known?.is_estimate === true,
    });
  }
  return [...byName.values()];
}

/**
 * The figures of what a dump contains, by the numbers of rows it wrote for each table. In the transaction of the dump, whose search path is empty.
 * Undefined for more than `maxFigures` tables.
 */
export async function figuresOfDump(client: pg.Client, written: ReadonlyMap<string, number>): Promise<TableFigures[] | undefined> {
  const { rows } = await client.query<TableFacts>(tableFactsSql);
  if (rows.length > maxFigures) return undefined;
  return addUp(rows.map((table) => ({ ...table, rows: written.get(table.relation) ?? 0, is_estimate: false })));
}

/**
 * The figures of a database now. Counts at most 100,000 rows of each table, and waits a few seconds at most for each statement and lock. Undefined for more
 * than `maxFigures` tables.
 */
export const readTableFigures = (target: DumpTarget, database: string, signal: AbortSignal): Promise<TableFigures[] | undefined> =>
  onDatabase(target, database, signal, async (client) => {
    await client.query("begin transaction isolation level repeatable read, read only");
    await client.query(
      "set local search_path to pg_catalog; set local row_security to off; set local statement_timeout to '5s'; set local lock_timeout to '2s'",
    );
    const { rows: tables } = await client.query<TableFacts>(tableFactsSql);
    if (tables.length > maxFigures) return undefined;
    const counted: (TableFacts & Pick<TableFigures, "rows" | "is_estimate">)[] = [];
    for (let start = 0; start < tables.length; start += tablesPerStatement) {
      const some = tables.slice(start, start + tablesPerStatement);
      const { rows } = await client.query<{ relation: string; counted: string; estimate: string }>(
        some
          .map(
            ({ relation }) => `select ${quoteLiteral(relation)} as relation,
              (select count(*) from (select from only ${relation} limit ${maxCounted + 1}) counted)::text as counted,
              (select greatest(c.reltuples::bigint, pg_stat_get_live_tuples(c.oid))::text from pg_class c where c.oid = ${quoteLiteral(relation)}::regclass) as estimate`,
          )
          .join("\nunion all "),
      );
      const found = new Map(rows.map((row) => [row.relation, row]));
      for (const table of some) {
        const row = found.get(table.relation);
        const rowsCounted = Number(row?.counted ?? 0);
        const isEstimate = rowsCounted > maxCounted;
        counted.push({
          ...table,
          rows: isEstimate ? Math.max(rowsCounted, Number(row?.estimate ?? 0)) : rowsCounted,
          is_estimate: isEstimate,
        });
      }
    }
    await client.query("commit");
    return addUp(counted);
  });
