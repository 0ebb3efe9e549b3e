/** State of a table in the URL: search text, page, sort order, and one string per filter. */
export interface TableSearch {
  q?: string;
  page?: number;
  sort?: string;
  order?: "asc" | "desc";
}
type Filters = Record<string, string | undefined>;

const reserved = new Set(["q", "page", "sort", "order"]);
export const rowsPerPage = 25;

/** Parses the search parameters and drops invalid ones. The router parses numbers and booleans; they are converted back to strings. */
export function tableSearch(search: Record<string, unknown>): TableSearch {
  const text = (value: unknown) =>
    typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value).slice(0, 200) : "";
  const read: TableSearch = {};
  const filters = read as Filters;
  for (const [name, value] of Object.entries(search))
    if (!reserved.has(name) && /^[a-z_]{1,40}$/.test(name) && text(value)) filters[name] = text(value);
  const page = Number(search["page"]);
  if (Number.isInteger(page) && page > 1) read.page = page;
  if (text(search["q"]).trim()) read.q = text(search["q"]).trim();
  if (/^[a-z_]{1,40}$/.test(text(search["sort"]))) read.sort = text(search["sort"]);
  if (search["order"] === "asc" || search["order"] === "desc") read.order = search["order"];
  return read;
}

/** Query for the server. Filters have the names of the API. */
export interface TableRequest {
  page: number;
  limit: number;
  search?: string;
  sort_by?: string;
  sort_order?: "asc" | "desc";
  filters: Record<string, string>;
}

export function requestOf(
  { q, page = 1, sort, order, ...rest }: TableSearch,
  filterNames: readonly string[],
  sortable: ReadonlySet<string>,
): TableRequest {
  return {
    page,
    limit: rowsPerPage,
    ...(q && { search: q }),
    ...(sort && sortable.has(sort) && { sort_by: sort, sort_order: order ?? "desc" }),
    filters: Object.fromEntries(
      filterNames.flatMap((name) => {
        const value = (rest as Filters)[name];
        return value ? [[name, value]] : [];
      }),
    ),
  };
}

/** The order after a click on a column header: descending, ascending, then the default. */
export function nextOrder({ sort, order }: Pick<TableSearch, "sort" | "order">, column: string): { sort?: string; order?: "asc" | "desc" } {
  if (sort !== column) return { sort: column, order: "desc" };
  return order === "asc" ? {} : { sort: column, order: "asc" };
}
