"use client";

import {
  columnFilteringFeature,
  createFilteredRowModel,
  createPaginatedRowModel,
  createSortedRowModel,
  filterFns,
  globalFilteringFeature,
  rowPaginationFeature,
  rowSortingFeature,
  sortFns,
  tableFeatures,
  useTable,
  type CellData,
  type ColumnDef,
  type RowData,
} from "@tanstack/react-table";
import { ArrowDownIcon, ArrowUpIcon, ChevronLeftIcon, ChevronRightIcon, ChevronsUpDownIcon } from "lucide-react";
import { useId, type ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { cn } from "@/lib/utils";

const features = tableFeatures({
  columnFilteringFeature,
  globalFilteringFeature,
  rowSortingFeature,
  rowPaginationFeature,
  filteredRowModel: createFilteredRowModel(),
  sortedRowModel: createSortedRowModel(),
  paginatedRowModel: createPaginatedRowModel(),
  filterFns,
  sortFns,
});

/** A column: `{ accessorKey: "name", header: "Name", cell: ({ row }) => … }`, as in TanStack Table. */
export type DataTableColumn<Row extends RowData, Value extends CellData = CellData> = ColumnDef<typeof features, Row, Value>;

interface DataTableProps<Row extends RowData> {
  /** Defined outside the component, so that they are the same in every render. */
  columns: DataTableColumn<Row>[];
  data: Row[];
  /** Read out as the name of the table. */
  caption: string;
  /** The label of the search field; without one there is no search. */
  searchLabel?: string;
  pageSize?: number;
  /** Shown instead of rows if there are none. */
  empty?: ReactNode;
}

/** A table with sorting, search and pages in the browser. For more rows than fit into it, ask a server for each page instead. */
export function DataTable<Row extends RowData>({
  columns,
  data,
  caption,
  searchLabel,
  pageSize = 10,
  empty = "No results",
}: DataTableProps<Row>) {
  const searchId = useId();
  const table = useTable({ features, columns, data, initialState: { pagination: { pageIndex: 0, pageSize } } });
  const { rows } = table.getRowModel();
  const { pageIndex } = table.state.pagination;

  return (
    <div className="grid gap-4">
      {searchLabel !== undefined && (
        <div className="max-w-sm">
          <label htmlFor={searchId} className="sr-only">
            {searchLabel}
          </label>
          <Input
            id={searchId}
            type="search"
            placeholder={searchLabel}
            value={String(table.state.globalFilter ?? "")}
            onChange={(event) => table.setGlobalFilter(event.target.value)}
          />
        </div>
      )}
      <div className="overflow-hidden rounded-lg border">
        <Table>
          <caption className="sr-only">{caption}</caption>
          <TableHeader>
            {table.getHeaderGroups().map((group) => (
              <TableRow key={group.id}>
                {group.headers.map((header) => {
                  const sorted = header.column.getIsSorted();
                  const content = header.isPlaceholder ? null : <table.FlexRender header={header} />;
                  return (
                    <TableHead
                      key={header.id}
                      colSpan={header.colSpan}
                      aria-sort={sorted === "asc" ? "ascending" : sorted === "desc" ? "descending" : undefined}
                    >
                      {header.column.getCanSort() && content ? (
                        <Button variant="ghost" size="sm" className="-ml-2.5" onClick={header.column.getToggleSortingHandler()}>
                          {content}
                          <SortIcon sorted={sorted} />
                        </Button>
                      ) : (
                        content
                      )}
                    </TableHead>
                  );
                })}
              </TableRow>
            ))}
          </TableHeader>
          <TableBody>
            {rows.map((row) => (
              <TableRow key={row.id}>
                {row.getAllCells().map((cell) => (
                  <TableCell key={cell.id}>
                    <table.FlexRender cell={cell} />
                  </TableCell>
                ))}
              </TableRow>
            ))}
            {rows.length === 0 && (
              <TableRow>
                <TableCell colSpan={columns.length} className="h-24 text-center text-muted-foreground">
                  {empty}
                </TableCell>
              </TableRow>
            )}
          </TableBody>
        </Table>
      </div>
      {table.getPageCount() > 1 && (
        <div className="flex items-center justify-end gap-2 text-sm text-muted-foreground">
          <span role="status">
            Page {pageIndex + 1} of {table.getPageCount()}
          </span>
          <Button
            variant="outline"
            size="icon-sm"
            aria-label="Previous page"
            onClick={() => table.previousPage()}
            disabled={!table.getCanPreviousPage()}
          >
            <ChevronLeftIcon />
          </Button>
          <Button
            variant="outline"
            size="icon-sm"
            aria-label="Next page"
            onClick={() => table.nextPage()}
            disabled={!table.getCanNextPage()}
          >
            <ChevronRightIcon />
          </Button>
        </div>
      )}
    </div>
  );
}

function SortIcon({ sorted }: { sorted: false | "asc" | "desc" }) {
  const Icon = sorted === "asc" ? ArrowUpIcon : sorted === "desc" ? ArrowDownIcon : ChevronsUpDownIcon;
  return <Icon aria-hidden="true" className={cn(!sorted && "text-muted-foreground")} />;
}
