import { eq, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { containerCredentials, containers, type CredentialRow } from "../../../db/schema/runtime.ts";

export type CredentialsStore = ReturnType<typeof createCredentialsStore>;
export function createCredentialsStore(db: Database) {
  return {
    find: async (containerId: string, q: Queries = db): Promise<CredentialRow | undefined> =>
      (await q.select().from(containerCredentials).where(eq(containerCredentials.container_id, containerId)))[0],
    listAll: async (projectId: string): Promise<CredentialRow[]> =>
      (
        await db
          .select({ row: containerCredentials })
          .from(containerCredentials)
          .innerJoin(containers, eq(containers.id, containerCredentials.container_id))
          .where(eq(containers.project_id, projectId))
      ).map(({ row }) => row),
    /** Stores them and sets the container's reference. */
    put: async (tx: Queries, containerId: string, encrypted: Pick<CredentialRow, "encrypted_values" | "keys">): Promise<void> => {
      const [row] = await tx
        .insert(containerCredentials)
        .values({ container_id: containerId, ...encrypted })
        .onConflictDoUpdate({ target: containerCredentials.container_id, set: { ...encrypted, updated_at: sql`now()` } })
        .returning();
      await tx
        .update(containers)
        .set({ credentials_id: row?.id ?? null, updated_at: sql`now()` })
        .where(eq(containers.id, containerId));
    },
  };
}
