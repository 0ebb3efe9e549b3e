import { and, asc, count, eq, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { projectSecrets, type SecretRow } from "../../../db/schema/projects.ts";

export type SecretsStore = ReturnType<typeof createSecretsStore>;
export function createSecretsStore(db: Database) {
  /** A branch has the secrets of its project. */
  const isOf = (projectId: string) =>
    eq(projectSecrets.project_id, sql`(select coalesce(p.branch_of, p.id) from projects p where p.id = ${projectId})`);
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    /** Serializes writes per project, so that the limit is exact. */
    lockProject: async (tx: Queries, projectId: string): Promise<void> => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`secrets:${projectId}`}, 0))`);
    },
    list: async (projectId: string, page: { limit: number; offset: number }) => {
      const where = eq(projectSecrets.project_id, projectId);
      const [rows, [total]] = await Promise.all([
        db.select().from(projectSecrets).where(where).orderBy(asc(projectSecrets.key)).limit(page.limit).offset(page.offset),
        db.select({ n: count() }).from(projectSecrets).where(where),
      ]);
      return { rows, total: total?.n ?? 0 };
    },
    listAll: (projectId: string): Promise<SecretRow[]> =>
      db.select().from(projectSecrets).where(isOf(projectId)).orderBy(asc(projectSecrets.key)),
    listKeys: async (tx: Queries, projectId: string): Promise<Set<string>> =>
      new Set((await tx.select({ key: projectSecrets.key }).from(projectSecrets).where(isOf(projectId))).map((r) => r.key)),
    upsert: async (tx: Queries, values: { project_id: string; key: string; encrypted_value: Buffer }): Promise<SecretRow> =>
      (
        await tx
          .insert(projectSecrets)
          .values(values)
          .onConflictDoUpdate({
            target: [projectSecrets.project_id, projectSecrets.key],
            set: { encrypted_value: values.encrypted_value, updated_at: sql`now()` },
          })
          .returning()
      )[0] as SecretRow,
    /** False when no secret has that name. */
    remove: async (projectId: string, key: string): Promise<boolean> =>
      (
        await db
          .delete(projectSecrets)
          .where(and(eq(projectSecrets.project_id, projectId), eq(projectSecrets.key, key)))
          .returning({ id: projectSecrets.id })
      ).length > 0,
  };
}
