import { and, eq, inArray, ne, sql, type SQL } from "drizzle-orm";
import type { MarketplaceSort } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { asJsonb } from "../../../platform/postgres-text.ts";
import { users } from "../../../db/schema/accounts.ts";
import { bases, isBaseEntryActive, isBaseListed, userPurchasedBases, type BaseRow } from "../../../db/schema/store.ts";
import { createCountsOf } from "./facet-counts.store.ts";
import { creatorColumns } from "./creator.store.ts";
import type { CreatorRow } from "./creator.ts";
import type { FacetCell } from "./facets.ts";
import { findPage, inIdOrder, itemFacets } from "./search.store.ts";
import { isId } from "./viewer.ts";

export interface BaseFilter {
  category?: string;
  pricing_type?: BaseRow["pricing_type"];
  creator_type?: "official" | "community";
  tech?: string;
  search?: string;
  sort?: MarketplaceSort;
}
export interface FoundBase {
  base: BaseRow;
  creator: CreatorRow | null;
  /** Null: never in the viewer's library. */
  entry: { is_active: boolean; removed_at: string | null } | null;
}
/** Columns set by the bundled catalogue; users and administrators change the others. */
export type SeededBase = Pick<
  typeof bases.$inferInsert,
  | "slug"
  | "name"
  | "description"
  | "git_repo_url"
  | "default_branch"
  | "source_type"
  | "template_slug"
  | "category"
  | "icon"
  | "tags"
  | "features"
  | "tech_stack"
>;
const seeded = [
  "name",
  "description",
  "git_repo_url",
  "default_branch",
  "source_type",
  "template_slug",
  "category",
  "icon",
  "tags",
  "features",
  "tech_stack",
] as const satisfies (keyof SeededBase)[];

