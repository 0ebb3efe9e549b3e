import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import type { DataChange, DataColumn, DataFilter, DataRow, DataTable, ReadRows, RowPage } from "@tesslate/contract";
import { ChevronLeft, ChevronRight, Copy, Plus, RotateCw, Trash2 } from "lucide-react";
import { useMemo, useRef, useState, type RefObject, type ReactNode } from "react";
import { counted } from "../../lib/counted.ts";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { useServices } from "../../project/services.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { Select } from "../../ui/Select.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast } from "../../ui/toast.tsx";
import { CellDialog } from "./CellDialog.tsx";
import { gridColumnOf, type Cell } from "./cells.tsx";
import { ConflictDialog, type Conflict } from "./ConflictDialog.tsx";
import { asCsv, asInserts, asJson, type CopyFormat } from "./copy.ts";
import { useDatabase } from "./data-context.ts";
import { defaultPageSize, pageSizes } from "./data-search.ts";
import { rowsQuery, structureQuery, useKnownRowCount } from "./data.queries.ts";
import { DataError, sqlErrorOf } from "./DataError.tsx";
import { FilterBar } from "./FilterBar.tsx";
import { Grid } from "./Grid.tsx";
import { RowSheet } from "./RowSheet.tsx";
import { filtersOfReference, foreignKeyOf, hasRowsToEdit, keyOfRow, nextSort, tableLabel, type ShownRow, updateOf } from "./table.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

interface PageStart {
  after: string | undefined;
  /** Number of its first row, from 1. */
  first: number;
}
const firstPage: readonly PageStart[] = [{ after: undefined, first: 1 }];
/** Whole values are read for copied cells that are cut on the page, one request each. */
const mostWholeCells = 50;

