import { quoteIdentifier } from "./connection.ts";

export interface TableRow {
  oid: string;
  /** SQL expression. */
  name: string;
  kind: "r" | "p";
  is_unlogged: boolean;
  /** Partition bound. */
  bound: string | null;
  partition_key: string | null;
  parents: string[];
  options: string[];
  of_type: string | null;
}
export interface TableColumnRow {
  table_oid: string;
  name: string;
  type: string;
  is_not_null: boolean;
  is_local: boolean;
  /** `s` stored, `v` virtual. */
  generated: string;
  /** `a` always, `d` by default. */
  identity: string;
  expression: string | null;
  collation: string | null;
  identity_options: string | null;
}

export function columnsOf(columns: readonly TableColumnRow[]): Map<string, TableColumnRow[]> {
  const byTable = new Map<string, TableColumnRow[]>();
  for (const column of columns) byTable.set(column.table_oid, [...(byTable.get(column.table_oid) ?? []), column]);
  return byTable;
}

/** Keys, checks and indexes are created after the rows. */
export function createTable(table: TableRow, columns: readonly TableColumnRow[]): string {
  const create = `create ${table.is_unlogged ? "unlogged " : ""}table ${table.name}`;
  const tail = [
    table.partition_key === null ? "" : ` partition by ${table.partition_key}`,
    table.options.length === 0 ? "" : ` with (${table.options.join(", ")})`,
  ].join("");
  if (table.bound !== null) return `${create} partition of ${table.parents[0] ?? ""} ${table.bound}${tail}`;
  if (table.of_type !== null) return `${create} of ${table.of_type}${tail}`;
  const own = columns.filter((column) => column.is_local).map(columnDefinition);
  const inherits = table.parents.length === 0 ? "" : ` inherits (${table.parents.join(", ")})`;
  return `${create} (${own.join(", ")})${inherits}${tail}`;
}

function columnDefinition(column: TableColumnRow): string {
  const parts = [quoteIdentifier(column.name), column.type];
  if (column.collation !== null) parts.push(`collate ${column.collation}`);
  if (column.generated !== "") parts.push(`generated always as (${column.expression}) ${column.generated === "v" ? "virtual" : "stored"}`);
  else if (column.identity !== "")
    parts.push(`generated ${column.identity === "a" ? "always" : "by default"} as identity (${column.identity_options ?? ""})`);
  else if (column.expression !== null) parts.push(`default ${column.expression}`);
  if (column.is_not_null) parts.push("not null");
  return parts.join(" ");
}
