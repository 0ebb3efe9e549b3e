import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp, ArrowUpRight, KeyRound, Link2, Maximize2 } from "lucide-react";
import {
  useEffect,
  useId,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent as ReactPointerEvent,
  type ReactNode,
} from "react";
import { cx } from "../../lib/cx.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { toast } from "../../ui/toast.tsx";
import { asChoice, CellEditor, type AfterEdit } from "./CellEditor.tsx";
import { CellText, isFigure, type GridColumn, type GridRow, type Cell } from "./cells.tsx";
import { useColumnWidths } from "./column-widths.ts";

export interface GridSort {
  column: string;
  direction: "asc" | "desc";
}
export interface GridProps {
  label: string;
  columns: readonly GridColumn[];
  rows: readonly GridRow[];
  /** Number of the first row, from 1. */
  firstRow?: number;
  /** All rows, if that is known. */
  rowCount?: number | undefined;
  /** Where chosen widths are kept. */
  widthsKey?: string;
  sort?: readonly GridSort[];
  /** `isAdded`: as a further column of the order. */
  onSort?: (column: string, isAdded: boolean) => void;
  selected?: ReadonlySet<string>;
  onSelect?: (selected: ReadonlySet<string>) => void;
  /** Resolves whether the cell can be edited now; it may ask. */
  onEditStart?: (row: GridRow, column: number) => Promise<{ value: Cell } | undefined>;
  /** Resolves with the reason if the value was refused. */
  onEdit?: (row: GridRow, column: number, value: Cell) => Promise<string | undefined>;
  onOpenRow?: (row: GridRow) => void;
  onFollow?: (row: GridRow, column: number) => void;
  onShowAll?: (row: GridRow, column: number) => void;
  /** The rows are those of an earlier request. */
  isStale?: boolean;
  /** Below the head instead of rows. */
  children?: ReactNode;
}

interface Place {
  /** -1 is the head. */
  row: number;
  column: number;
}
interface Editing extends Place {
  rowId: string;
  start: Cell;
  error?: string | undefined;
}
const numberPx = 44;
const pageStep = 15;
const keyStepPx = 16;

/**
 * A grid of values. Keyboard: arrows, Home, End and Page keys move, with Ctrl to the ends; Enter edits (in the head: sorts, with Shift by several
 * columns), Space selects a row, Shift+Space opens it, Alt+Enter follows a reference, Alt and arrows resize a column in the head, Ctrl+C copies.
 * Only visible rows and columns are rendered; `aria-activedescendant` is the current cell.
 */
