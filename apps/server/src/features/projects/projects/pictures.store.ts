import { eq, sql } from "drizzle-orm";
import type { Database } from "../../../platform/database.ts";
import { projectPictures, projects } from "../../../db/schema/projects.ts";

export type PicturesStore = ReturnType<typeof createPicturesStore>;
export function createPicturesStore(db: Database) {
  return {
    /** Replaces the pictures of a project. Returns when they were stored; undefined if the project is gone. */
    replace: (projectId: string, pictures: { light: Buffer; dark: Buffer }): Promise<string | undefined> =>
      db.transaction(async (tx) => {
        const [row] = await tx
          .update(projects)
          .set({ pictured_at: sql`now()` })
          .where(eq(projects.id, projectId))
          .returning({ pictured_at: projects.pictured_at });
        if (!row) return undefined;
        const values = { light: pictures.light.toString("base64"), dark: pictures.dark.toString("base64") };
        await tx
          .insert(projectPictures)
          .values({ project_id: projectId, ...values })
          .onConflictDoUpdate({ target: projectPictures.project_id, set: values });
        return row.pictured_at ?? undefined;
      }),
    find: async (projectId: string): Promise<{ light: Buffer; dark: Buffer } | undefined> => {
      const [row] = await db.select().from(projectPictures).where(eq(projectPictures.project_id, projectId));
      return row && { light: Buffer.from(row.light, "base64"), dark: Buffer.from(row.dark, "base64") };
    },
    read: async (projectId: string, theme: "light" | "dark"): Promise<Buffer | undefined> => {
      const [row] = await db
        .select({ data: projectPictures[theme] })
        .from(projectPictures)
        .where(eq(projectPictures.project_id, projectId));
      return row && Buffer.from(row.data, "base64");
    },
  };
}
