import type { ColumnKind, DatabaseKind } from "@tesslate/contract";
import Papa from "papaparse";
import type { Cell } from "./cells.tsx";

/** Rows as they are copied: values in the order of the columns. */
export interface CopiedRows {
  columns: readonly { name: string; kind: ColumnKind }[];
  rows: readonly (readonly Cell[])[];
}
export type CopyFormat = "csv" | "json" | "sql";

/** With a header; NULL is an empty field and an empty text is `""`, as in exports. */
export function asCsv({ columns, rows }: CopiedRows): string {
  const field = (value: Cell) => (value === null ? "" : value === "" ? '""' : Papa.unparse([[value]]));
  return [columns.map(({ name }) => field(name)), ...rows.map((cells) => cells.map(field))].map((fields) => fields.join(",")).join("\n");
}

/** Numbers that JavaScript cannot hold stay texts. */
function jsonValue(value: Cell, kind: ColumnKind): unknown {
  if (value === null) return null;
  if (kind === "number" && value.trim() !== "" && String(Number(value)) === value) return Number(value);
  if (kind === "boolean") return ["t", "true", "1"].includes(value);
  if (kind !== "json") return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
export const asJson = ({ columns, rows }: CopiedRows): string =>
  JSON.stringify(
    rows.map((cells) => Object.fromEntries(columns.map(({ name, kind }, index) => [name, jsonValue(cells[index] ?? null, kind)]))),
    null,
    2,
  );

const quoteName = (name: string, database: DatabaseKind): string =>
  database === "mysql" ? `\`${name.replaceAll("`", "``")}\`` : `"${name.replaceAll('"', '""')}"`;
/** MySQL reads backslashes in texts as the beginning of an escape. */
const quoteText = (text: string, database: DatabaseKind): string =>
  `'${(database === "mysql" ? text.replaceAll("\\", "\\\\") : text).replaceAll("'", "''")}'`;
function sqlValue(value: Cell, kind: ColumnKind, database: DatabaseKind): string {
  if (value === null) return "NULL";
  if (kind === "number" && /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(value)) return value;
  if (kind === "boolean" && database !== "postgres") return ["t", "true", "1"].includes(value) ? "1" : "0";
  if (kind === "boolean") return ["t", "true", "1"].includes(value) ? "true" : "false";
  if (kind === "binary" && database !== "postgres") return `X'${value.replace(/^\\x/, "")}'`;
  return quoteText(value, database);
}
export function asInserts(copied: CopiedRows, table: { schema: string; name: string }, database: DatabaseKind): string {
  const names = copied.columns.map(({ name }) => quoteName(name, database)).join(", ");
  const target = database === "sqlite" ? quoteName(table.name, database) : `${quoteName(table.schema, database)}.${quoteName(table.name, database)}`;
  return copied.rows
    .map((cells) => `INSERT INTO ${target} (${names}) VALUES (${copied.columns.map(({ kind }, index) => sqlValue(cells[index] ?? null, kind, database)).join(", ")});`)
    .join("\n");
}
