import { and, desc, eq, isNull, or, sql } from "drizzle-orm";
import type { RemoteProvider } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { deploymentCredentials, type DeploymentCredentialRow } from "../../../db/schema/delivery.ts";

interface Filter {
  provider?: RemoteProvider | undefined;
  project_id?: string | undefined;
}
export type NewDeploymentCredential = Pick<
  DeploymentCredentialRow,
  "user_id" | "project_id" | "provider" | "kind" | "encrypted_tokens" | "expires_at" | "metadata"
>;

export type DeploymentCredentialsStore = ReturnType<typeof createDeploymentCredentialsStore>;
export function createDeploymentCredentialsStore(db: Database) {
  const t = deploymentCredentials;
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    list: async (userId: string, { provider, project_id }: Filter, page: { limit: number; offset: number }) => {
      const wanted = and(
        eq(t.user_id, userId),
        provider === undefined ? undefined : eq(t.provider, provider),
        project_id === undefined ? undefined : eq(t.project_id, project_id),
      );
      const [rows, total] = await Promise.all([
        db.select().from(t).where(wanted).orderBy(desc(t.created_at), t.id).limit(page.limit).offset(page.offset),
        db.$count(t, wanted),
      ]);
      return { rows, total };
    },
    /** Providers for which a user has a credential. */
    providersOf: async (userId: string): Promise<RemoteProvider[]> =>
      (await db.selectDistinct({ provider: t.provider }).from(t).where(eq(t.user_id, userId))).map(({ provider }) => provider),
    find: async (userId: string, id: string): Promise<DeploymentCredentialRow | undefined> =>
      (
        await db
          .select()
          .from(t)
          .where(and(eq(t.id, id), eq(t.user_id, userId)))
      )[0],
    /** The credential for exactly that user, provider and project. */
    at: async (key: {
      user_id: string;
      provider: RemoteProvider;
      project_id: string | null;
    }): Promise<DeploymentCredentialRow | undefined> =>
      (
        await db
          .select()
          .from(t)
          .where(
            and(
              eq(t.user_id, key.user_id),
              eq(t.provider, key.provider),
              key.project_id === null ? isNull(t.project_id) : eq(t.project_id, key.project_id),
            ),
          )
      )[0],
    /** The project's own, otherwise the default. */
    choose: async (userId: string, projectId: string, provider: RemoteProvider): Promise<DeploymentCredentialRow | undefined> =>
      (
        await db
          .select()
          .from(t)
          .where(and(eq(t.user_id, userId), eq(t.provider, provider), or(eq(t.project_id, projectId), isNull(t.project_id))))
          .orderBy(sql`${t.project_id} nulls last`)
          .limit(1)
      )[0],
    /** Locks the row until the transaction ends. */
    lock: async (tx: Queries, id: string): Promise<DeploymentCredentialRow | undefined> =>
      (await tx.select().from(t).where(eq(t.id, id)).for("update"))[0],
    /** One statement, so that two concurrent saves cannot both insert. */
    upsert: async (values: NewDeploymentCredential): Promise<{ row: DeploymentCredentialRow; isNew: boolean }> => {
      const { user_id: _user, project_id: _project, provider: _provider, ...rest } = values;
      const [found] = await db
        .insert(t)
        .values(values)
        .onConflictDoUpdate({
          target: [t.user_id, t.provider, t.project_id],
          set: { ...rest, needs_reconnect: false, updated_at: sql`now()` },
        })
        .returning({ id: t.id, isNew: sql<boolean>`xmax = 0` });
      if (!found) throw new Error("credential neither inserted nor replaced");
      const [row] = await db.select().from(t).where(eq(t.id, found.id));
      if (!row) throw new Error("credential deleted");
      return { row, isNew: found.isNew };
    },
    update: async (id: string, values: Partial<DeploymentCredentialRow>, q: Queries = db): Promise<DeploymentCredentialRow | undefined> =>
      (
        await q
          .update(t)
          .set({ ...values, updated_at: sql`now()` })
          .where(eq(t.id, id))
          .returning()
      )[0],
    remove: async (userId: string, id: string): Promise<DeploymentCredentialRow | undefined> =>
      (
        await db
          .delete(t)
          .where(and(eq(t.id, id), eq(t.user_id, userId)))
          .returning()
      )[0],
  };
}
