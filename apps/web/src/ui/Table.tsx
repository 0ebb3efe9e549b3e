import {
  columnVisibilityFeature,
  functionalUpdate,
  rowSortingFeature,
  tableFeatures,
  useTable,
  type ColumnDef,
} from "@tanstack/react-table";
import { ArrowDown, ArrowUp } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, type ReactNode } from "react";
import { cx } from "../lib/cx.ts";
import { keepRowFocus } from "../lib/row-focus.ts";
import { useIsNarrow } from "../lib/use-is-narrow.ts";
import { Checkbox } from "./Checkbox.tsx";
import { Skeleton } from "./Skeleton.tsx";

export interface Column<Row> {
  id: string;
  head: string;
  /** Shows the head to screen readers only. */
  isHeadHidden?: boolean;
  /** Explains the head. */
  headHint?: string;
  cell: (row: Row) => ReactNode;
  /** The name of the order by this column, such as the API's. Without it the column cannot be sorted. */
  sort?: string;
  /** Numbers are right-aligned. */
  isFigure?: boolean;
  /** Left out on phones. */
  isWideOnly?: boolean;
  /** Takes the remaining width; its text is truncated. */
  isGreedy?: boolean;
}

export interface Sorting {
  /** `sort` of a column. */
  by: string;
  isDescending: boolean;
}

/** Rows that are chosen for an action. */
interface RowSelection<Row> {
  keys: ReadonlySet<string>;
  /** The accessible name of a row's checkbox: "Select Ada Okoye". */
  labelOf: (row: Row) => string;
  onChange: (rows: readonly Row[], isSelected: boolean) => void;
}

export interface TableProps<Row extends object> {
  label?: string;
  /** Each render with new columns computes the table again: define them outside of the component, or remember them. */
  columns: readonly Column<Row>[];
  /** In the order in which they are shown; the table does not sort. Undefined while they load: placeholders are shown. */
  rows: readonly Row[] | undefined;
  keyOf: (row: Row) => string;
  sorting?: Sorting | undefined;
  /** After a click on the head of a sortable column: descending, ascending, then undefined, which is the default order. */
  onSorting?: (sorting: Sorting | undefined) => void;
  /** Opens a row; its first cell becomes a button. */
  onOpen?: (row: Row) => void;
  openKey?: string | undefined;
  /** A checkbox per row, and one for all of them. */
  selection?: RowSelection<Row> | undefined;
  /** Ids of columns that are not shown. */
  hidden?: ReadonlySet<string> | undefined;
  /** For tables as wide as the window: the greedy column gets a third of it, and the others share the rest by their content. */
  isSpread?: boolean;
  /** The rows are those of an earlier request. */
  isStale?: boolean;
  /** Fills a scrolling panel: the head stays visible, and the outer cells have the panel's padding. */
  isFlush?: boolean;
  /** Shown instead of the table: why loading failed. */
  failure?: ReactNode;
  /** Shown instead of a table without rows. */
  empty?: ReactNode;
}

const features = tableFeatures({ columnVisibilityFeature, rowSortingFeature });
const noRows: never[] = [];
const placeholderRows = 12;

