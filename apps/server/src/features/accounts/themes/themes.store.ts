import { resetTheme } from "../users/index.ts";
import { and, asc, desc, eq, isNull, or, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { users, themes, type ThemeRow } from "../../../db/schema/accounts.ts";
import { libraryThemes } from "../../../db/schema/store.ts";

export type NewTheme = typeof themes.$inferInsert;
export interface ThemeFilter {
  mode?: ThemeRow["mode"] | undefined;
  category?: ThemeRow["category"] | undefined;
}

/** Columns that seeding updates; those changed at run time (active, featured, counts) are kept. */
const content = [
  "name",
  "mode",
  "author",
  "version",
  "description",
  "theme_json",
  "revision",
  "category",
  "icon",
  "tags",
  "is_default",
  "sort_order",
] as const satisfies (keyof ThemeRow)[];

export type ThemesStore = ReturnType<typeof createThemesStore>;
export function createThemesStore(db: Database) {
  const isOwn = (id: string, userId: string) => and(eq(themes.id, id), eq(themes.created_by_user_id, userId));
  const isListed = and(eq(themes.is_active, true), eq(themes.is_published, true));
  const isOfficial = and(isNull(themes.created_by_user_id), isListed);
  const isInLibrary = (userId: string) =>
    sql`exists (select 1 from ${libraryThemes} where ${libraryThemes.theme_id} = ${themes.id} and ${libraryThemes.user_id} = ${userId} and ${libraryThemes.removed_at} is null)`;
  /** Published, their own, or in their library. */
  const isVisibleTo = (userId: string | undefined) =>
    userId === undefined
      ? isListed
      : or(isListed, eq(themes.created_by_user_id, userId), and(eq(themes.is_active, true), isInLibrary(userId)));
  const visible = (q: Queries, id: string, userId: string | undefined) =>
    q
      .select()
      .from(themes)
      .where(and(eq(themes.id, id), isVisibleTo(userId)));
  // Lock order: themes before users.
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    upsertOfficial: async (rows: NewTheme[]): Promise<void> => {
      await db
        .insert(themes)
        .values(rows)
        .onConflictDoUpdate({
          target: themes.id,
          set: {
            ...Object.fromEntries(content.map((column) => [column, sql.raw(`excluded.${column}`)])),
            updated_at: sql`now()`,
          },
          setWhere: sql`${themes.created_by_user_id} is null and ${themes.revision} <> excluded.revision`,
        });
    },
    listOfficial: async (
      { mode, category }: ThemeFilter,
      page: { limit: number; offset: number },
    ): Promise<{ rows: ThemeRow[]; total: number }> => {
      const where = and(isOfficial, mode && eq(themes.mode, mode), category && eq(themes.category, category));
      const [rows, total] = await Promise.all([
        db
          .select()
          .from(themes)
          .where(where)
          .orderBy(asc(themes.sort_order), asc(themes.name), asc(themes.id))
          .limit(page.limit)
          .offset(page.offset),
        db.$count(themes, where),
      ]);
      return { rows, total };
    },
    listOwn: async (userId: string, page: { limit: number; offset: number }): Promise<{ rows: ThemeRow[]; total: number }> => {
      const where = eq(themes.created_by_user_id, userId);
      const [rows, total] = await Promise.all([
        db.select().from(themes).where(where).orderBy(desc(themes.updated_at), asc(themes.id)).limit(page.limit).offset(page.offset),
        db.$count(themes, where),
      ]);
      return { rows, total };
    },
    /** A theme visible to the user: published, their own, or in their library. */
    findVisible: async (id: string, userId: string | undefined): Promise<ThemeRow | undefined> => (await visible(db, id, userId))[0],
    /** Like `findVisible`, and locks the theme against deletion. */
    lockVisible: async (tx: Queries, id: string, userId: string): Promise<ThemeRow | undefined> =>
      (await visible(tx, id, userId).for("key share"))[0],
    findOwn: async (id: string, userId: string, tx: Queries): Promise<ThemeRow | undefined> =>
      (await tx.select().from(themes).where(isOwn(id, userId)).for("update"))[0],
    /** Locks the user and counts their themes. */
    lockAndCount: async (tx: Queries, userId: string): Promise<number> => {
      await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for("no key update");
      return (
        (
          await tx
            .select({ n: sql<number>`count(*)::int` })
            .from(themes)
            .where(eq(themes.created_by_user_id, userId))
        )[0]?.n ?? 0
      );
    },
    /** `undefined` when the id is taken. */
    insert: async (tx: Queries, row: NewTheme): Promise<ThemeRow | undefined> =>
      (await tx.insert(themes).values(row).onConflictDoNothing().returning())[0],
    update: async (tx: Queries, id: string, values: Partial<NewTheme>): Promise<ThemeRow | undefined> =>
      (
        await tx
          .update(themes)
          .set({ ...values, updated_at: sql`now()` })
          .where(eq(themes.id, id))
          .returning()
      )[0],
    /** Users of the theme return to the default one. */
    remove: async (tx: Queries, id: string): Promise<void> => {
      await tx.delete(themes).where(eq(themes.id, id));
      await resetTheme(tx, id);
    },
  };
}
/** Of an administrator's decision. */
export async function moderateTheme(q: Queries, id: string, values: Pick<Partial<ThemeRow>, "is_active" | "is_featured">): Promise<void> {
  await q.update(themes).set(values).where(eq(themes.id, id));
}
/** One more user has the theme in their library. */
export async function countThemeDownload(q: Queries, id: string): Promise<void> {
  await q
    .update(themes)
    .set({ downloads: sql`${themes.downloads} + 1` })
    .where(eq(themes.id, id));
}
/** Before a user is deleted: themes that others use or have in their library stay and belong to `newOwner`. The others are deleted with the user. */
export async function giveAwayThemesOf(q: Queries, userId: string, newOwner: { id: string; name: string }): Promise<void> {
  await q
    .update(themes)
    .set({ created_by_user_id: newOwner.id, author: newOwner.name })
    .where(
      and(
        eq(themes.created_by_user_id, userId),
        or(
          sql`exists (select 1 from ${libraryThemes} where ${libraryThemes.theme_id} = ${themes.id} and ${libraryThemes.user_id} <> ${userId})`,
          sql`exists (select 1 from ${users} where ${users.theme_preset} = ${themes.id} and ${users.id} <> ${userId})`,
        ),
      ),
    );
}
