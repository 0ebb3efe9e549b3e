import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Columns3, Download, ListFilter, Search, X } from "lucide-react";
import { useMemo, useState, type ReactNode } from "react";
import type { List } from "@tesslate/contract";
import { formatNumber } from "../../../lib/numbers.ts";
import { isStringArray } from "../../../lib/storage.ts";
import { useKept } from "../../../lib/use-kept.ts";
import { useSearchText } from "../../../lib/use-search-text.ts";
import { Button, buttonClass } from "../../../ui/Button.tsx";
import { Checkbox } from "../../../ui/Checkbox.tsx";
import { EmptyState } from "../../../ui/EmptyState.tsx";
import { IconButton } from "../../../ui/IconButton.tsx";
import { Input } from "../../../ui/Input.tsx";
import { LoadFailed, ShownFromBefore } from "../../../ui/LoadFailed.tsx";
import { Menu } from "../../../ui/Menu.tsx";
import { Pager } from "../../../ui/Pager.tsx";
import { Popover } from "../../../ui/Popover.tsx";
import { Table, type Column } from "../../../ui/Table.tsx";
import { tableRequestOf, rowsPerPage, type TableRequest, type TableSearch } from "./table-search.ts";

export interface Filter {
  /** Name in the API and in the URL. */
  id: string;
  label: string;
  options: readonly { value: string; label: string }[];
}
export interface AdminTableProps<Row extends { id: string }> {
  label: string;
  /** Title of the error state. */
  failed: string;
  /** Accessible name and placeholder of the search field. Without it there is no search. */
  searchBox?: { label: string; placeholder: string };
  columns: readonly Column<Row>[];
  filters?: readonly Filter[];
  queryKey: readonly unknown[];
  load: (request: TableRequest, signal: AbortSignal) => Promise<List<Row>>;
  /** Opens a row; its first cell becomes a button. */
  onOpen?: (row: Row) => void;
  openId?: string | undefined;
  /** Filters set by links of other pages: shown while they are in the URL, with a button that removes them. */
  given?: readonly { id: string; label: string }[];
  /** Additional filter controls. */
  controls?: {
    ids: readonly string[];
    render: (filters: Record<string, string>, change: (next: Record<string, string | undefined>) => void) => ReactNode;
  };
  /** The address of the filtered rows as CSV. */
  exportUrl?: (request: TableRequest) => string;
  /** Rows can be selected; what can be done with them is at the bottom. */
  bulk?: { labelOf: (row: Row) => string; render: (rows: readonly Row[], clear: () => void) => ReactNode };
  /** At the end of the toolbar, such as an export of the filtered list. */
  end?: ReactNode | ((request: TableRequest) => ReactNode);
  /** In the toolbar, after the filters. */
  children?: ReactNode;
  empty: { title: string; text: string };
}

/** The URL holds the state of the table: search, filters, order and page. */
function useTableState() {
  const search = useSearch({ from: "/app/admin" });
  const navigate = useNavigate();
  const change = (next: TableSearch) =>
    // The types of the router do not know that "." is a page of the console.
    void navigate({ to: ".", search: (before: TableSearch) => ({ ...before, page: undefined, ...next }), replace: true } as never);
  return { search, change };
}

