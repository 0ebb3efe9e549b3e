import { and, asc, eq, inArray, sql } from "drizzle-orm";
import type { Database } from "../../../platform/database.ts";
import { deploymentTargetContainers, deploymentTargets, type TargetRow } from "../../../db/schema/delivery.ts";

export type DeploymentTargetsStore = ReturnType<typeof createDeploymentTargetsStore>;
export function createDeploymentTargetsStore(db: Database) {
  return {
    list: async (projectId: string, page: { limit: number; offset: number }) => {
      const where = eq(deploymentTargets.project_id, projectId);
      const [rows, total] = await Promise.all([
        db
          .select()
          .from(deploymentTargets)
          .where(where)
          .orderBy(asc(deploymentTargets.created_at), asc(deploymentTargets.id))
          .limit(page.limit)
          .offset(page.offset),
        db.$count(deploymentTargets, where),
      ]);
      return { rows, total };
    },
    find: async (projectId: string, id: string): Promise<TargetRow | undefined> =>
      (
        await db
          .select()
          .from(deploymentTargets)
          .where(and(eq(deploymentTargets.id, id), eq(deploymentTargets.project_id, projectId)))
      )[0],
    insert: async (values: typeof deploymentTargets.$inferInsert): Promise<TargetRow> =>
      (await db.insert(deploymentTargets).values(values).returning())[0] as TargetRow,
    update: async (id: string, values: Partial<TargetRow>): Promise<TargetRow | undefined> =>
      (
        await db
          .update(deploymentTargets)
          .set({ ...values, updated_at: sql`now()` })
          .where(eq(deploymentTargets.id, id))
          .returning()
      )[0],
    remove: async (id: string): Promise<void> => {
      await db.delete(deploymentTargets).where(eq(deploymentTargets.id, id));
    },
    attach: async (target_id: string, container_id: string): Promise<void> => {
      await db.insert(deploymentTargetContainers).values({ target_id, container_id }).onConflictDoNothing();
    },
    detach: async (targetId: string, containerId: string): Promise<boolean> =>
      (
        await db
          .delete(deploymentTargetContainers)
          .where(and(eq(deploymentTargetContainers.target_id, targetId), eq(deploymentTargetContainers.container_id, containerId)))
          .returning()
      ).length > 0,
    /** Container ids of each target, in the order they were attached. */
    containersOf: async (ids: readonly string[]): Promise<Map<string, string[]>> => {
      const all = new Map<string, string[]>();
      if (ids.length === 0) return all;
      for (const { target_id, container_id } of await db
        .select()
        .from(deploymentTargetContainers)
        .where(inArray(deploymentTargetContainers.target_id, [...ids]))
        .orderBy(asc(deploymentTargetContainers.created_at), asc(deploymentTargetContainers.container_id)))
        all.set(target_id, [...(all.get(target_id) ?? []), container_id]);
      return all;
    },
  };
}