export type BaseListings = ReturnType<typeof createBaseListings>;
export function createBaseListings(db: Database) {
  const isTheirs = (viewerId: string | undefined): SQL =>
    viewerId === undefined ? sql`false` : sql`${userPurchasedBases.base_id} = ${bases.id} and ${userPurchasedBases.user_id} = ${viewerId}`;
  const select = (viewerId: string | undefined, q: Queries = db) =>
    q
      .select({
        base: bases,
        creator: creatorColumns,
        entry: {
          user_id: userPurchasedBases.user_id,
          is_active: isBaseEntryActive,
          removed_at: userPurchasedBases.removed_at,
        },
      })
      .from(bases)
      .leftJoin(users, eq(users.id, bases.created_by_user_id))
      .leftJoin(userPurchasedBases, isTheirs(viewerId));
  const byRef = (ref: string) => (isId(ref) ? eq(bases.id, ref) : eq(bases.slug, ref));
  const countsOf = createCountsOf(db, "bases");

  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    browse: async (
      { category, pricing_type, creator_type, tech, search, sort }: BaseFilter,
      page: { limit: number; offset: number },
      viewerId: string | undefined,
    ): Promise<{ rows: FoundBase[]; cells: FacetCell[] }> => {
      const { ids, cells } = await findPage(db, countsOf, {
        table: bases,
        facets: itemFacets(bases, sql`${bases.created_by_user_id} is null`),
        within: and(isBaseListed(bases), tech === undefined ? undefined : sql`${bases.tech_stack} @> ${asJsonb([tech])}`),
        key: JSON.stringify([tech]),
        chosen: { category, pricing_type, creator_type },
        search,
        sort,
        page,
      });
      const rows = ids.length === 0 ? [] : await select(viewerId).where(inArray(bases.id, ids));
      return { rows: inIdOrder(ids, rows, ({ base }) => base.id), cells };
    },
    /** By id, in no order. */
    cardsOf: async (ids: readonly string[], viewerId: string | undefined): Promise<FoundBase[]> =>
      ids.length === 0 ? [] : select(viewerId).where(inArray(bases.id, [...ids])),
    find: async (ref: string, viewerId: string | undefined, q: Queries = db): Promise<FoundBase | undefined> =>
      (await select(viewerId, q).where(byRef(ref)))[0],
    hasArchive: async (file: string): Promise<boolean> => (await db.$count(bases, eq(bases.archive_path, file))) > 0,
    lock: async (tx: Queries, ref: string): Promise<BaseRow | undefined> =>
      (await tx.select().from(bases).where(byRef(ref)).for("no key update"))[0],
    /** See `AgentListings`. */
    related: async (base: { id: string; category: string }, viewerId: string | undefined, limit: number): Promise<FoundBase[]> => {
      const isNew = and(
        isBaseListed(bases),
        ne(bases.id, base.id),
        sql`not coalesce(${isBaseEntryActive}, false)`,
        viewerId === undefined ? undefined : sql`${bases.created_by_user_id} is distinct from ${viewerId}`,
      );
      const { rows: counted } = await db.execute<{ base_id: string }>(sql`
        select o.base_id from user_purchased_bases o
        where o.is_active and o.base_id <> ${base.id} and o.user_id in (
          select u.user_id from user_purchased_bases u where u.base_id = ${base.id} and u.is_active order by u.created_at desc limit 500)
        group by o.base_id order by count(*) desc, o.base_id limit 50`);
      const ids = counted.map((row) => row.base_id);
      const close =
        ids.length === 0
          ? []
          : await select(viewerId)
              .where(and(isNew, inArray(bases.id, ids)))
              .orderBy(sql`array_position(${sql.param(ids)}::uuid[], ${bases.id})`)
              .limit(limit);
      if (close.length >= limit) return close;
      const seen = close.map((row) => row.base.id);
      const alike = await select(viewerId)
        .where(and(isNew, eq(bases.category, base.category), sql`${bases.id} <> all(${sql.param(seen)}::uuid[])`))
        .orderBy(sql`${bases.downloads} desc`, bases.id)
        .limit(limit - close.length);
      return [...close, ...alike];
    },

    /** `undefined` when the slug is taken. */
    insert: async (tx: Queries, values: typeof bases.$inferInsert): Promise<BaseRow | undefined> =>
      (await tx.insert(bases).values(values).onConflictDoNothing({ target: bases.slug }).returning())[0],
    update: async (tx: Queries, id: string, values: Partial<BaseRow>): Promise<void> => {
      await tx
        .update(bases)
        .set({ ...values, updated_at: sql`now()` })
        .where(eq(bases.id, id));
    },
    /**
     * Creates or updates the bundled bases. Only content is updated: featured, active and the counts stay. A user's base with the same slug
     * is not replaced.
     */
    seed: async (rows: SeededBase[], owner: string | null, featured: ReadonlySet<string>): Promise<void> => {
      await db
        .insert(bases)
        .values(
          rows.map((row) => ({ ...row, created_by_user_id: owner, visibility: "public" as const, is_featured: featured.has(row.slug) })),
        )
        .onConflictDoUpdate({
          target: bases.slug,
          set: { ...Object.fromEntries(seeded.map((column) => [column, sql.raw(`excluded.${column}`)])), updated_at: sql`now()` },
          setWhere: sql`${bases.created_by_user_id} is not distinct from excluded.created_by_user_id and (${sql.raw(
            seeded.map((column) => `bases.${column}`).join(", "),
          )}) is distinct from (${sql.raw(seeded.map((column) => `excluded.${column}`).join(", "))})`,
        });
    },
  };
}

/** Before a user is deleted: templates that others have in their libraries are given to `newOwnerId`. */
export async function giveAwayBasesOf(q: Queries, userId: string, newOwnerId: string): Promise<void> {
  await q
    .update(bases)
    .set({ created_by_user_id: newOwnerId })
    .where(
      sql`${bases.created_by_user_id} = ${userId} and ${bases.archive_path} is null and exists (select 1 from ${userPurchasedBases} where ${userPurchasedBases.base_id} = ${bases.id} and ${userPurchasedBases.user_id} <> ${userId})`,
    );
}
