import { resetTheme } from "../users/index.ts";
import { and, asc, desc, eq, isNull, or, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { users, themes, type ThemeRow } from "../../../db/schema/accounts.ts";

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
  const isOfficial = and(isNull(themes.created_by_user_id), eq(themes.is_active, true), eq(themes.is_published, true));
  const isOwn = (id: string, userId: string) => and(eq(themes.id, id), eq(themes.created_by_user_id, userId));
  const visible = (q: Queries, id: string, userId: string | undefined) =>
    q
      .select()
      .from(themes)
      .where(
        and(
          eq(themes.id, id),
          eq(themes.is_active, true),
          or(eq(themes.is_published, true), userId === undefined ? undefined : eq(themes.created_by_user_id, userId)),
        ),
      );
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
    /** A theme visible to the user: published, or their own. */
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
    /** False when the theme does not exist. Users of the theme return to the default one. */
    remove: async (tx: Queries, id: string, userId: string): Promise<boolean> => {
      const removed = await tx.delete(themes).where(isOwn(id, userId)).returning({ id: themes.id });
      if (removed.length === 0) return false;
      await resetTheme(tx, id);
      return true;
    },
  };
}