/** The rows of a table or view, a page at a time. */
export function RowsTab({
  table,
  estimate,
  within,
}: {
  table: Pick<DataTable, "schema" | "name" | "kind">;
  estimate: number | null;
  /** Where the Delete key counts. */
  within: RefObject<HTMLElement | null>;
}) {
  const { api } = useServices();
  const queries = useQueryClient();
  const { database, params, place, permission, changes } = useDatabase();
  const { search, filters } = place;
  const structure = useQuery(structureQuery(api, params.id, params.database_id, table.schema, table.name));

  const base: ReadRows = {
    schema: table.schema,
    table: table.name,
    limit: search.size ?? defaultPageSize,
    ...(filters.length > 0 && { filters: [...filters], match: search.match ?? ("all" as const) }),
    ...(search.sort?.length && { sort: search.sort }),
  };
  const baseText = JSON.stringify(base);
  const [paging, setPaging] = useState({ of: baseText, starts: firstPage });
  if (paging.of !== baseText) setPaging({ of: baseText, starts: firstPage });
  const { after, first } = paging.starts.at(-1) ?? { after: undefined, first: 1 };
  const request: ReadRows = { ...base, ...(after !== undefined && { after }) };
  const query = rowsQuery(api, params.id, params.database_id, request);
  const page = useQuery({ ...query, placeholderData: keepPreviousData });
  const { data } = page;

  const isWhole = data !== undefined && !page.isPlaceholderData && filters.length === 0 && data.next === null && paging.starts.length === 1;
  useKnownRowCount(params.id, params.database_id, table, isWhole ? data.rows.length : undefined);

  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [openRow, setOpenRow] = useState<{ row: ShownRow | undefined }>();
  const [openCell, setOpenCell] = useState<{ row: ShownRow; column: DataColumn }>();
  const [conflict, setConflict] = useState<Conflict>();
  const [failure, setFailure] = useState<ReactNode>();

  const rows = (data?.rows ?? []).map((row, index): ShownRow => {
    const number = first + index;
    return { ...row, id: row.key ? JSON.stringify(row.key) : `#${number}`, number };
  });
  const foreignKeys = structure.data?.foreign_keys;
  const loadedColumns = data?.columns;
  const primaryKey = data?.primary_key;
  const columns = useMemo(
    () =>
      (loadedColumns ?? []).map((column) => {
        const to = foreignKeys && foreignKeyOf(foreignKeys, column.name);
        return gridColumnOf(column, primaryKey ?? [], to && tableLabel({ schema: to.to_schema, name: to.to_table }));
      }),
    [loadedColumns, primaryKey, foreignKeys],
  );
  const canInsert = hasRowsToEdit(table.kind);
  const canChange = canInsert && (data?.primary_key.length ?? 0) > 0;
  const chosen = rows.filter(({ id }) => selected.has(id));
  const rowOf = (id: string) => rows.find((row) => row.id === id);

  const refresh = useHandler(() => void page.refetch());
  const turn = (start: PageStart | undefined) => {
    setSelected(new Set());
    setPaging((before) => ({ of: before.of, starts: start ? [...before.starts, start] : before.starts.slice(0, -1) }));
  };
  const sortBy = (name: string, isAdded: boolean) => {
    const sort = nextSort(search.sort ?? [], name, isAdded);
    place.change({ sort: sort.length > 0 ? sort : undefined });
  };
  const filterBy = (next: readonly DataFilter[], match: "all" | "any") =>
    place.change({
      filters: next.length > 0 ? next.map((filter) => ({ ...filter })) : undefined,
      match: match === "any" && next.length > 1 ? "any" : undefined,
    });

  /** The whole value of a cell that is cut on the page. */
  const wholeCell = async (row: DataRow, column: number): Promise<Cell> => {
    const value = row.cells[column] ?? null;
    const key = data && keyOfRow(data, row);
    const name = data?.columns[column]?.name;
    if (!row.truncated.includes(column) || !key || name === undefined) return value;
    const cell = await api.databases.cell({ params, body: { schema: table.schema, table: table.name, key, column: name } });
    if (cell.is_truncated) throw new Error(`“${name}” is too long to be copied or edited here. Use SQL to read or change it.`);
    return cell.value;
  };

  /** Shows a changed row at once; the page is loaded again as well. */
  const showRow = (id: string, changed: DataRow | null | undefined) => {
    if (!changed) return;
    queries.setQueryData<RowPage>(query.queryKey, (known) => {
      if (!known) return known;
      const at = rows.findIndex((row) => row.id === id);
      return { ...known, rows: known.rows.map((row, index) => (index === at ? changed : row)) };
    });
  };
  const originals = useRef(new Map<string, Cell>());
  const startEdit = async (id: string, column: number): Promise<{ value: Cell } | undefined> => {
    if (!canChange || !(await permission.request())) return undefined;
    const row = rowOf(id);
    if (!row) return undefined;
    try {
      const value = await wholeCell(row, column);
      originals.current.set(`${id}:${column}`, value);
      return { value };
    } catch (error) {
      setFailure(<ErrorSentence of={error} />);
      return undefined;
    }
  };
  const reasonOf = (error: unknown): string => [sentenceOf(error), sqlErrorOf(error)?.detail].filter(Boolean).join(" ");
  const saveCell = async (id: string, column: number, value: Cell): Promise<string | undefined> => {
    const row = rowOf(id);
    const name = data?.columns[column]?.name;
    const key = row && data && keyOfRow(data, row);
    if (!key || name === undefined) return undefined;
    const before = originals.current.get(`${id}:${column}`) ?? row.cells[column] ?? null;
    try {
      const changed = await changes.apply(`“${name}” updated.`, [updateOf(table, key, name, value, { value: before })]);
      showRow(id, changed.rows[0]);
      return undefined;
    } catch (error) {
      if (!hasCode(error, "row_changed")) return reasonOf(error);
      setConflict({ key, column: name, mine: value });
      return undefined;
    }
  };
  const remove = useHandler(async (gone: readonly ShownRow[]) => {
    if (!data || gone.length === 0 || !canChange || !(await permission.request())) return;
    const deletes = gone.flatMap((row): DataChange[] => {
      const key = keyOfRow(data, row);
      return key ? [{ kind: "delete", schema: table.schema, table: table.name, key }] : [];
    });
    try {
      await changes.apply(gone.length === 1 ? "Row deleted." : `${counted(gone.length, "row")} deleted.`, deletes);
      setFailure(undefined);
      setSelected(new Set());
    } catch (error) {
      setFailure(`Couldn't delete ${gone.length === 1 ? "the row" : counted(gone.length, "row")}. ${reasonOf(error)}`);
    }
  });
  const addRow = useHandler(async () => {
    if (canInsert && data && (await permission.request())) setOpenRow({ row: undefined });
  });
  const copy = async (format: CopyFormat) => {
    if (!data) return;
    const cut = chosen.reduce((sum, row) => sum + row.truncated.length, 0);
    if (cut > mostWholeCells) return setFailure(`The selected rows have ${formatNumber(cut)} long values. Select fewer rows, or export the table.`);
    try {
      const copied = {
        columns: data.columns,
        rows: await Promise.all(chosen.map((row) => Promise.all(row.cells.map((_, column) => wholeCell(row, column))))),
      };
      await navigator.clipboard.writeText(
        format === "csv" ? asCsv(copied) : format === "json" ? asJson(copied) : asInserts(copied, table, database.kind),
      );
      toast(`${counted(chosen.length, "row")} copied.`);
    } catch (error) {
      setFailure(<ErrorSentence of={error} before="Couldn't copy." />);
    }
  };
  const follow = (id: string, column: number) => {
    const row = rowOf(id);
    const name = data?.columns[column]?.name;
    const to = foreignKeys && name !== undefined ? foreignKeyOf(foreignKeys, name) : undefined;
    const target = to && row && filtersOfReference(to, data?.columns ?? [], row);
    if (to && target) place.openTable({ schema: to.to_schema, name: to.to_table }, target);
  };
  useShortcuts({ "data.new": () => void addRow(), "data.refresh": refresh });
  useShortcuts({ "data.delete": () => void remove(chosen) }, within);

  const [count, setCount] = useState<{ of: string; is: "counting" } | { of: string; is: number | string }>();
  const countText = JSON.stringify([base.filters, base.match]);
  const known = count?.of === countText ? count.is : undefined;
  const countRows = async () => {
    setCount({ of: countText, is: "counting" });
    const { schema, table: name, filters: counted, match } = base;
    const body = { schema, table: name, ...(counted && { filters: counted }), ...(match && { match }) };
    const is = await api.databases.count({ params, body }).then(
      (answer) => answer.count ?? "Counting took too long",
      (error: unknown) => sentenceOf(error),
    );
    setCount({ of: countText, is });
  };

  if (page.isPending) return <SkeletonRows count={12} label="Loading rows…" className="p-4" />;
  const filterBar = (
    <FilterBar columns={data?.columns ?? structure.data?.columns ?? []} filters={filters} match={search.match ?? "all"} onChange={filterBy} />
  );
  if (!data)
    return (
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        {/* The filter may be the cause: a value that the column cannot have. */}
        {filters.length > 0 ? <div className="flex-none border-b border-line-0 px-2 py-1.5">{filterBar}</div> : null}
        <DataError title="Couldn't load rows" of={page} />
      </div>
    );
  const isFiltered = filters.length > 0;
  const last = first + rows.length - 1;
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div role="toolbar" aria-label="Rows" className="flex min-h-10 flex-none flex-wrap items-center gap-1 border-b border-line-0 px-2 py-1">
        {filterBar}
        <span className="flex-1" />
        {chosen.length > 0 ? (
          <>
            <span role="status" className="num px-1 text-xs text-fg-2">
              {formatNumber(chosen.length)} selected
            </span>
            <Menu
              label="Copy rows"
              align="end"
              trigger={
                <Button size="sm" variant="ghost" icon={<Copy size={14} />}>
                  Copy
                </Button>
              }
              entries={[
                { label: "Copy as CSV", onSelect: () => void copy("csv") },
                { label: "Copy as JSON", onSelect: () => void copy("json") },
                { label: "Copy as SQL INSERT", onSelect: () => void copy("sql") },
              ]}
            />
            {canChange ? (
              <Button size="sm" variant="danger" icon={<Trash2 size={14} />} onClick={() => void remove(chosen)}>
                {chosen.length === 1 ? "Delete row" : "Delete rows"}
              </Button>
            ) : null}
          </>
        ) : null}
        <IconButton size="sm" label="Refresh rows" onClick={refresh}>
          <RotateCw size={14} />
        </IconButton>
        {canInsert ? (
          <Button size="sm" icon={<Plus size={14} />} onClick={() => void addRow()}>
            New row
          </Button>
        ) : null}
      </div>
      {page.isError ? <ShownFromBefore of={page} className="m-2 flex-none" /> : null}
      {failure === undefined ? null : (
        <Banner
          tone="err"
          className="m-2 flex-none"
          action={
            <Button size="sm" variant="ghost" onClick={() => setFailure(undefined)}>
              Dismiss
            </Button>
          }
        >
          {failure}
        </Banner>
      )}
      {data.paging === "offset" && data.next !== null ? (
        <p className="flex-none border-b border-line-0 px-3 py-1.5 text-xs text-fg-2">
          This {table.kind === "table" ? "table" : "view"} has no primary key. Rows that change between pages can be missed or repeated.
        </p>
      ) : null}
      <Grid
        key={`${table.schema}.${table.name}`}
        label={`Rows of ${tableLabel(table)}`}
        columns={columns}
        rows={rows}
        firstRow={first}
        rowCount={typeof known === "number" ? known : data.next === null ? last : undefined}
        widthsKey={`studio:data-widths:${params.database_id}:${table.schema}.${table.name}`}
        {...(search.sort && { sort: search.sort })}
        onSort={sortBy}
        selected={selected}
        onSelect={setSelected}
        {...(canChange && {
          onEditStart: (row, column) => startEdit(row.id, column),
          onEdit: (row, column, value) => saveCell(row.id, column, value),
        })}
        onOpenRow={(row) => setOpenRow({ row: rowOf(row.id) })}
        onFollow={(row, column) => follow(row.id, column)}
        onShowAll={(row, at) => {
          const shown = rowOf(row.id);
          const column = data.columns[at];
          if (shown && column) setOpenCell({ row: shown, column });
        }}
        isStale={page.isPlaceholderData}
      >
        {rows.length === 0 && !page.isPlaceholderData ? (
          isFiltered ? (
            <EmptyState
              title="No results"
              className="sticky left-0"
              action={<Button onClick={() => filterBy([], "all")}>Clear filters</Button>}
            >
              No rows match your filters.
            </EmptyState>
          ) : (
            <EmptyState title="No rows yet" className="sticky left-0">
              {canInsert ? "Rows appear here when your app writes them. You can also add one, or import a CSV file." : "This view returns no rows."}
            </EmptyState>
          )
        ) : null}
      </Grid>
      <nav aria-label="Pages" className="flex h-9 flex-none items-center gap-2 border-t border-line-0 px-3 text-xs text-fg-2 narrow:h-12">
        <span className="num min-w-0 truncate">
          {rows.length > 0 ? `Rows ${formatNumber(first)}–${formatNumber(last)}` : "No rows"}
          {typeof known === "number"
            ? ` of ${formatNumber(known)}`
            : !isFiltered && data.next !== null && estimate !== null && estimate > last
              ? ` of about ${formatNumber(estimate)}`
              : ""}
        </span>
        {typeof known === "number" || (data.next === null && paging.starts.length === 1) ? null : known === "counting" || known === undefined ? (
          <Button size="sm" variant="ghost" isLoading={known === "counting"} loadingWord="Counting…" onClick={() => void countRows()}>
            Count rows
          </Button>
        ) : (
          <span role="status" className="truncate">
            {known}
          </span>
        )}
        <span className="flex-1" />
        <span className="w-28 flex-none narrow:hidden">
          <Select
            size="sm"
            label="Rows per page"
            value={String(base.limit)}
            options={pageSizes.map((size) => ({ value: String(size), label: `${size} rows` }))}
            onChange={(next) => {
              const size = pageSizes.find((one) => String(one) === next);
              place.change({ size: size === defaultPageSize ? undefined : size });
            }}
          />
        </span>
        <IconButton size="sm" label="Previous page" disabled={paging.starts.length === 1} onClick={() => turn(undefined)}>
          <ChevronLeft size={14} />
        </IconButton>
        <IconButton
          size="sm"
          label="Next page"
          disabled={data.next === null || page.isPlaceholderData}
          onClick={() => data.next !== null && turn({ after: data.next, first: last + 1 })}
        >
          <ChevronRight size={14} />
        </IconButton>
      </nav>
      {openRow ? (
        <RowSheet
          key={openRow.row?.id ?? "new"}
          table={table}
          page={data}
          row={openRow.row}
          canChange={openRow.row ? canChange : canInsert}
          wholeCell={wholeCell}
          onFollow={(column) => {
            const { row } = openRow;
            setOpenRow(undefined);
            if (row) follow(row.id, column);
          }}
          onRemove={(row) => {
            setOpenRow(undefined);
            void remove([row]);
          }}
          onConflict={(next) => {
            setOpenRow(undefined);
            setConflict(next);
          }}
          foreignKeys={foreignKeys ?? []}
          onClose={() => setOpenRow(undefined)}
        />
      ) : null}
      {openCell ? (
        <CellDialog
          title={openCell.column.name}
          kind={openCell.column.kind}
          load={() => {
            const key = keyOfRow(data, openCell.row);
            return key
              ? api.databases.cell({ params, body: { schema: table.schema, table: table.name, key, column: openCell.column.name } })
              : Promise.reject(new Error("This table has no primary key, so its long values can't be loaded one by one. Use SQL to read them."));
          }}
          onClose={() => setOpenCell(undefined)}
        />
      ) : null}
      {conflict ? <ConflictDialog table={table} conflict={conflict} onClose={() => setConflict(undefined)} /> : null}
    </div>
  );
}
