import { and, desc, eq, ilike, or, sql, type Column } from "drizzle-orm";
import type { AdminReview } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { agents } from "../../../db/schema/agent/agents.ts";
import { themes, users, type ThemeRow } from "../../../db/schema/accounts.ts";
import { bases, marketplaceReviews as reviews, type BaseRow } from "../../../db/schema/store.ts";
import { moderateTheme } from "../../accounts/themes/index.ts";
import { recount, type ItemKind } from "./reviews.store.ts";
import { isId } from "./viewer.ts";

interface Page {
  limit: number;
  offset: number;
}
export interface ModeratedBase {
  base: BaseRow;
  created_by_username: string | null;
  /** Hidden by an administrator and not restored since. */
  is_hidden: boolean;
}

export interface ModeratedTheme {
  theme: ThemeRow;
  created_by_username: string | null;
}

const part = (text: string) => `%${text.replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
/** Part of an item's name or reference, or of its creator's username. */
const matches = (search: string | undefined, name: Column, ref: Column, creator: Column) =>
  search === undefined
    ? undefined
    : or(
        ilike(name, part(search)),
        ilike(ref, part(search)),
        sql`${creator} in (select u.id from users u where u.username ilike ${part(search)})`,
      );
const isHidden = sql<boolean>`(not ${bases.is_active} and coalesce((select l.action_type = 'base.disable' from audit_log l
  where l.target_id = ${bases.id}::text and l.action_type in ('base.disable', 'base.restore') order by l.seq desc limit 1), false))`;

export type ModerationStore = ReturnType<typeof createModerationStore>;
/** Templates and reviews for moderation. */
export function createModerationStore(db: Database) {
  const selectBases = (q: Queries) =>
    q
      .select({ base: bases, created_by_username: users.username, is_hidden: isHidden })
      .from(bases)
      .leftJoin(users, eq(users.id, bases.created_by_user_id));
  const selectThemes = (q: Queries) =>
    q.select({ theme: themes, created_by_username: users.username }).from(themes).leftJoin(users, eq(users.id, themes.created_by_user_id));
  /** What others see or could see; the rest is private. */
  const isListed = or(eq(themes.is_published, true), eq(themes.is_active, false));
  const selectReviews = (q: Queries) =>
    q
      .select({
        id: reviews.id,
        rating: reviews.rating,
        comment: reviews.comment,
        created_at: reviews.created_at,
        user_id: reviews.user_id,
        username: users.username,
        item_type: sql<ItemKind>`case when ${reviews.agent_id} is null then 'base' else 'agent' end`,
        item_id: sql<string>`coalesce(${reviews.agent_id}, ${reviews.base_id})`,
        item_slug: sql<string>`coalesce(${agents.slug}, ${bases.slug})`,
        item_name: sql<string>`coalesce(${agents.name}, ${bases.name})`,
      })
      .from(reviews)
      .innerJoin(users, eq(users.id, reviews.user_id))
      .leftJoin(agents, eq(agents.id, reviews.agent_id))
      .leftJoin(bases, eq(bases.id, reviews.base_id));
  return {
    listBases: async (
      { search, is_active }: { search?: string; is_active?: boolean },
      page: Page,
    ): Promise<{ rows: ModeratedBase[]; total: number }> => {
      const where = and(
        is_active === undefined ? undefined : eq(bases.is_active, is_active),
        matches(search, bases.name, bases.slug, bases.created_by_user_id),
      );
      const [rows, total] = await Promise.all([
        selectBases(db).where(where).orderBy(desc(bases.created_at), bases.id).limit(page.limit).offset(page.offset),
        db.$count(bases, where),
      ]);
      return { rows, total };
    },
    /** By UUID or slug, locked until the transaction ends. */
    lockBase: async (tx: Queries, ref: string): Promise<ModeratedBase | undefined> =>
      (
        await selectBases(tx)
          .where(isId(ref) ? eq(bases.id, ref) : eq(bases.slug, ref))
          .for("no key update", { of: bases })
      )[0],
    updateBase: async (tx: Queries, id: string, values: Pick<Partial<BaseRow>, "is_active" | "is_featured">): Promise<void> => {
      await tx
        .update(bases)
        .set({ ...values, updated_at: sql`now()` })
        .where(eq(bases.id, id));
    },
    listThemes: async (
      { search, is_active }: { search?: string; is_active?: boolean },
      page: Page,
    ): Promise<{ rows: ModeratedTheme[]; total: number }> => {
      const where = and(
        isListed,
        is_active === undefined ? undefined : eq(themes.is_active, is_active),
        matches(search, themes.name, themes.id, themes.created_by_user_id),
      );
      const [rows, total] = await Promise.all([
        selectThemes(db).where(where).orderBy(desc(themes.created_at), themes.id).limit(page.limit).offset(page.offset),
        db.$count(themes, where),
      ]);
      return { rows, total };
    },
    /** Locked until the transaction ends. */
    lockTheme: async (tx: Queries, id: string): Promise<ModeratedTheme | undefined> =>
      (
        await selectThemes(tx)
          .where(and(eq(themes.id, id), isListed))
          .for("no key update", { of: themes })
      )[0],
    updateTheme: moderateTheme,
    listReviews: async ({ search }: { search?: string }, page: Page): Promise<{ rows: AdminReview[]; total: number }> => {
      const where =
        search === undefined
          ? undefined
          : or(
              ilike(reviews.comment, part(search)),
              sql`${reviews.user_id} in (select u.id from users u where u.username ilike ${part(search)})`,
            );
      const [rows, total] = await Promise.all([
        selectReviews(db).where(where).orderBy(desc(reviews.created_at), reviews.id).limit(page.limit).offset(page.offset),
        db.$count(reviews, where),
      ]);
      return { rows, total };
    },
    /** Deletes a review under the item's lock and recounts the item; `undefined` when the review is gone. */
    removeReview: async (tx: Queries, id: string): Promise<AdminReview | undefined> => {
      const [found] = await selectReviews(tx).where(eq(reviews.id, id));
      if (!found) return undefined;
      const item = found.item_type === "agent" ? agents : bases;
      await tx.select({ id: item.id }).from(item).where(eq(item.id, found.item_id)).for("no key update");
      if ((await tx.delete(reviews).where(eq(reviews.id, id)).returning({ id: reviews.id })).length === 0) return undefined;
      await recount(tx, found.item_type, found.item_id);
      return found;
    },
  };
}
