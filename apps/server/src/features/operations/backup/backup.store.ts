import { asc } from "drizzle-orm";
import { projects } from "../../../db/schema/projects.ts";
import type { Database } from "../../../platform/database.ts";

/** What a backup says about its content. */
export const createBackupStore = (db: Database) => ({
  projects: () => db.select({ id: projects.id, slug: projects.slug, name: projects.name }).from(projects).orderBy(asc(projects.slug)),
});
