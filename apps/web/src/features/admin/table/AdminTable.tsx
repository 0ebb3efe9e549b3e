import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ArrowDown, ArrowUp, ListFilter, Search, X } from "lucide-react";
import type { ReactNode } from "react";
import type { List } from "@tesslate/contract";
import { cx } from "../../../lib/cx.ts";
import { formatNumber } from "../../../lib/numbers.ts";
import { useSearchText } from "../../../lib/use-search-text.ts";
import { Button } from "../../../ui/Button.tsx";
import { EmptyState } from "../../../ui/EmptyState.tsx";
import { IconButton } from "../../../ui/IconButton.tsx";
import { Input } from "../../../ui/Input.tsx";
import { LoadFailed, ShownFromBefore } from "../../../ui/LoadFailed.tsx";
import { Menu } from "../../../ui/Menu.tsx";
import { Pager } from "../../../ui/Pager.tsx";
import { Skeleton } from "../../../ui/Skeleton.tsx";
import { nextOrder, requestOf, rowsPerPage, type TableRequest, type TableSearch } from "./table-search.ts";

export interface Column<Row> {
  id: string;
  head: string;
  /** Shows the header to screen readers only. */
  isHeadHidden?: boolean;
  cell: (row: Row) => ReactNode;
  /** The API's name of this sort order. Without it the column is not sortable. */
  sort?: string;
  /** Numbers are right-aligned. */
  isFigure?: boolean;
  /** Hidden on phones. */
  isWideOnly?: boolean;
  /** Takes the remaining width; its text is truncated. */
  isGreedy?: boolean;
}
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
  end,
  children,
  empty,
}: AdminTableProps<Row>) {
  const { search, change } = useTableState();
  const request = requestOf(
    search,
    [...filters.map(({ id }) => id), ...given.map(({ id }) => id), ...(controls?.ids ?? [])],
    new Set(columns.flatMap(({ sort }) => sort ?? [])),
  );
  const list = useQuery({
    queryKey: [...queryKey, request],
    queryFn: ({ signal }) => load(request, signal),
    placeholderData: keepPreviousData,
  });
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
        {typeof end === "function" ? end(request) : end}
      </div>
      {list.isError && list.data ? <ShownFromBefore of={list} className="mx-4 mb-2" /> : null}
      <div className="scroll-y min-h-0 flex-1 overflow-x-auto border-t border-line-0" aria-busy={list.isFetching}>
        {list.isError && !list.data ? (
          <LoadFailed title={failed} of={list} />
        ) : list.data && list.data.items.length === 0 ? (
          list.data.total > 0 ? (
            <EmptyState title="This page doesn't exist" action={<Button onClick={() => change({})}>Go to first page</Button>} />
          ) : isFiltered ? (
            <EmptyState title="No results" action={<Button onClick={clear}>Clear filters</Button>}>
              No items match your search and filters.
            </EmptyState>
          ) : (
            <EmptyState title={empty.title}>{empty.text}</EmptyState>
          )
        ) : (
          <table aria-label={label} className={cx("num w-full text-xs", list.isPlaceholderData && "opacity-60")}>
            <thead className="sticky top-0 z-10 bg-bg-1">
              <tr className="h-[30px] text-left text-fg-2 shadow-[inset_0_-1px_0_var(--line-0)]">
                {columns.map((column) => (
                  <HeadCell
                    key={column.id}
                    column={column}
                    search={search}
                    onOrder={(order) => change({ sort: undefined, order: undefined, ...order })}
                  />
                ))}
              </tr>
            </thead>
            <tbody>
              {list.data
                ? list.data.items.map((row) => (
                    <tr
                      key={row.id}
                      data-open={row.id === openId || undefined}
                      className={cx(
                        "relative h-8 border-b border-line-0 hover:bg-bg-2 data-open:bg-bg-3 narrow:h-12",
                        onOpen && "cursor-pointer",
                      )}
                    >
                      {columns.map((column, index) => (
                        <td key={column.id} className={cellClass(column)}>
                          {onOpen && index === 0 ? (
                            // The button covers the whole row, so that there is one target for keyboard and pointer.
                            <button
                              type="button"
                              aria-expanded={row.id === openId}
                              onClick={() => onOpen(row)}
                              className="block max-w-full text-left before:absolute before:inset-0"
                            >
                              {column.cell(row)}
                            </button>
                          ) : (
                            column.cell(row)
                          )}
                        </td>
                      ))}
                    </tr>
                  ))
                : Array.from({ length: 12 }, (_, index) => (
                    <tr key={index} className="h-8 border-b border-line-0 narrow:h-12">
                      {columns.map((column) => (
                        <td key={column.id} className={cellClass(column)}>
                          <Skeleton className={cx("h-3", column.isGreedy ? "w-3/5" : "w-12", column.isFigure && "ml-auto")} />
                        </td>
                      ))}
                    </tr>
                  ))}
            </tbody>
          </table>
        )}
      </div>
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

const cellClass = <Row,>({ isFigure, isWideOnly, isGreedy }: Column<Row>) =>
  cx(
    "px-2.5 whitespace-nowrap first:pl-4 last:pr-4",
    isFigure && "text-right",
    isWideOnly && "narrow:hidden",
    isGreedy && "w-full max-w-0 min-w-32 truncate",
  );

function HeadCell<Row>({
  column,
  search,
  onOrder,
}: {
  column: Column<Row>;
  search: TableSearch;
  onOrder: (order: Pick<TableSearch, "sort" | "order">) => void;
}) {
  const { sort, head } = column;
  const here = sort !== undefined && search.sort === sort ? (search.order ?? "desc") : undefined;
  return (
    <th
      scope="col"
      aria-sort={here ? (here === "asc" ? "ascending" : "descending") : undefined}
      className={cx(cellClass(column), "font-medium")}
    >
      {sort === undefined ? (
        <span className={column.isHeadHidden ? "sr-only" : undefined}>{head}</span>
      ) : (
        <button
          type="button"
          onClick={() => onOrder(nextOrder(search, sort))}
          className="inline-flex h-[30px] min-w-6 items-center gap-1 rounded-1 hover:text-fg-0 focus-visible:-outline-offset-2 aria-pressed:text-fg-0 narrow:h-11"
          aria-pressed={here !== undefined}
        >
          {head}
          {here === "asc" ? <ArrowUp size={12} /> : here === "desc" ? <ArrowDown size={12} /> : null}
        </button>
      )}
    </th>
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