export function Grid({
  label,
  columns,
  rows,
  firstRow = 1,
  rowCount,
  widthsKey,
  sort = [],
  onSort,
  selected,
  onSelect,
  onEditStart,
  onEdit,
  onOpenRow,
  onFollow,
  onShowAll,
  isStale = false,
  children,
}: GridProps) {
  const isNarrow = useIsNarrow();
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<Place>({ row: 0, column: 0 });
  const [editing, setEditing] = useState<Editing>();
  const [pending, setPending] = useState<ReadonlyMap<string, Cell>>(new Map());
  const anchor = useRef(0);
  const { widths, resize } = useColumnWidths(widthsKey, columns, rows);
  const isSelectable = onSelect !== undefined && !isNarrow;
  const leadPx = isSelectable ? numberPx : 0;
  const rowPx = isNarrow ? 44 : 28;
  const headPx = isNarrow ? 44 : 30;

  // The virtualizers are mutable by design; nothing here is memoized over them.
  // oxlint-disable-next-line react/incompatible-library
  const vertical = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    overscan: 8,
    scrollPaddingStart: headPx,
  });
  const horizontal = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => widths[index] ?? 120,
    overscan: 3,
    scrollPaddingStart: leadPx,
  });
  const widthsText = widths.join();
  useEffect(() => vertical.measure(), [vertical, rowPx]);
  useEffect(() => horizontal.measure(), [horizontal, widthsText]);
  const totalPx = leadPx + horizontal.getTotalSize();

  const go = (row: number, column: number) => {
    const next = {
      row: Math.max(-1, Math.min(rows.length - 1, row)),
      column: Math.max(0, Math.min(columns.length - 1, column)),
    };
    setActive(next);
    if (next.row >= 0) vertical.scrollToIndex(next.row, { align: "auto" });
    horizontal.scrollToIndex(next.column, { align: "auto" });
    return next;
  };
  const focusGrid = () => scroller.current?.focus({ preventScroll: true });

  const keyOf = (row: GridRow, column: number) => `${row.id}:${column}`;
  const canEdit = (column: number) => onEdit !== undefined && !columns[column]?.isGenerated && columns[column]?.kind !== "binary";
  const startEdit = async (place: Place) => {
    const row = rows[place.row];
    if (!row || !onEditStart || !canEdit(place.column)) return;
    const ready = await onEditStart(row, place.column);
    if (!ready) return focusGrid();
    setEditing({ ...place, rowId: row.id, start: ready.value });
  };
  const stopEdit = (isFocused: boolean) => {
    setEditing(undefined);
    if (isFocused) focusGrid();
  };
  const save = async ({ row: rowIndex, column, rowId, start, error }: Editing, value: Cell, after: AfterEdit) => {
    const row = rows[rowIndex];
    stopEdit(after !== "stay" || scroller.current?.contains(document.activeElement) === true);
    const next = after === "down" ? { row: rowIndex + 1, column } : after === "stay" ? undefined : { row: rowIndex, column: column + (after === "next" ? 1 : -1) };
    if (next) {
      const place = go(next.row, next.column);
      if (after !== "down" && place.column === next.column) void startEdit(place);
    }
    const edited = columns[column];
    if (!row || row.id !== rowId || !edited || !onEdit) return;
    const shown = row.cells[column] ?? null;
    const isUnchanged = row.truncated.includes(column) ? error === undefined && value === start : value === asChoice(edited, shown);
    if (isUnchanged) return;
    const key = keyOf(row, column);
    setPending((before) => new Map(before).set(key, value));
    const reason = await onEdit(row, column, value);
    setPending((before) => {
      const rest = new Map(before);
      rest.delete(key);
      return rest;
    });
    if (reason === undefined) return;
    // The value goes back to its editor, unless another cell is being edited.
    if (scroller.current?.querySelector("textarea, select")) toast(`Couldn't save “${edited.name}”. ${reason}`, { kind: "failed" });
    else setEditing({ row: rowIndex, column, rowId, start: value, error: reason });
  };

  const select = (from: number, to: number, isKept: boolean) => {
    const range = rows.slice(Math.min(from, to), Math.max(from, to) + 1).map((row) => row.id);
    onSelect?.(new Set([...(isKept && selected ? selected : []), ...range]));
  };
  const toggle = (index: number) => {
    const row = rows[index];
    if (!row) return;
    const next = new Set(selected);
    if (!next.delete(row.id)) next.add(row.id);
    anchor.current = index;
    onSelect?.(next);
  };
  const sortBy = (column: number, isAdded: boolean) => {
    const name = columns[column]?.name;
    if (name !== undefined) onSort?.(name, isAdded);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== scroller.current || event.nativeEvent.isComposing) return;
    const { row, column } = active;
    const isMod = event.ctrlKey || event.metaKey;
    const current = rows[row];
    const handled = (action: () => unknown) => {
      event.preventDefault();
      action();
    };
    if (event.altKey) {
      const width = widths[column];
      const name = columns[column]?.name;
      if (row < 0 && width !== undefined && name !== undefined && (event.key === "ArrowLeft" || event.key === "ArrowRight"))
        handled(() => resize(name, width + (event.key === "ArrowLeft" ? -keyStepPx : keyStepPx)));
      else if (event.key === "Enter" && current && columns[column]?.refersTo !== undefined) handled(() => onFollow?.(current, column));
      return;
    }
    if (isMod && event.key.toLowerCase() === "a" && onSelect) return handled(() => select(0, rows.length - 1, false));
    if (isMod && event.key.toLowerCase() === "c" && current && !String(getSelection() ?? ""))
      return handled(() => void navigator.clipboard.writeText(current.cells[column] ?? "").catch(() => undefined));
    if (isMod && event.key === "Backspace" && current && columns[column]?.isNullable && canEdit(column))
      return handled(async () => {
        const ready = await onEditStart?.(current, column);
        if (ready) await save({ row, column, rowId: current.id, start: ready.value }, null, "stay");
      });
    const shift = event.shiftKey && onSelect && row >= 0;
    const moved = (to: number) => {
      if (!shift) anchor.current = Math.max(0, to);
      const place = go(to, column);
      if (shift) select(anchor.current, Math.max(0, place.row), false);
    };
    switch (event.key) {
      case "ArrowDown":
        return handled(() => moved(row + 1));
      case "ArrowUp":
        return handled(() => moved(row - 1));
      case "PageDown":
        return handled(() => moved(row + pageStep));
      case "PageUp":
        return handled(() => moved(Math.max(0, row - pageStep)));
      case "ArrowLeft":
        return handled(() => go(row, column - 1));
      case "ArrowRight":
        return handled(() => go(row, column + 1));
      case "Home":
        return handled(() => go(isMod ? 0 : row, 0));
      case "End":
        return handled(() => go(isMod ? rows.length - 1 : row, columns.length - 1));
      case " ":
        return handled(() => {
          if (row < 0) return;
          if (event.shiftKey || !isSelectable) {
            if (current) onOpenRow?.(current);
          } else toggle(row);
        });
      case "Enter":
      case "F2":
        return handled(() => {
          if (row < 0) sortBy(column, event.shiftKey);
          else if (canEdit(column)) void startEdit(active);
          else if (current && current.truncated.includes(column)) onShowAll?.(current, column);
          else if (current) onOpenRow?.(current);
        });
      case "Escape":
        if (selected && selected.size > 0) return handled(() => onSelect?.(new Set()));
        return undefined;
      default:
        return undefined;
    }
  };

  /** The cell under the pointer, unless it is on a control in it. */
  const cellUnder = ({ target }: MouseEvent): (Place & { of: GridRow }) | undefined => {
    if (!(target instanceof Element) || target.closest("button, input, textarea, select")) return undefined;
    const element = target.closest<HTMLElement>("[data-row]");
    const row = Number(element?.dataset["row"]);
    const of = rows[row];
    return of && { row, column: Number(element?.dataset["column"]), of };
  };
  const onMouseDown = (event: MouseEvent) => {
    const cell = cellUnder(event);
    if (!cell) return;
    if (event.shiftKey && onSelect) {
      event.preventDefault();
      select(anchor.current, cell.row, false);
    } else anchor.current = cell.row;
    setActive({ row: cell.row, column: cell.column });
    focusGrid();
  };
  const onClick = (event: MouseEvent) => {
    const cell = isNarrow ? cellUnder(event) : undefined;
    if (cell) onOpenRow?.(cell.of);
  };
  const onDoubleClick = (event: MouseEvent) => {
    const cell = isNarrow ? undefined : cellUnder(event);
    if (!cell) return;
    if (canEdit(cell.column)) void startEdit(cell);
    else onOpenRow?.(cell.of);
  };
  const drag = (event: ReactPointerEvent, name: string, width: number) => {
    event.preventDefault();
    const handle = event.currentTarget;
    const from = event.clientX;
    handle.setPointerCapture(event.pointerId);
    const onMove = (move: Event) => resize(name, width + (move as PointerEvent).clientX - from);
    const end = () => {
      handle.removeEventListener("pointermove", onMove);
      handle.removeEventListener("pointerup", end);
      handle.removeEventListener("pointercancel", end);
    };
    handle.addEventListener("pointermove", onMove);
    handle.addEventListener("pointerup", end);
    handle.addEventListener("pointercancel", end);
  };

  const shownColumns = horizontal.getVirtualItems();
  const shownRows = vertical.getVirtualItems();
  const cellId = (row: number, column: number) => `${id}-${row}-${column}`;
  const isActiveShown =
    shownColumns.some(({ index }) => index === active.column) && (active.row < 0 || shownRows.some(({ index }) => index === active.row));
  const headIndex = firstRow - 1;
  const allSelected = rows.length > 0 && rows.every((row) => selected?.has(row.id));
  return (
    <div
      ref={scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={rowCount === undefined ? -1 : rowCount + 1}
      aria-colcount={columns.length + (isSelectable ? 1 : 0)}
      aria-multiselectable={isSelectable || undefined}
      aria-activedescendant={isActiveShown && !editing && columns.length > 0 ? cellId(active.row, active.column) : undefined}
      aria-busy={isStale}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onMouseDown={onMouseDown}
      onClick={onClick}
      onDoubleClick={onDoubleClick}
      className={cx(
        "group/grid relative min-h-0 min-w-0 flex-1 overflow-auto outline-none [scrollbar-width:thin] focus-visible:outline-2 focus-visible:-outline-offset-2 focus-visible:outline-focus",
        isStale && "opacity-60",
      )}
    >
      <div role="rowgroup" className="sticky top-0 z-30 bg-bg-1 shadow-[inset_0_-1px_0_var(--line-0)]" style={{ width: totalPx, minWidth: "100%" }}>
        <div role="row" aria-rowindex={1} className="relative" style={{ height: headPx }}>
          {isSelectable ? (
            <div
              role="columnheader"
              aria-colindex={1}
              className="sticky left-0 z-10 grid h-full place-items-center bg-bg-1 shadow-[inset_-1px_-1px_0_var(--line-0)]"
              style={{ width: numberPx }}
            >
              <input
                type="checkbox"
                tabIndex={-1}
                aria-label="Select all rows of this page"
                checked={allSelected}
                onChange={() => onSelect(allSelected ? new Set() : new Set(rows.map((row) => row.id)))}
                className="accent-fg-0"
              />
            </div>
          ) : null}
          {shownColumns.map(({ index, start }) => {
            const column = columns[index];
            if (!column) return null;
            const order = sort.findIndex((by) => by.column === column.name);
            const direction = sort[order]?.direction;
            const width = widths[index] ?? 0;
            return (
              <div
                key={column.name + String(index)}
                id={cellId(-1, index)}
                role="columnheader"
                aria-colindex={index + 1 + (isSelectable ? 1 : 0)}
                aria-sort={direction ? (direction === "asc" ? "ascending" : "descending") : undefined}
                data-active={(active.row === -1 && active.column === index) || undefined}
                className={cx(
                  "group/head absolute top-0 flex h-full items-center border-r border-line-0 text-xs font-medium text-fg-2",
                  "group-focus/grid:data-active:outline-2 group-focus/grid:data-active:-outline-offset-2 group-focus/grid:data-active:outline-focus",
                )}
                style={{ left: leadPx + start, width }}
              >
                <HeadName
                  column={column}
                  isSortable={onSort !== undefined}
                  direction={direction}
                  order={sort.length > 1 && order >= 0 ? order + 1 : undefined}
                  onClick={(event) => {
                    setActive({ row: -1, column: index });
                    focusGrid();
                    sortBy(index, event.shiftKey);
                  }}
                />
                <span
                  aria-hidden="true"
                  onPointerDown={(event) => drag(event, column.name, width)}
                  className="absolute inset-y-0 -right-1 z-10 w-2 cursor-col-resize touch-none hover:bg-line-1 active:bg-line-1 narrow:-right-2 narrow:w-4"
                />
              </div>
            );
          })}
        </div>
      </div>
      {children}
      <div role="rowgroup" className="relative" style={{ width: totalPx, height: vertical.getTotalSize() }}>
        {shownRows.map(({ index, start }) => {
          const row = rows[index];
          if (!row) return null;
          const isSelected = selected?.has(row.id) ?? false;
          return (
            <div
              key={row.id}
              role="row"
              aria-rowindex={headIndex + index + 2}
              aria-selected={onSelect ? isSelected : undefined}
              className={cx(
                "group/row absolute top-0 left-0 w-full border-b border-line-0 aria-selected:bg-bg-3",
                !isSelected && "hover:bg-bg-2",
                editing?.row === index && "z-20",
              )}
              style={{ height: rowPx, transform: `translateY(${start}px)` }}
            >
              {isSelectable ? (
                <div
                  role="gridcell"
                  aria-colindex={1}
                  className={cx(
                    "group/number sticky left-0 z-10 grid h-full place-items-center text-2xs text-fg-2 shadow-[inset_-1px_0_0_var(--line-0)]",
                    isSelected ? "bg-bg-3" : "bg-bg-1 group-hover/row:bg-bg-2",
                  )}
                  style={{ width: numberPx }}
                >
                  <input
                    type="checkbox"
                    tabIndex={-1}
                    aria-label={`Select row ${headIndex + index + 1}`}
                    checked={isSelected}
                    onChange={() => undefined}
                    onClick={(event) => {
                      if (event.shiftKey) select(anchor.current, index, true);
                      else toggle(index);
                    }}
                    className={cx("accent-fg-0", !isSelected && "opacity-0 group-hover/row:opacity-100 focus-visible:opacity-100")}
                  />
                  {isSelected ? null : (
                    <span aria-hidden="true" className="num pointer-events-none absolute group-hover/row:hidden">
                      {headIndex + index + 1}
                    </span>
                  )}
                </div>
              ) : null}
              {shownColumns.map(({ index: at, start: left }) => {
                const column = columns[at];
                if (!column) return null;
                const key = keyOf(row, at);
                const isPending = pending.has(key);
                const value = isPending ? (pending.get(key) ?? null) : (row.cells[at] ?? null);
                const isTruncated = row.truncated.includes(at) && !isPending;
                const isEdited = editing?.rowId === row.id && editing.column === at;
                return (
                  <div
                    key={column.name + String(at)}
                    id={cellId(index, at)}
                    role="gridcell"
                    aria-colindex={at + 1 + (isSelectable ? 1 : 0)}
                    data-active={(active.row === index && active.column === at) || undefined}
                    data-row={index}
                    data-column={at}
                    className={cx(
                      "group/cell absolute top-0 flex h-full items-center border-r border-line-0 px-2 font-mono text-xs text-fg-0",
                      isFigure(column) && "justify-end",
                      isPending && "opacity-60",
                      !isEdited && "overflow-hidden",
                      "group-focus/grid:data-active:outline-2 group-focus/grid:data-active:-outline-offset-2 group-focus/grid:data-active:outline-focus",
                    )}
                    style={{ left: leadPx + left, width: widths[at] }}
                  >
                    <span className="truncate">
                      <CellText value={value} isTruncated={isTruncated} />
                    </span>
                    {isTruncated && onShowAll ? (
                      <CellButton label={`Show all of ${column.name}`} onClick={() => onShowAll(row, at)}>
                        <Maximize2 size={11} />
                      </CellButton>
                    ) : null}
                    {column.refersTo !== undefined && value !== null && onFollow ? (
                      <CellButton label={`Open row in ${column.refersTo}`} onClick={() => onFollow(row, at)}>
                        <ArrowUpRight size={12} />
                      </CellButton>
                    ) : null}
                    {isEdited ? (
                      <CellEditor
                        key={`${key}:${editing.error ?? ""}`}
                        column={column}
                        start={editing.start}
                        error={editing.error}
                        onSave={(next, after) => void save(editing, next, after)}
                        onCancel={() => stopEdit(true)}
                      />
                    ) : null}
                  </div>
                );
              })}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function HeadName({
  column,
  isSortable,
  direction,
  order,
  onClick,
}: {
  column: GridColumn;
  isSortable: boolean;
  direction: "asc" | "desc" | undefined;
  /** Among several columns of the order. */
  order: number | undefined;
  onClick: (event: MouseEvent) => void;
}) {
  const inside = (
    <>
      {column.isKey ? <KeyRound size={11} className="flex-none text-fg-3" aria-label="Primary key" /> : null}
      {column.refersTo === undefined ? null : <Link2 size={11} className="flex-none text-fg-3" aria-label="Foreign key" />}
      <span className="truncate text-fg-1">{column.name}</span>
      {direction === "asc" ? <ArrowUp size={11} className="flex-none" /> : direction === "desc" ? <ArrowDown size={11} className="flex-none" /> : null}
      {order === undefined ? null : <span className="num text-2xs">{order}</span>}
    </>
  );
  const title = [column.type, column.comment].filter(Boolean).join("\n");
  const box = "flex h-full min-w-0 flex-1 items-center gap-1 px-2 text-left";
  return isSortable ? (
    <button type="button" tabIndex={-1} title={title} onClick={onClick} className={`${box} hover:text-fg-0`}>
      {inside}
    </button>
  ) : (
    <span title={title} className={box}>
      {inside}
    </span>
  );
}

/** A button of a cell; the keyboard has keys for what it does. */
const CellButton = ({ label, onClick, children }: { label: string; onClick: () => void; children: ReactNode }) => (
  <button
    type="button"
    tabIndex={-1}
    aria-label={label}
    title={label}
    onClick={(event) => {
      event.stopPropagation();
      onClick();
    }}
    className="relative ml-auto grid size-5 flex-none place-items-center rounded-1 text-fg-2 hover:bg-bg-3 hover:text-fg-0 narrow:size-8"
  >
    {children}
  </button>
);
