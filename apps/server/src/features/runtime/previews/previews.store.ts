import { inLockOrder, saveContainerPositions } from "../containers/index.ts";
import { and, asc, count, eq, sql } from "drizzle-orm";
import type { SavePositions } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { previews, previewShares, type PreviewRow } from "../../../db/schema/runtime.ts";

export type PreviewsStore = ReturnType<typeof createPreviewsStore>;
export interface MovedItem {
  containers: { id: string; position_x: number; position_y: number }[];
  previews: Pick<PreviewRow, "id" | "position_x" | "position_y" | "width" | "height">[];
}

export function createPreviewsStore(db: Database) {
  return {
    list: async (projectId: string, page: { limit: number; offset: number }) => {
      const where = eq(previews.project_id, projectId);
      const [rows, [total]] = await Promise.all([
        db.select().from(previews).where(where).orderBy(asc(previews.created_at), asc(previews.id)).limit(page.limit).offset(page.offset),
        db.select({ n: count() }).from(previews).where(where),
      ]);
      return { rows, total: total?.n ?? 0 };
    },
    find: async (projectId: string, id: string): Promise<PreviewRow | undefined> =>
      (
        await db
          .select()
          .from(previews)
          .where(and(eq(previews.id, id), eq(previews.project_id, projectId)))
      )[0],
    /** Inserts unless the project has `limit` previews; safe for concurrent calls. */
    insertWithin: (limit: number, values: typeof previews.$inferInsert): Promise<PreviewRow | undefined> =>
      db.transaction(async (tx) => {
        await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`previews:${values.project_id}`}, 0))`);
        const [known] = await tx.select({ n: count() }).from(previews).where(eq(previews.project_id, values.project_id));
        if ((known?.n ?? 0) >= limit) return undefined;
        return (await tx.insert(previews).values(values).returning())[0];
      }),
    /** A new container invalidates links to the old one. */
    update: (id: string, values: Partial<typeof previews.$inferInsert>): Promise<PreviewRow | undefined> =>
      db.transaction(async (tx) => {
        const [row] = await tx
          .update(previews)
          .set({ ...values, updated_at: sql`now()` })
          .where(eq(previews.id, id))
          .returning();
        if (row && values.connected_container_id !== undefined)
          await tx
            .delete(previewShares)
            .where(
              and(
                eq(previewShares.preview_id, id),
                sql`${previewShares.container_id} is distinct from ${row.connected_container_id}::uuid`,
              ),
            );
        return row;
      }),
    /** Copies a project's previews into a fork, pointing to the copied containers. */
    copyAll: async (tx: Queries, from: string, to: string, containerOf: ReadonlyMap<string, string>): Promise<void> => {
      const rows = await tx.select().from(previews).where(eq(previews.project_id, from));
      const copies = rows.map(({ id: _id, connected_container_id: shown, ...row }) => ({
        ...row,
        project_id: to,
        connected_container_id: shown === null ? null : (containerOf.get(shown) ?? null),
      }));
      if (copies.length > 0) await tx.insert(previews).values(copies);
    },
    remove: async (id: string): Promise<void> => {
      await db.delete(previews).where(eq(previews.id, id));
    },
    /** Moves items that exist in the project, in one transaction. Returns what was moved. */
    savePositions: (projectId: string, wanted: SavePositions): Promise<MovedItem> =>
      db.transaction(async (tx) => ({
        containers: await saveContainerPositions(tx, projectId, wanted.containers ?? []),
        previews: await savePreviewPositions(tx, projectId, wanted.previews ?? []),
      })),
  };
}

async function savePreviewPositions(tx: Queries, projectId: string, wanted: NonNullable<SavePositions["previews"]>) {
  const moved: MovedItem["previews"] = [];
  for (const { id, ...position } of inLockOrder(wanted)) {
    const [row] = await tx
      .update(previews)
      .set({ ...position, updated_at: sql`now()` })
      .where(and(eq(previews.id, id), eq(previews.project_id, projectId)))
      .returning({
        id: previews.id,
        position_x: previews.position_x,
        position_y: previews.position_y,
        width: previews.width,
        height: previews.height,
      });
    if (row) moved.push(row);
  }
  return moved;
}
