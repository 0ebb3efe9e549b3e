import { useMemo, useState } from "react";
import { readStored, writeStored } from "../../lib/storage.ts";
import { widthOf, type GridColumn, type GridRow } from "./cells.tsx";

type Widths = Record<string, number>;
const isWidths = (value: unknown): value is Widths =>
  typeof value === "object" && value !== null && Object.values(value).every((width) => typeof width === "number");
const minWidth = 48;
const maxWidth = 1200;

/** Widths of columns in pixels: those someone chose are kept in this browser, others fit the first rows. */
export function useColumnWidths(storageKey: string | undefined, columns: readonly GridColumn[], rows: readonly GridRow[]) {
  const [chosen, setChosen] = useState<Widths>(() => (storageKey && readStored(localStorage, storageKey, isWidths)) || {});
  // Pages differ: the widths of the first one stay.
  const [first, setFirst] = useState(rows);
  if (first.length === 0 && rows.length > 0) setFirst(rows);
  const fitting = useMemo(() => columns.map((column, index) => widthOf(column, index, first)), [columns, first]);
  const widths = columns.map(({ name }, index) => chosen[name] ?? fitting[index] ?? 120);
  const resize = (name: string, width: number) => {
    const next = { ...chosen, [name]: Math.round(Math.min(maxWidth, Math.max(minWidth, width))) };
    setChosen(next);
    if (storageKey) writeStored(localStorage, storageKey, next);
  };
  return { widths, resize };
}