/** The table of lists and of the admin console. */
export function Table<Row extends object>({
  label,
  columns,
  rows,
  keyOf,
  sorting,
  onSorting,
  onOpen,
  openKey,
  selection,
  hidden,
  isSpread = false,
  isStale = false,
  isFlush = false,
  failure,
  empty,
}: TableProps<Row>) {
  const isNarrow = useIsNarrow();
  const byId = useMemo(() => new Map(columns.map((column) => [column.id, column])), [columns]);
  const definitions = useMemo(
    () =>
      columns.map(({ id, head, sort }): ColumnDef<typeof features, Row> => ({
        id,
        header: head,
        accessorFn: (row) => row,
        enableSorting: sort !== undefined,
      })),
    [columns],
  );
  const sortedId = sorting && columns.find(({ sort }) => sort === sorting.by)?.id;
  const desc = sorting?.isDescending ?? false;
  // The table compares its state by reference.
  const sortingState = useMemo(() => (sortedId === undefined ? [] : [{ id: sortedId, desc }]), [sortedId, desc]);
  const columnVisibility = useMemo(
    () => Object.fromEntries(columns.map(({ id, isWideOnly }) => [id, !(isNarrow ? isWideOnly : hidden?.has(id))])),
    [columns, isNarrow, hidden],
  );
  const table = useTable({
    features,
    columns: definitions,
    data: rows ?? noRows,
    getRowId: keyOf,
    state: { sorting: sortingState, columnVisibility },
    manualSorting: true,
    enableMultiSort: false,
    sortDescFirst: true,
    onSortingChange: (updater) => {
      const next = functionalUpdate(updater, sortingState)[0];
      const by = next && byId.get(next.id)?.sort;
      onSorting?.(by === undefined ? undefined : { by, isDescending: next?.desc ?? false });
    },
  });
  const body = useRef<HTMLTableSectionElement>(null);
  // Rows that are deleted pass the focus on.
  const bodyRef = useCallback((element: HTMLTableSectionElement | null) => {
    body.current = element;
    return keepRowFocus(element);
  }, []);
  const lastOpen = useRef(openKey);
  useEffect(() => {
    const closed = lastOpen.current;
    lastOpen.current = openKey;
    // What was open beside the table had the focus: it returns to its row.
    if (closed === undefined || openKey !== undefined || document.activeElement !== document.body) return;
    body.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(closed)}"] [aria-expanded]`)?.focus();
  }, [openKey]);
  if (failure) return failure;
  if (rows?.length === 0 && empty) return empty;

  const shown = columns.filter(({ id }) => columnVisibility[id]);
  const cellClass = ({ isFigure, isGreedy, isHeadHidden }: Column<Row>) =>
    cx(
      "px-2.5 whitespace-nowrap",
      // What has no head is a control at the end of its row.
      isSpread && isHeadHidden && "w-0 text-right",
      isFlush && "first:pl-4 last:pr-4",
      isFigure && "text-right",
      isGreedy && cx("max-w-0 truncate", isSpread && !isNarrow ? "w-1/3 min-w-40" : "w-full min-w-32"),
    );
  const selectedCount = selection && rows ? rows.filter((row) => selection.keys.has(keyOf(row))).length : 0;
  const boxClass = cx("w-0 pr-1 *:flex", isFlush ? "pl-4" : "pl-2.5");
  const rowClass = cx("h-8 border-b border-line-0 narrow:h-12", !isFlush && "last:border-0");
  return (
    <table aria-label={label} className={cx("num w-full text-xs", isStale && "opacity-60")}>
      <thead className={isFlush ? "sticky top-0 z-10 bg-bg-1" : undefined}>
        {table.getHeaderGroups().map((group) => (
          <tr
            key={group.id}
            className={cx("h-7.5 text-left text-fg-2", isFlush ? "shadow-[inset_0_-1px_0_var(--line-0)]" : "border-b border-line-0")}
          >
            {selection ? (
              <td className={boxClass}>
                {rows ? (
                  <Checkbox
                    isLabelHidden
                    label="Select all rows"
                    isChecked={selectedCount === 0 ? false : selectedCount === rows.length || "some"}
                    onChange={(isSelected) => selection.onChange(rows, isSelected)}
                  />
                ) : null}
              </td>
            ) : null}
            {group.headers.map(({ id, column }) => {
              const known = byId.get(column.id);
              const direction = column.getIsSorted();
              return known ? (
                <th
                  key={id}
                  scope="col"
                  title={known.headHint}
                  aria-sort={direction ? (direction === "asc" ? "ascending" : "descending") : undefined}
                  className={cx(cellClass(known), "font-medium")}
                >
                  {column.getCanSort() ? (
                    <button
                      type="button"
                      onClick={() => column.toggleSorting()}
                      className="inline-flex h-7.5 min-w-6 items-center gap-1 rounded-1 hover:text-fg-0 focus-visible:-outline-offset-2 aria-pressed:text-fg-0 narrow:h-11"
                      aria-pressed={direction !== false}
                    >
                      {known.head}
                      {direction === "asc" ? <ArrowUp size={12} /> : direction === "desc" ? <ArrowDown size={12} /> : null}
                    </button>
                  ) : (
                    <span className={known.isHeadHidden ? "sr-only" : undefined}>{known.head}</span>
                  )}
                </th>
              ) : null;
            })}
          </tr>
        ))}
      </thead>
      <tbody ref={bodyRef}>
        {rows
          ? table.getRowModel().rows.map((row) => (
              <tr
                key={row.id}
                data-row={row.id}
                data-open={row.id === openKey || undefined}
                className={cx(rowClass, "relative hover:bg-bg-2 data-open:bg-bg-3", onOpen && "cursor-pointer")}
              >
                {selection ? (
                  // Above the button that covers the row.
                  <td className={cx(boxClass, "relative z-1")}>
                    <Checkbox
                      isLabelHidden
                      label={selection.labelOf(row.original)}
                      isChecked={selection.keys.has(row.id)}
                      onChange={(isSelected) => selection.onChange([row.original], isSelected)}
                    />
                  </td>
                ) : null}
                {row.getVisibleCells().map(({ id, column }, index) => {
                  const known = byId.get(column.id);
                  return known ? (
                    <td key={id} className={cellClass(known)}>
                      {onOpen && index === 0 ? (
                        // The button covers the whole row, so that there is one target for keyboard and pointer.
                        <button
                          type="button"
                          aria-expanded={row.id === openKey}
                          onClick={() => onOpen(row.original)}
                          className="block max-w-full text-left before:absolute before:inset-0"
                        >
                          {known.cell(row.original)}
                        </button>
                      ) : (
                        known.cell(row.original)
                      )}
                    </td>
                  ) : null;
                })}
              </tr>
            ))
          : Array.from({ length: placeholderRows }, (_, index) => (
              <tr key={index} className={rowClass}>
                {selection ? <td aria-hidden="true" className={boxClass} /> : null}
                {shown.map((column) => (
                  <td key={column.id} className={cellClass(column)}>
                    <Skeleton className={cx("h-3", column.isGreedy ? "w-3/5" : "w-12", column.isFigure && "ml-auto")} />
                  </td>
                ))}
              </tr>
            ))}
      </tbody>
    </table>
  );
}
