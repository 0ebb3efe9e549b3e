import type { DataSchema } from "@tesslate/contract";
import { tidy } from "../../lib/graph-layout.ts";
import { foreignKeyOf, tableLabel } from "./table.ts";

type Table = DataSchema["tables"][number];
export const tableWidth = 224;
export const headHeight = 32;
export const lineHeight = 20;
const shownColumns = 14;

interface DrawnColumn {
  name: string;
  type: string;
  isKey: boolean;
  isReference: boolean;
}
export interface DrawnTable {
  id: string;
  schema: string;
  name: string;
  columns: DrawnColumn[];
  /** Columns that are not drawn. */
  more: number;
  /** Names of the tables that it refers to. */
  references: string[];
  x: number;
  y: number;
  height: number;
}
interface DrawnReference {
  id: string;
  /** The table with the foreign key. */
  source: string;
  target: string;
  columns: readonly string[];
  toColumns: readonly string[];
}

export const idOf = ({ schema, name }: { schema: string; name: string }): string => `${schema}.${name}`;

function columnsOf(table: Table): { columns: DrawnColumn[]; more: number } {
  const all = table.columns.map((column) => ({
    name: column.name,
    type: column.type,
    isKey: table.primary_key.includes(column.name),
    isReference: foreignKeyOf(table.foreign_keys, column.name) !== undefined,
  }));
  // Keys are drawn in any case.
  const isImportant = (column: DrawnColumn) => column.isKey || column.isReference;
  const rest = all.filter((column) => !isImportant(column)).slice(0, Math.max(0, shownColumns - all.filter(isImportant).length));
  const columns = all.filter((column) => isImportant(column) || rest.includes(column));
  return { columns, more: all.length - columns.length };
}

/** Tables and their foreign keys, with a place for each table: a table is left of those that it refers to. */
export function drawnSchema(schema: DataSchema): { tables: DrawnTable[]; references: DrawnReference[] } {
  const known = new Set(schema.tables.map(idOf));
  const references = schema.tables.flatMap((table) =>
    table.foreign_keys.flatMap((key): DrawnReference[] => {
      const target = idOf({ schema: key.to_schema, name: key.to_table });
      return known.has(target)
        ? [{ id: `${idOf(table)}:${key.name}`, source: idOf(table), target, columns: key.columns, toColumns: key.to_columns }]
        : [];
    }),
  );
  const sized = schema.tables.map((table) => {
    const { columns, more } = columnsOf(table);
    return { table, columns, more, height: headHeight + (columns.length + (more > 0 ? 1 : 0)) * lineHeight + 8 };
  });
  const places = tidy(
    sized.map(({ table, height }) => ({ id: idOf(table), width: tableWidth, height })),
    references.filter(({ source, target }) => source !== target).map(({ source, target }) => ({ source: target, target: source })),
  );
  return {
    references,
    tables: sized.map(({ table, columns, more, height }) => ({
      id: idOf(table),
      schema: table.schema,
      name: table.name,
      columns,
      more,
      height,
      references: [
        ...new Set(table.foreign_keys.map((key) => tableLabel({ schema: key.to_schema, name: key.to_table }))),
      ],
      ...(places.get(idOf(table)) ?? { x: 0, y: 0 }),
    })),
  };
}
