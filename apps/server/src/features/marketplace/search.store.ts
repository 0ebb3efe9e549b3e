import { getTableName, sql, type SQL, type Table } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import type { MarketplaceSort } from "@tesslate/contract";
import type { Database, Queries } from "../../platform/database.ts";

/** The columns of `agents` and `bases` that are ordered by. What is searched are three more that the database derives (see its migrations). */
interface Searched {
  id: AnyPgColumn;
  name: AnyPgColumn;
  downloads: AnyPgColumn;
  rating: AnyPgColumn;
  is_featured: AnyPgColumn;
  price_cents: AnyPgColumn;
  created_at: AnyPgColumn;
}
/** One way to search; the next is tried when it finds nothing. */
export interface Search {
  condition: SQL | undefined;
  /** The closest first; `rank` costs something for each row that is found. */
  closeness: SQL[];
  rank: SQL[];
}

const maxWords = 8;
/** Above as many finds their rank says little and would have to be worked out for each: then names go before the rest, and the most used first. */
const rankedUpTo = 500;
const wordsOf = (text: string): string[] => (text.normalize("NFKC").match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, maxWords);
/** As LIKE takes it: `%`, `_` and `\` stand for themselves. */
const literally = (text: string) => text.replace(/[\\%_]/g, (sign) => `\\${sign}`);

/**
 * The ways to search for a text, to be tried in this order: by its words (each begins a word or is another form of one), then by the text as it
 * stands, anywhere. Names count before tags before descriptions. Nothing to search for: one way that finds everything.
 */
export function searchesIn(table: Searched & Table, text: string | undefined): [Search, ...Search[]] {
  const wanted = (text ?? "").trim().toLowerCase();
  if (wanted === "") return [{ condition: undefined, closeness: [], rank: [] }];
  const owner = sql.identifier(getTableName(table));
  const name = sql`${owner}.search_name`;
  const closeness = [
    sql`case when ${name} = ${wanted} then 0 when ${name} like ${`${literally(wanted)}%`} then 1 when ${name} like ${`%${literally(wanted)}%`} then 2 else 3 end`,
  ];
  const part: Search = { condition: sql`${owner}.search_text like ${`%${literally(wanted)}%`}`, closeness, rank: [] };
  const words = wordsOf(wanted);
  if (words.length === 0) return [part];
  const query = sql`(${sql.join(
    words.map((word) => sql`(to_tsquery('simple', ${`${word}:*`}) || plainto_tsquery('english', ${word}))`),
    sql` && `,
  )})`;
  return [
    { condition: sql`${owner}.search_words @@ ${query}`, closeness, rank: [sql`ts_rank(${owner}.search_words, ${query}) desc`] },
    part,
  ];
}

/** marketplace-billing-admin 2.1. Every order ends with the id, so that pages are stable. Nulls as the indices have them. */
export function orderOf(table: Searched, sort: MarketplaceSort | undefined, { closeness, rank }: Search, found: number): SQL[] {
  const down = (column: AnyPgColumn) => sql`${column} desc nulls last`;
  const featured = [down(table.is_featured), down(table.downloads)];
  const orders: Record<MarketplaceSort, SQL[]> = {
    featured,
    popular: [down(table.downloads)],
    newest: [down(table.created_at)],
    name: [sql`${table.name}`],
    rating: [down(table.rating), down(table.downloads)],
    price_asc: [sql`${table.price_cents}`],
    price_desc: [down(table.price_cents)],
    relevance: [...closeness, ...(found <= rankedUpTo ? rank : []), ...featured],
  };
  return [...orders[sort ?? (closeness.length > 0 ? "relevance" : "featured")], sql`${table.id}`];
}

/** The first way that finds anything, with what it found; the last one when none does. */
export async function firstThatFinds<T extends { n: number }>(
  [search, ...others]: [Search, ...Search[]],
  count: (search: Search) => Promise<T[]>,
): Promise<{ search: Search; cells: T[]; found: number }> {
  const cells = await count(search);
  const [next, ...rest] = others;
  if (cells.length === 0 && next) return firstThatFinds([next, ...rest], count);
  return { search, cells, found: cells.reduce((sum, { n }) => sum + n, 0) };
}

/**
 * For a search, in one transaction: the planner takes reading a derived word list for free and would go through the whole table for a word that many
 * rows have, although the index knows them.
 */
export const onSearchPlans = <T>(db: Database, text: string | undefined, work: (q: Queries) => Promise<T>): Promise<T> =>
  (text ?? "").trim() === ""
    ? work(db)
    : db.transaction(async (tx) => {
        await tx.execute(sql`set local enable_seqscan = off`);
        return work(tx);
      });
