import { and, getTableName, sql, type SQL, type Table } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import type { MarketplaceSort } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import type { CountsOf } from "./facet-counts.store.ts";
import { chosenOf, countTotal, ratingKey, type FacetCell, type FacetChoice } from "./facets.ts";

/** Columns of `agents`, `bases` and `marketplace_items` used to filter and sort. Search uses three more generated columns (see the migrations). */
interface Searched {
  id: AnyPgColumn;
  name: AnyPgColumn;
  downloads: AnyPgColumn;
  rating: AnyPgColumn;
  is_featured: AnyPgColumn;
  price_cents: AnyPgColumn;
  created_at: AnyPgColumn;
}
/** One search strategy; the next is tried when it finds nothing. */
interface Search {
  condition: SQL | undefined;
  /** Match quality, best first: exact name, name prefix, in the name, elsewhere. One value for all without a search. */
  closeness: (SQL | undefined)[];
  /** Computed per matching row. */
  rank: SQL[];
}
/** A range of a page that is queried separately. */
interface PageRange {
  condition: SQL | undefined;
  order: SQL[];
  /** Number of items. */
  n: number;
  limit: number;
  offset: number;
}

const maxWords = 8;
/** Above this many matches, ranking each one is too slow and says little: name matches come first, then the most used. */
const rankedUpTo = 500;
/** Up to this many matches, sorting is faster than scanning an index in order. */
const sortedUpTo = 5_000;
const wordsOf = (text: string): string[] => (text.normalize("NFKC").match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, maxWords);
/** Escapes `%`, `_` and `\` for LIKE. */
const literally = (text: string) => text.replace(/[\\%_]/g, (sign) => `\\${sign}`);

/**
 * Search strategies in order: by words (each a prefix or inflection of a word), then as a literal substring. Names rank before tags, tags
 * before descriptions. Without a text: one strategy that matches everything.
 */
function searchesIn(table: Searched & Table, wanted: string): [Search, ...Search[]] {
  if (wanted === "") return [{ condition: undefined, closeness: [undefined], rank: [] }];
  const owner = sql.identifier(getTableName(table));
  const name = sql`${owner}.search_name`;
  const [beginning, part] = [`${literally(wanted)}%`, `%${literally(wanted)}%`];
  const closeness = [
    sql`${name} = ${wanted}`,
    sql`${name} like ${beginning} and ${name} <> ${wanted}`,
    sql`${name} like ${part} and ${name} not like ${beginning}`,
    sql`${name} not like ${part}`,
  ];
  const anywhere: Search = { condition: sql`${owner}.search_text like ${part}`, closeness, rank: [] };
  const words = wordsOf(wanted);
  if (words.length === 0) return [anywhere];
  const query = sql`(${sql.join(
    words.map((word) => sql`(to_tsquery('simple', ${`${word}:*`}) || plainto_tsquery('english', ${word}))`),
    sql` && `,
  )})`;
  return [
    { condition: sql`${owner}.search_words @@ ${query}`, closeness, rank: [sql`ts_rank(${owner}.search_words, ${query}) desc`] },
    anywhere,
  ];
}

/** Sort orders. Each ends with the id, so that pages are stable. Null order matches the indexes. */
function orderOf(table: Searched, sort: Exclude<MarketplaceSort, "relevance">): SQL[] {
  const down = (column: AnyPgColumn) => sql`${column} desc nulls last`;
  const orders: Record<typeof sort, SQL[]> = {
    featured: [down(table.is_featured), down(table.downloads)],
    popular: [down(table.downloads)],
    newest: [down(table.created_at)],
    name: [sql`${table.name}`],
    rating: [down(table.rating), down(table.downloads)],
    price_asc: [sql`${table.price_cents}`],
    price_desc: [down(table.price_cents)],
  };
  return [...orders[sort], sql`${table.id}`];
}

/** `0` is the best match quality. */
const rankOf = ({ closeness }: Search): SQL<number> =>
  closeness.length === 1
    ? sql<number>`0`
    : sql<number>`case ${sql.join(
        closeness.slice(0, -1).map((is, rank) => sql`when ${is} then ${sql.raw(String(rank))}`),
        sql` `,
      )} else ${sql.raw(String(closeness.length - 1))} end`;

/**
 * Splits a page into ranges. Sorted by relevance, each match quality is its own range, so that for a frequent word only the shown rows
 * have to be read.
 */
function stretchesOf(
  table: Searched,
  { search, sort, cells, page }: { search: Search; sort: MarketplaceSort; cells: FacetCell[]; page: { limit: number; offset: number } },
): PageRange[] {
  const n = countTotal(cells);
  if (n <= page.offset) return [];
  if (sort !== "relevance") return [{ condition: undefined, order: orderOf(table, sort), n, ...page }];
  const order = orderOf(table, "featured");
  if (n <= rankedUpTo) return [{ condition: undefined, order: [rankOf(search), ...search.rank, ...order], n, ...page }];
  const stretches: PageRange[] = [];
  let { limit, offset } = page;
  for (const [rank, condition] of search.closeness.entries()) {
    const here = countTotal(cells.filter((cell) => cell.closeness === rank));
    const taken = Math.min(limit, Math.max(0, here - offset));
    if (taken > 0) stretches.push({ condition, order, n: here, limit: taken, offset });
    offset = Math.max(0, offset - here);
    limit -= taken;
  }
  return stretches;
}