/** The table of the admin console. The server searches, filters, sorts and pages. */
export function AdminTable<Row extends { id: string }>({
  label,
  failed,
  searchBox,
  columns,
  filters = [],
  given = [],
  controls,
  queryKey,
  load,
  onOpen,
  openId,
  exportUrl,
  bulk,
  end,
  children,
  empty,
}: AdminTableProps<Row>) {
  const { search, change } = useTableState();
  const request = tableRequestOf(
    search,
    [...filters.map(({ id }) => id), ...given.map(({ id }) => id), ...(controls?.ids ?? [])],
    new Set(columns.flatMap(({ sort }) => sort ?? [])),
  );
  const list = useQuery({
    queryKey: [...queryKey, request],
    queryFn: ({ signal }) => load(request, signal),
    placeholderData: keepPreviousData,
  });
  const chosen = useChosenColumns(label, columns);
  const [selected, setSelected] = useState<ReadonlyMap<string, Row>>(new Map());
  const select = (rows: readonly Row[], isSelected: boolean) =>
    setSelected((before) => {
      const next = new Map(before);
      for (const row of rows)
        if (isSelected) next.set(row.id, row);
        else next.delete(row.id);
      return next;
    });
  const selectedKeys = useMemo(() => new Set(selected.keys()), [selected]);
  const clearSelection = () => setSelected(new Map());
  const isFiltered = request.search !== undefined || Object.keys(request.filters).length > 0;
  const clear = () => change({ q: undefined, ...Object.fromEntries(Object.keys(request.filters).map((id) => [id, undefined])) });
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div role="search" aria-label={label} className="flex flex-none flex-wrap items-center gap-2 px-4 py-2.5">
        {searchBox ? <SearchBox {...searchBox} value={search.q ?? ""} onChange={(q) => change({ q: q || undefined })} /> : null}
        {filters.map((filter) => (
          <FilterMenu
            key={filter.id}
            filter={filter}
            value={request.filters[filter.id]}
            onChange={(value) => change({ [filter.id]: value })}
          />
        ))}
        {children}
        {controls?.render(request.filters, change)}
        {given.map(({ id, label }) =>
          request.filters[id] ? (
            <Button key={id} size="sm" icon={<X size={12} />} onClick={() => change({ [id]: undefined })}>
              {label}
            </Button>
          ) : null,
        )}
        <span className="flex-1" />
        {list.data ? (
          <span role="status" className="num text-xs text-fg-2">
            {isFiltered ? `${formatNumber(list.data.total)} found` : `${formatNumber(list.data.total)} total`}
          </span>
        ) : null}
        <ColumnsMenu columns={columns} {...chosen} />
        {exportUrl ? (
          <a href={exportUrl(request)} download className={buttonClass({ variant: "ghost", size: "sm" })}>
            <Download size={14} />
            Export CSV
          </a>
        ) : null}
        {typeof end === "function" ? end(request) : end}
      </div>
      {list.isError && list.data ? <ShownFromBefore of={list} className="mx-4 mb-2" /> : null}
      <div className="scroll-y min-h-0 flex-1 overflow-x-auto border-t border-line-0" aria-busy={list.isFetching}>
        <Table
          label={label}
          columns={columns}
          rows={list.data?.items}
          keyOf={({ id }) => id}
          sorting={search.sort === undefined ? undefined : { by: search.sort, isDescending: search.order !== "asc" }}
          onSorting={(next) => change({ sort: next?.by, order: next && (next.isDescending ? "desc" : "asc") })}
          {...(onOpen && { onOpen })}
          openKey={openId}
          selection={bulk && { keys: selectedKeys, labelOf: bulk.labelOf, onChange: select }}
          hidden={chosen.hidden}
          isStale={list.isPlaceholderData}
          isFlush
          isSpread
          failure={list.isError && !list.data ? <LoadFailed title={failed} of={list} /> : null}
          empty={
            list.data && list.data.total > 0 ? (
              <EmptyState title="This page doesn't exist" action={<Button onClick={() => change({})}>Go to first page</Button>} />
            ) : isFiltered ? (
              <EmptyState title="No results" action={<Button onClick={clear}>Clear filters</Button>}>
                No items match your search and filters.
              </EmptyState>
            ) : (
              <EmptyState title={empty.title}>{empty.text}</EmptyState>
            )
          }
        />
      </div>
      {bulk && selected.size > 0 ? (
        <div
          role="region"
          aria-label="Selected rows"
          className="flex min-h-10 flex-none flex-wrap items-center gap-2 border-t border-line-0 px-4 py-1.5"
        >
          <span role="status" className="num text-xs font-medium text-fg-0">
            {formatNumber(selected.size)} selected
          </span>
          {bulk.render([...selected.values()], clearSelection)}
          <Button size="sm" variant="ghost" onClick={clearSelection}>
            Clear selection
          </Button>
        </div>
      ) : null}
      {list.data ? (
        <Pager
          list={list.data}
          page={request.page}
          perPage={rowsPerPage}
          onPage={(page) => change({ page: page > 1 ? page : undefined })}
          className="h-10 flex-none justify-end border-t border-line-0 px-4 narrow:h-12"
        />
      ) : null}
    </div>
  );
}

/** The columns that this browser hides in a table. The first one always stays. */
function useChosenColumns<Row>(label: string, columns: readonly Column<Row>[]) {
  const { value, write } = useKept(`studio:admin-columns:${label}`, isStringArray, []);
  const hidden = useMemo(() => new Set(value.filter((id) => columns.slice(1).some((column) => column.id === id))), [value, columns]);
  return {
    hidden,
    onToggle: (id: string, isShown: boolean) => write(isShown ? value.filter((one) => one !== id) : [...value, id]),
  };
}

/** Chooses the columns of a table, on screens that show all of them. */
function ColumnsMenu<Row>({
  columns,
  hidden,
  onToggle,
}: {
  columns: readonly Column<Row>[];
  hidden: ReadonlySet<string>;
  onToggle: (id: string, isShown: boolean) => void;
}) {
  return (
    <span className="narrow:hidden">
      <Popover
        label="Columns"
        align="end"
        className="grid gap-2 p-3"
        trigger={
          <Button size="sm" variant="ghost" icon={<Columns3 size={14} />}>
            Columns
          </Button>
        }
      >
        {columns.slice(1).map(({ id, head }) => (
          <Checkbox key={id} label={head} isChecked={!hidden.has(id)} onChange={(isShown) => onToggle(id, isShown)} />
        ))}
      </Popover>
    </span>
  );
}

function SearchBox({
  label,
  placeholder,
  value,
  onChange,
}: {
  label: string;
  placeholder: string;
  value: string;
  onChange: (text: string) => void;
}) {
  const [text, setText] = useSearchText(value, onChange);
  return (
    <Input
      size="sm"
      isSoft
      type="search"
      aria-label={label}
      placeholder={placeholder}
      maxLength={200}
      value={text}
      onChange={(event) => setText(event.target.value)}
      leading={<Search size={14} className="flex-none text-fg-3" />}
      boxClassName="max-w-72 narrow:max-w-none"
    />
  );
}

function FilterMenu({
  filter,
  value,
  onChange,
}: {
  filter: Filter;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}) {
  const chosen = filter.options.find((option) => option.value === value);
  return (
    <span className="inline-flex items-center">
      <Menu
        label={filter.label}
        trigger={
          <Button size="sm" variant={chosen ? "plain" : "ghost"} icon={<ListFilter size={14} />}>
            {filter.label}
            {chosen ? `: ${chosen.label}` : ""}
          </Button>
        }
        choice={{
          value: value ?? "",
          onChange: (next) => onChange(next || undefined),
          options: [{ value: "", label: "All" }, ...filter.options],
        }}
      />
      {chosen ? (
        <IconButton size="sm" label={`Clear filter: ${filter.label}`} onClick={() => onChange(undefined)}>
          <X size={12} />
        </IconButton>
      ) : null}
    </span>
  );
}
