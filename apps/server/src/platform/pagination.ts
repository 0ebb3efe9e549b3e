import type { List } from "@tesslate/contract";

export interface PageQuery {
  limit?: number;
  skip?: number;
  page?: number;
}
/** Converts `skip`+`limit` or `page`+`limit` to SQL, and rows to the list envelope. */
export function pageOf({ limit = 50, skip, page }: PageQuery) {
  const offset = skip ?? ((page ?? 1) - 1) * limit;
  return {
    limit,
    offset,
    envelope: <T>(items: T[], total: number): List<T> => ({
      items,
      total,
      page: Math.floor(offset / limit) + 1,
      total_pages: Math.ceil(total / limit),
    }),
  };
}
