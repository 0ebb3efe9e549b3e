import type { Notes } from "@tesslate/contract";
import { AppError, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { ProjectRow, NotesRow } from "../../../db/schema/projects.ts";
import type { NotesStore } from "./notes.store.ts";

/** What notes need of projects. */
interface ProjectAccess {
  require(userId: string, ref: string): Promise<ProjectRow>;
  touch(projectId: string): Promise<void>;
}
interface Versioned {
  notes: Notes;
  etag: string;
}

export type NotesService = ReturnType<typeof createNotes>;

/** A project's notes: one text with a version. */
export function createNotes({ store, projects, events }: { store: NotesStore; projects: ProjectAccess; events: EventLog }) {
  const mismatch = async (projectId: string) =>
    new AppError("etag_mismatch", "The notes changed since you loaded them. Reload and apply your changes again.", {
      details: { etag: etagOf(await store.find(projectId)) },
    });

  return {
    get: async (userId: string, ref: string): Promise<Versioned> => versioned(await store.find((await projects.require(userId, ref)).id)),
    /** `ifMatch`: the version to replace, from `get`. Throws `etag_mismatch` when it is not the current one. */
    put: async (userId: string, ref: string, content: string, ifMatch: string | undefined): Promise<Versioned & { isNew: boolean }> => {
      const { id } = await projects.require(userId, ref);
      const expected = ifMatch === undefined ? undefined : /^\d{1,9}$/.test(ifMatch) ? Number(ifMatch) : -1;
      const inserted = expected === undefined || expected === 0 ? await store.insert(id, content) : undefined;
      const row = inserted ?? (expected === 0 ? undefined : await store.update(id, content, expected));
      if (!row) throw expected === undefined ? notFound("Project") : await mismatch(id);
      await Promise.all([projects.touch(id), events.append(id, { type: "notes_changed", data: { etag: etagOf(row), user_id: userId } })]);
      return { ...versioned(row), isNew: inserted !== undefined };
    },
  };
}

/** Notes that were never written have version 0. */
const etagOf = (row: NotesRow | undefined) => String(row?.version ?? 0);
const versioned = (row: NotesRow | undefined): Versioned => ({
  notes: { content: row?.content ?? "", updated_at: row?.updated_at ?? null },
  etag: etagOf(row),
});
