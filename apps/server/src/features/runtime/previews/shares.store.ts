import { and, count, desc, eq, gt, inArray, sql } from "drizzle-orm";
import type { Database } from "../../../platform/database.ts";
import { projects } from "../../../db/schema/projects.ts";
import { users, type UserRow } from "../../../db/schema/accounts.ts";
import { previews, previewShares, previewShareVisits, type PreviewShareRow } from "../../../db/schema/runtime.ts";

export interface ShareVisit {
  share_id: string;
  visited_at: string;
  ip: string;
  user_agent: string | null;
}

export type SharesStore = ReturnType<typeof createSharesStore>;
export function createSharesStore(db: Database) {
  const isOpen = gt(previewShares.expires_at, sql`now()`);
  return {
    /** Inserts unless the preview has `limit` active links. Deletes expired ones and their visits after a month. */
    insertWithin: (
      limit: number,
      values: Omit<typeof previewShares.$inferInsert, "expires_at">,
      lifetimeSeconds: number,
    ): Promise<PreviewShareRow | undefined> =>
      db.transaction(async (tx) => {
        await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`shares:${values.preview_id}`}, 0))`);
        const own = eq(previewShares.preview_id, values.preview_id);
        await tx.delete(previewShares).where(and(own, sql`${previewShares.expires_at} < now() - interval '30 days'`));
        const [known] = await tx.select({ n: count() }).from(previewShares).where(and(own, isOpen));
        if ((known?.n ?? 0) >= limit) return undefined;
        return (
          await tx
            .insert(previewShares)
            .values({ ...values, expires_at: sql`now() + make_interval(secs => ${lifetimeSeconds})` as never })
            .returning()
        )[0];
      }),
    list: async (previewId: string, page: { limit: number; offset: number }) => {
      const where = and(eq(previewShares.preview_id, previewId), isOpen);
      const [rows, [total]] = await Promise.all([
        db
          .select()
          .from(previewShares)
          .where(where)
          .orderBy(desc(previewShares.created_at), desc(previewShares.id))
          .limit(page.limit)
          .offset(page.offset),
        db.select({ n: count() }).from(previewShares).where(where),
      ]);
      return { rows, total: total?.n ?? 0 };
    },
    /** Newest first. */
    visitsOf: async (shareIds: readonly string[]): Promise<ShareVisit[]> =>
      shareIds.length === 0
        ? []
        : db
            .select()
            .from(previewShareVisits)
            .where(inArray(previewShareVisits.share_id, [...shareIds]))
            .orderBy(desc(previewShareVisits.visited_at), desc(previewShareVisits.id)),
    /** An active link, with its project's owner and its preview. */
    findOpen: async (id: string): Promise<{ share: PreviewShareRow; path: string; project_id: string; owner: UserRow } | undefined> =>
      (
        await db
          .select({ share: previewShares, path: previews.current_path, project_id: projects.id, owner: users })
          .from(previewShares)
          .innerJoin(previews, eq(previews.id, previewShares.preview_id))
          .innerJoin(projects, eq(projects.id, previews.project_id))
          .innerJoin(users, eq(users.id, projects.owner_id))
          .where(and(eq(previewShares.id, id), isOpen, sql`${projects.environment_status} <> 'deleting'`))
      )[0],
    /** Whether there was such a link. */
    remove: async (previewId: string, id: string): Promise<boolean> =>
      (
        await db
          .delete(previewShares)
          .where(and(eq(previewShares.id, id), eq(previewShares.preview_id, previewId)))
          .returning({ id: previewShares.id })
      ).length > 0,
    /** Records a visit and deletes all but the newest `kept` of that link. */
    addVisit: (visit: Omit<ShareVisit, "visited_at">, kept: number): Promise<void> =>
      db.transaction(async (tx) => {
        const [share] = await tx
          .update(previewShares)
          .set({ visit_count: sql`${previewShares.visit_count} + 1`, last_visited_at: sql`now()` })
          .where(eq(previewShares.id, visit.share_id))
          .returning({ id: previewShares.id });
        if (!share) return;
        await tx.insert(previewShareVisits).values(visit);
        await tx.execute(sql`delete from preview_share_visits where share_id = ${visit.share_id} and id not in
          (select id from preview_share_visits where share_id = ${visit.share_id} order by visited_at desc, id desc limit ${kept})`);
      }),
  };
}
