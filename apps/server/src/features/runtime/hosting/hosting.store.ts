import { and, asc, count, eq, getTableColumns, inArray, ne, sql } from "drizzle-orm";
import type { Tier } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { projects, type ProjectRow } from "../../../db/schema/projects.ts";
import { setProjectHosting } from "../../projects/projects/index.ts";
import { users } from "../../../db/schema/accounts.ts";

const isThere = ne(projects.environment_status, "deleting");

export type HostingStore = ReturnType<typeof createHostingStore>;
export function createHostingStore(db: Database) {
  const deployedOf = (owner: string, q: Queries = db) =>
    q
      .select({ id: projects.id, slug: projects.slug, name: projects.name, deployed_at: projects.deployed_at })
      .from(projects)
      .where(and(eq(projects.owner_id, owner), eq(projects.is_deployed, true), isThere))
      .orderBy(asc(projects.deployed_at), asc(projects.id));
  /** The tier and the purchased slots. */
  const planOf = async (userId: string, q: Queries = db): Promise<{ tier: Tier; slots: number }> =>
    (await q.select({ tier: users.subscription_tier, slots: users.purchased_deploy_slots }).from(users).where(eq(users.id, userId)))[0] ?? {
      tier: "free",
      slots: 0,
    };
  return {
    deployedOf,
    planOf,
    /** Marks the project always-on if the owner's limit allows; idempotent. One at a time per owner. */
    deploy: (project: Pick<ProjectRow, "id" | "owner_id">, limits: Record<Tier, number>) =>
      db.transaction(async (tx) => {
        await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`hosting:${project.owner_id}`}, 0))`);
        const deployed = await deployedOf(project.owner_id, tx);
        const { tier, slots } = await planOf(project.owner_id, tx);
        const limit = limits[tier] + slots;
        const isKnown = deployed.some(({ id }) => id === project.id);
        if (!isKnown && deployed.length >= limit) return { limit, deployed, row: undefined, isNew: false };
        const row = await setProjectHosting(tx, project.id, true);
        return { limit, deployed, row, isNew: !isKnown };
      }),
    /** `undefined` when it was not hosted. */
    undeploy: (id: string): Promise<ProjectRow | undefined> => setProjectHosting(db, id, false),
    countRunning: async (owner: string): Promise<number> =>
      (
        await db
          .select({ n: count() })
          .from(projects)
          .where(and(eq(projects.owner_id, owner), inArray(projects.environment_status, ["starting", "active"])))
      )[0]?.n ?? 0,
    /** Always-on projects of active owners that do not run although neither owner nor administrator stopped them. */
    listDown: (): Promise<ProjectRow[]> =>
      db
        .select(getTableColumns(projects))
        .from(projects)
        .innerJoin(users, eq(users.id, projects.owner_id))
        .where(
          and(
            eq(projects.is_deployed, true),
            sql`${users.is_active} and not ${users.is_suspended} and not ${users.is_deleted}`,
            eq(projects.environment_status, "stopped"),
            sql`coalesce(${projects.stop_reason}, '') not in ('user', 'admin')`,
          ),
        )
        .orderBy(asc(projects.deployed_at)),
  };
}
