import { and, eq, sql } from "drizzle-orm";
import type { Database } from "../../../platform/database.ts";
import { projectNotes, type NotesRow } from "../../../db/schema/projects.ts";

export type NotesStore = ReturnType<typeof createNotesStore>;
export function createNotesStore(db: Database) {
  return {
    find: async (projectId: string): Promise<NotesRow | undefined> =>
      (await db.select().from(projectNotes).where(eq(projectNotes.project_id, projectId)))[0],
    /** Inserts version 1; `undefined` when the notes exist. */
    insert: async (projectId: string, content: string): Promise<NotesRow | undefined> =>
      (await db.insert(projectNotes).values({ project_id: projectId, content }).onConflictDoNothing().returning())[0],
    /** Writes the next version; `undefined` when the current one is not `expected`. */
    update: async (projectId: string, content: string, expected: number | undefined): Promise<NotesRow | undefined> =>
      (
        await db
          .update(projectNotes)
          .set({ content, version: sql`${projectNotes.version} + 1`, updated_at: sql`now()` })
          .where(and(eq(projectNotes.project_id, projectId), expected === undefined ? undefined : eq(projectNotes.version, expected)))
          .returning()
      )[0],
  };
}
