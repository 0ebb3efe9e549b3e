import { and, desc, eq, inArray, isNotNull, isNull, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { themes, users, type ThemeRow } from "../../../db/schema/accounts.ts";
import { libraryThemes } from "../../../db/schema/store.ts";
import { countThemeDownload } from "../../accounts/themes/index.ts";
import { creatorColumns } from "./creator.store.ts";
import type { CreatorRow } from "./creator.ts";

export interface FoundTheme {
  theme: ThemeRow;
  creator: CreatorRow | null;
  /** Since when it is in the viewer's library; null: it is not. */
  added_at: string | null;
}
interface Page {
  limit: number;
  offset: number;
}

export type ThemeListings = ReturnType<typeof createThemeListings>;
/** Themes of the store and of libraries. `accounts/themes` decides who sees one. */
export function createThemeListings(db: Database) {
  const isEntryOf = (viewerId: string | undefined) =>
    viewerId === undefined
      ? sql`false`
      : and(eq(libraryThemes.theme_id, themes.id), eq(libraryThemes.user_id, viewerId), isNull(libraryThemes.removed_at));
  const select = (viewerId: string | undefined) =>
    db
      .select({ theme: themes, creator: creatorColumns, added_at: libraryThemes.created_at })
      .from(themes)
      .leftJoin(users, eq(users.id, themes.created_by_user_id))
      .leftJoin(libraryThemes, isEntryOf(viewerId));
  const isEntry = (userId: string, id: string) => and(eq(libraryThemes.user_id, userId), eq(libraryThemes.theme_id, id));
  /** Those of others that no administrator hid. */
  const isOfOthers = (userId: string) =>
    and(
      isNotNull(libraryThemes.created_at),
      eq(themes.is_active, true),
      isNotNull(themes.created_by_user_id),
      sql`${themes.created_by_user_id} <> ${userId}`,
    );
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    cardsOf: async (ids: readonly string[], viewerId: string | undefined): Promise<FoundTheme[]> =>
      ids.length === 0 ? [] : select(viewerId).where(inArray(themes.id, [...ids])),
    listLibrary: async (userId: string, page: Page): Promise<{ rows: FoundTheme[]; total: number }> => {
      const [rows, [counted]] = await Promise.all([
        select(userId).where(isOfOthers(userId)).orderBy(desc(libraryThemes.created_at), themes.id).limit(page.limit).offset(page.offset),
        db
          .select({ n: sql<number>`count(*)::int` })
          .from(themes)
          .innerJoin(libraryThemes, isEntryOf(userId))
          .where(isOfOthers(userId)),
      ]);
      return { rows, total: counted?.n ?? 0 };
    },
    /** Requires a lock of the theme. `isNew`: it was not in the library; `isFirst`: it never was. */
    add: async (tx: Queries, userId: string, id: string): Promise<{ isNew: boolean; isFirst: boolean }> => {
      const [before] = await tx.select().from(libraryThemes).where(isEntry(userId, id)).for("update");
      if (before && before.removed_at === null) return { isNew: false, isFirst: false };
      const { rows } = await tx.execute<{ is_first: boolean }>(sql`
        insert into library_themes (user_id, theme_id) values (${userId}, ${id})
        on conflict (user_id, theme_id) do update set removed_at = null, created_at = now()
        returning (xmax = 0) as is_first`);
      return { isNew: true, isFirst: rows[0]?.is_first === true };
    },
    countDownload: countThemeDownload,
    /** False when it was not in the library. */
    remove: async (tx: Queries, userId: string, id: string): Promise<boolean> =>
      (
        await tx
          .update(libraryThemes)
          .set({ removed_at: sql`now()` as never })
          .where(and(isEntry(userId, id), isNull(libraryThemes.removed_at)))
          .returning({ id: libraryThemes.theme_id })
      ).length > 0,
  };
}
