import type { DataChange, DataColumn, DataFilter, DataRow, ForeignKey, RowPage, TableKind } from "@tesslate/contract";

/** A row of the page that is shown. */
export interface ShownRow extends DataRow {
  /** Its primary key as text; without one its number. */
  id: string;
  /** From 1, over all pages. */
  number: number;
}

export const tableKinds: Record<TableKind, string> = {
  table: "Table",
  partitioned_table: "Partitioned table",
  foreign_table: "Foreign table",
  view: "View",
  materialized_view: "Materialized view",
};
export const hasRowsToEdit = (kind: TableKind): boolean => kind === "table" || kind === "partitioned_table" || kind === "foreign_table";

/** `public` and `main` go without saying. */
export const tableLabel = ({ schema, name }: { schema: string; name: string }): string =>
  schema === "public" || schema === "main" ? name : `${schema}.${name}`;

/** Primary key of a row as the API takes it: column → value. */
export function keyOfRow({ primary_key: names }: Pick<RowPage, "primary_key">, { key }: Pick<DataRow, "key">): Record<string, string> | undefined {
  if (!key || names.length === 0) return undefined;
  return Object.fromEntries(names.map((name, index) => [name, key[index] ?? ""]));
}

/** Filters that find the row by its primary key. */
export const filtersOfKey = (key: Record<string, string>): DataFilter[] =>
  Object.entries(key).map(([column, value]) => ({ column, op: "eq", value }));

/** The foreign key that begins at a column. A key of several columns is followed from each of them. */
export const foreignKeyOf = (keys: readonly ForeignKey[], column: string): ForeignKey | undefined =>
  keys.find(({ columns }) => columns.length === 1 && columns[0] === column) ?? keys.find(({ columns }) => columns.includes(column));

/** Filters that find the row that a foreign key points to; undefined if one of its columns is NULL. */
export function filtersOfReference(foreignKey: ForeignKey, columns: readonly { name: string }[], row: Pick<DataRow, "cells">): DataFilter[] | undefined {
  const filters = foreignKey.columns.map((name, index): DataFilter | undefined => {
    const value = row.cells[columns.findIndex((column) => column.name === name)];
    const column = foreignKey.to_columns[index];
    return value === null || value === undefined || column === undefined ? undefined : { column, op: "eq", value };
  });
  return filters.every((filter) => filter !== undefined) ? filters : undefined;
}

/** The change that sets one cell, if the row still has the value that was shown. */
export function updateOf(
  table: { schema: string; name: string },
  key: Record<string, string>,
  column: string,
  value: string | null,
  expected: { value: string | null } | undefined,
): DataChange {
  return {
    kind: "update",
    schema: table.schema,
    table: table.name,
    key,
    values: { [column]: value },
    ...(expected && { expected: { [column]: expected.value } }),
  };
}

/** Columns that a form for a new row asks for. */
export const settable = (columns: readonly DataColumn[]): DataColumn[] => columns.filter((column) => !column.is_generated);

interface Sort {
  column: string;
  direction: "asc" | "desc";
}
/** The order after a click on a column: ascending, descending, none. `isAdded`: the other columns of the order stay. */
export function nextSort(sort: readonly Sort[], column: string, isAdded: boolean): Sort[] {
  const known = sort.find((by) => by.column === column);
  const next: Sort[] = !known ? [{ column, direction: "asc" }] : known.direction === "asc" ? [{ column, direction: "desc" }] : [];
  if (!isAdded) return next;
  return known ? sort.flatMap((by) => (by === known ? next : by)) : [...sort, ...next];
}
