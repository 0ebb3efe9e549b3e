import { and, asc, eq, inArray, isNotNull, lte, ne, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { containers } from "../../../db/schema/runtime.ts";
import { deploymentSites, domains, type DomainRow, type SiteRow } from "../../../db/schema/delivery.ts";

export type SiteWithContainer = SiteRow & { container_name: string };

export type DomainsStore = ReturnType<typeof createDomainsStore>;
export function createDomainsStore(db: Database) {
  const isLocal = eq(deploymentSites.provider, "local");
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    listSites: async (projectId: string, q: Queries = db): Promise<SiteWithContainer[]> =>
      (
        await q
          .select({ site: deploymentSites, name: containers.name })
          .from(deploymentSites)
          .innerJoin(containers, eq(containers.id, deploymentSites.container_id))
          .where(and(isLocal, eq(deploymentSites.project_id, projectId)))
          .orderBy(asc(deploymentSites.created_at))
      ).map(({ site, name }) => ({ ...site, container_name: name })),
    findSite: async (projectId: string, containerId: string, q: Queries = db): Promise<SiteRow | undefined> =>
      (
        await q
          .select()
          .from(deploymentSites)
          .where(and(isLocal, eq(deploymentSites.project_id, projectId), eq(deploymentSites.container_id, containerId)))
      )[0],
    listDomains: async (projectId: string): Promise<DomainRow[]> =>
      db.select().from(domains).where(eq(domains.project_id, projectId)).orderBy(asc(domains.created_at)),
    findDomain: async (projectId: string, id: string): Promise<DomainRow | undefined> =>
      (
        await db
          .select()
          .from(domains)
          .where(and(eq(domains.project_id, projectId), eq(domains.id, id)))
      )[0],
    countDomains: async (tx: Queries, projectId: string): Promise<number> => tx.$count(domains, eq(domains.project_id, projectId)),
    /** Undefined when the project has the domain already. */
    insert: async (tx: Queries, values: typeof domains.$inferInsert): Promise<DomainRow | undefined> =>
      (await tx.insert(domains).values(values).onConflictDoNothing().returning())[0],
    update: async (id: string, values: Partial<typeof domains.$inferInsert>, q: Queries = db): Promise<DomainRow | undefined> =>
      (await q.update(domains).set(values).where(eq(domains.id, id)).returning())[0],
    makePrimary: async (tx: Queries, row: DomainRow): Promise<void> => {
      await tx
        .update(domains)
        .set({ is_primary: false })
        .where(and(eq(domains.container_id, row.container_id), ne(domains.id, row.id)));
      await tx.update(domains).set({ is_primary: true }).where(eq(domains.id, row.id));
    },
    remove: async (id: string): Promise<void> => {
      await db.delete(domains).where(eq(domains.id, id));
    },
    /** Who has proven the name, locked. */
    lockVerified: async (tx: Queries, hostname: string): Promise<DomainRow | undefined> =>
      (
        await tx
          .select()
          .from(domains)
          .where(and(eq(domains.hostname, hostname), isNotNull(domains.verified_at)))
          .for("update")
      )[0],
    listDue: async (limit: number): Promise<DomainRow[]> =>
      db
        .select()
        .from(domains)
        .where(lte(domains.next_check_at, sql`now()`))
        .orderBy(asc(domains.next_check_at))
        .limit(limit),

    /** Proven domains with these names, with the name of their site. */
    findServed: async (hostnames: readonly string[]): Promise<{ domain: DomainRow; site: SiteRow }[]> =>
      db
        .select({ domain: domains, site: deploymentSites })
        .from(domains)
        .innerJoin(deploymentSites, and(eq(deploymentSites.container_id, domains.container_id), isLocal))
        .where(and(inArray(domains.hostname, [...hostnames]), isNotNull(domains.verified_at))),
    /** All names that are served. */
    listServed: async (): Promise<{ hostname: string; has_counterpart: boolean }[]> =>
      db
        .select({ hostname: domains.hostname, has_counterpart: domains.has_counterpart })
        .from(domains)
        .where(isNotNull(domains.verified_at)),
    findSiteByName: async (name: string): Promise<SiteRow | undefined> =>
      (
        await db
          .select()
          .from(deploymentSites)
          .where(and(isLocal, eq(deploymentSites.name, name)))
      )[0],
    listTakenNames: async (names: readonly string[]): Promise<string[]> =>
      (
        await db
          .select({ name: deploymentSites.name })
          .from(deploymentSites)
          .where(and(isLocal, inArray(deploymentSites.name, [...names])))
      ).map(({ name }) => name),
    findPrimary: async (containerId: string): Promise<DomainRow | undefined> =>
      (
        await db
          .select()
          .from(domains)
          .where(and(eq(domains.container_id, containerId), eq(domains.is_primary, true), isNotNull(domains.verified_at)))
      )[0],
  };
}
