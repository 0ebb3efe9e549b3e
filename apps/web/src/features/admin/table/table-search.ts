import { objectWithRest, type GenericSchema, type InferOutput } from "valibot";
import { looseTextParam, nameParam, oneOfParam, pageParam } from "../../../lib/search-params.ts";

/** Text; its type is wider because TypeScript requires of every other parameter that it is one of these. */
const filter: GenericSchema<string | number | boolean | undefined, string | number | undefined> = looseTextParam;

/** State of a table in the URL: search text, page, sort order, and one string per filter. */
export const tableSearch = objectWithRest(
  { q: looseTextParam, page: pageParam, sort: nameParam, order: oneOfParam(["asc", "desc"]) },
  filter,
);
export type TableSearch = InferOutput<typeof tableSearch>;

export const rowsPerPage = 25;

/** Query for the server. Filters have the names of the API. */
export interface TableRequest {
  page: number;
  limit: number;
  search?: string;
  sort_by?: string;
  sort_order?: "asc" | "desc";
  filters: Record<string, string>;
}

export function tableRequestOf(
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
        const value = rest[name];
        return typeof value === "string" ? [[name, value]] : [];
      }),
    ),
  };
}
