import { and, desc, eq, sql } from "drizzle-orm";
import type { ElementEditRecord } from "@tesslate/contract";
import { events } from "../../../db/schema/core.ts";
import type { Database } from "../../../platform/database.ts";

/** An edit as the event log keeps it. */
export interface StoredEdit {
  seq: number;
  at: Date;
  path: string;
  edit: ElementEditRecord;
}

export type ElementEditsStore = ReturnType<typeof createElementEditsStore>;

/** Edits are read from the `file_changed` events that announced them. */
export function createElementEditsStore(db: Database) {
  const first = async (condition: ReturnType<typeof and>): Promise<StoredEdit | undefined> => {
    const [row] = await db
      .select({ seq: events.seq, at: events.ts, data: events.data })
      .from(events)
      .where(condition)
      .orderBy(desc(events.seq))
      .limit(1);
    const data = row?.data as { path: string; edit?: ElementEditRecord } | undefined;
    return row && data?.edit ? { seq: Number(row.seq), at: new Date(row.at), path: data.path, edit: data.edit } : undefined;
  };
  return {
    /** The last state of an edit. */
    find: (projectId: string, editId: string) =>
      first(and(eq(events.project_id, projectId), eq(events.type, "file_changed"), sql`${events.data}->'edit'->>'id' = ${editId}`)),
    /** The last change of a file, if it is an edit. */
    latest: (projectId: string, path: string) =>
      first(and(eq(events.project_id, projectId), eq(events.type, "file_changed"), sql`${events.data}->>'path' = ${path}`)),
  };
}
