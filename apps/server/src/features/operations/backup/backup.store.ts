import { asc, sql } from "drizzle-orm";
import { projects } from "../../../db/schema/projects.ts";
import type { Database } from "../../../platform/database.ts";
import { spareIdsKey } from "../../runtime/spares/index.ts";

/** What a backup says about its content. */
export const createBackupStore = (db: Database) => ({
  projects: () => db.select({ id: projects.id, slug: projects.slug, name: projects.name }).from(projects).orderBy(asc(projects.slug)),
  /** Ids of sandboxes that no project has. */
  spares: async (): Promise<string[]> =>
    (
      await db.execute<{ id: string }>(sql`
        select spare.id from server_settings, jsonb_array_elements_text(value) as spare(id)
        where key = ${spareIdsKey} and not exists (select 1 from projects where projects.id::text = spare.id)`)
    ).rows.map(({ id }) => id),
});
