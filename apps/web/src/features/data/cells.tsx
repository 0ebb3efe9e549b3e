import type { ColumnKind, DataColumn } from "@tesslate/contract";
import { cx } from "../../lib/cx.ts";

/** A value in the database's text form; null is NULL. */
export type Cell = string | null;

/** What the grid knows of a column. */
export interface GridColumn {
  name: string;
  type: string;
  kind: ColumnKind;
  isKey?: boolean;
  isNullable?: boolean;
  isGenerated?: boolean;
  default?: string | null;
  enumValues?: readonly string[] | null;
  comment?: string | null;
  /** The table that its values point to. */
  refersTo?: string;
}
export interface GridRow {
  id: string;
  cells: readonly Cell[];
  truncated: readonly number[];
}

export const gridColumnOf = (column: DataColumn, primaryKey: readonly string[], refersTo: string | undefined): GridColumn => ({
  name: column.name,
  type: column.type,
  kind: column.kind,
  isKey: primaryKey.includes(column.name),
  isNullable: column.is_nullable,
  isGenerated: column.is_generated,
  default: column.default,
  enumValues: column.enum_values,
  comment: column.comment,
  ...(refersTo !== undefined && { refersTo }),
});

export const isFigure = ({ kind }: Pick<GridColumn, "kind">): boolean => kind === "number";

/** Longer texts are cut by the style; this keeps the page small. */
const shownCharacters = 400;

/** A value on one line. NULL and empty texts are words, so that they differ from each other and from spaces. */
export function CellText({ value, isTruncated = false }: { value: Cell; isTruncated?: boolean }) {
  if (value === null) return <span className="text-fg-2 italic">NULL</span>;
  if (value === "") return <span className="text-fg-2 italic">empty</span>;
  const text = value.slice(0, shownCharacters).replaceAll(/\s*\n\s*/g, " ⏎ ");
  return (
    <span className={cx("as-written", !value.trim() && "bg-bg-3")}>
      {text}
      {isTruncated || value.length > shownCharacters ? "…" : ""}
    </span>
  );
}

/** Ids are compared by their beginning; a wider column would push out what people look for. */
const mostIdPx = 152;
const isId = ({ kind, isKey = false, refersTo }: GridColumn): boolean => kind === "uuid" || (kind === "text" && (isKey || refersTo !== undefined));

/** A width that shows the head and most values of a column. */
export function widthOf(column: GridColumn, index: number, rows: readonly GridRow[]): number {
  const longest = rows.slice(0, 50).reduce((most, { cells }) => Math.max(most, cells[index]?.length ?? 4), 0);
  const head = column.name.length + (column.isKey || column.refersTo !== undefined ? 3 : 0) + 3;
  const most = isId(column) ? Math.max(mostIdPx, head * 7.4 + 20) : 320;
  return Math.round(Math.min(most, 320, Math.max(72, Math.max(head * 7.4, longest * 7.3) + 20)));
}

/** Checks a value before it is sent: a sentence, or undefined. */
export function invalidValue(column: Pick<GridColumn, "kind" | "name">, value: Cell): string | undefined {
  if (value === null || column.kind !== "json") return undefined;
  try {
    JSON.parse(value);
    return undefined;
  } catch {
    return "Enter valid JSON.";
  }
}