/** The filters of `agents` and `bases`. */
export const itemFacets = (table: { category: AnyPgColumn; pricing_type: AnyPgColumn }, isOfficial: SQL) => ({
  category: sql`${table.category}`,
  pricing_type: sql`${table.pricing_type}`,
  creator_type: sql`case when ${isOfficial} then 'official' else 'community' end`,
});

/**
 * The ids of a page, in order, and the facet cells without the facet filters. `key` identifies `within` in the cache of counts. `matching`: the condition
 * of the search and the filters, without `within`.
 */
export async function findPage(
  db: Database,
  countsOf: CountsOf,
  {
    table,
    facets,
    within,
    key,
    chosen,
    search: text,
    sort,
    page,
  }: {
    table: Searched & Table;
    /** The value of each filter for an item, as text. */
    facets: Record<string, SQL>;
    within: SQL | undefined;
    key: string;
    chosen: FacetChoice;
    search: string | undefined;
    sort: MarketplaceSort | undefined;
    page: { limit: number; offset: number };
  },
): Promise<{ ids: string[]; cells: FacetCell[]; matching: SQL | undefined }> {
  const wanted = (text ?? "").trim().toLowerCase();
  const counts = await countsOf();
  const countOf = async (q: Queries, search: Search, name: string): Promise<FacetCell[]> => {
    const known = counts.find(name);
    if (known) return known;
    const closeness = rankOf(search);
    const columns = Object.entries(facets).map(([facet, value]) => sql`${value} as ${sql.identifier(facet)}`);
    const { rows } = await q.execute<Record<string, string> & { closeness: number; n: number }>(sql`
      select ${closeness} as closeness, count(*)::int as n, ${sql.join(columns, sql`, `)}
      from ${table} where ${and(within, search.condition) ?? sql`true`} group by 1, ${sql.raw(columns.map((_, index) => index + 3).join(", "))}`);
    const cells = rows.map(({ closeness, n, ...values }) => ({ closeness, n, values }) as FacetCell);
    counts.keep(name, cells);
    return cells;
  };
  const filters = and(
    ...Object.entries(facets).map(([facet, value]) => {
      const choice = chosen[facet];
      if (choice === undefined) return undefined;
      return facet === ratingKey ? sql`${table.rating} >= ${Number(choice)}` : sql`${value} = ${choice}`;
    }),
  );
  const idsOf = (search: Search, { condition, order, n, limit, offset }: PageRange): SQL => {
    const where = sql`${table} where ${and(within, search.condition, filters, condition) ?? sql`true`}`;
    // `offset 0` keeps the planner from scanning a sort index for a few matches that may be at its end.
    const from = n <= sortedUpTo ? sql`(select * from ${where} offset 0) as ${table}` : where;
    return sql`select ${table.id} as id from ${from} order by ${sql.join(order, sql`, `)} limit ${limit} offset ${offset}`;
  };
  return onSearchPlans(db, wanted !== "", async (q) => {
    for (const [strategy, search] of searchesIn(table, wanted).entries()) {
      const cells = await countOf(q, search, JSON.stringify([strategy, wanted, key]));
      if (cells.length === 0) continue;
      const stretches = stretchesOf(table, {
        search,
        sort: wanted === "" && (sort ?? "relevance") === "relevance" ? "featured" : (sort ?? "relevance"),
        cells: chosenOf(cells, chosen),
        page,
      });
      const ids: string[] = [];
      for (const stretch of stretches) ids.push(...(await q.execute<{ id: string }>(idsOf(search, stretch))).rows.map(({ id }) => id));
      return { ids, cells, matching: and(search.condition, filters) };
    }
    return { ids: [], cells: [], matching: sql`false` };
  });
}

/** Rows in the order of `ids`; rows deleted in the meantime are omitted. */
export function inIdOrder<T>(ids: readonly string[], rows: readonly T[], idOf: (row: T) => string): T[] {
  const byId = new Map(rows.map((row) => [idOf(row), row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/**
 * Runs a search in one transaction with planner settings: the planner underestimates the cost of reading the generated tsvector and would scan
 * the whole table for a frequent word instead of using the index.
 */
const onSearchPlans = <T>(db: Database, isSearch: boolean, work: (q: Queries) => Promise<T>): Promise<T> =>
  isSearch
    ? db.transaction(async (tx) => {
        await tx.execute(sql`set local enable_seqscan = off`);
        return work(tx);
      })
    : work(db);
