import { getTableName, sql, type SQL, type Table } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import type { MarketplaceSort } from "@tesslate/contract";

/** The columns of `agents` and `bases` that are ordered by. What is searched are two more that the database derives (see its migrations). */
interface Searched {
  id: AnyPgColumn;
  name: AnyPgColumn;
  downloads: AnyPgColumn;
  rating: AnyPgColumn;
  is_featured: AnyPgColumn;
  price_cents: AnyPgColumn;
  created_at: AnyPgColumn;
}
export interface Search {
  /** What is found: every word of it begins a word (or is another form of one), or it stands in the text as it is. */
  condition: SQL | undefined;
  /** The closest first. */
  relevance: SQL[];
}

const maxWords = 8;
const wordsOf = (text: string): string[] => (text.normalize("NFKC").match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, maxWords);
/** As LIKE takes it: `%`, `_` and `\` stand for themselves. */
const literally = (text: string) => text.replace(/[\\%_]/g, (sign) => `\\${sign}`);

/** Name before tags before description, in English and as it is written. Nothing to search for: everything is found, in no order. */
export function searchIn(table: Searched & Table, text: string | undefined): Search {
  const wanted = (text ?? "").trim().toLowerCase();
  if (wanted === "") return { condition: undefined, relevance: [] };
  const owner = sql.identifier(getTableName(table));
  const [searchText, searchWords] = [sql`${owner}.search_text`, sql`${owner}.search_words`];
  const words = wordsOf(wanted);
  const isPart = sql`${searchText} like ${`%${literally(wanted)}%`}`;
  if (words.length === 0) return { condition: isPart, relevance: [] };
  const query = sql`(${sql.join(
    words.map((word) => sql`(to_tsquery('simple', ${`${word}:*`}) || plainto_tsquery('english', ${word}))`),
    sql` && `,
  )})`;
  return {
    condition: sql`(${searchWords} @@ ${query} or ${isPart})`,
    relevance: [
      sql`case when lower(${table.name}) = ${wanted} then 0 when lower(${table.name}) like ${`${literally(wanted)}%`} then 1 when lower(${table.name}) like ${`%${literally(wanted)}%`} then 2 else 3 end`,
      sql`ts_rank(${searchWords}, ${query}) desc`,
    ],
  };
}

/** marketplace-billing-admin 2.1. Every order ends with the id, so that pages are stable. Nulls as the indices have them. */
export function orderOf(table: Searched, sort: MarketplaceSort | undefined, { relevance }: Search): SQL[] {
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
    relevance: [...relevance, ...featured],
  };
  return [...orders[sort ?? (relevance.length > 0 ? "relevance" : "featured")], sql`${table.id}`];
}
