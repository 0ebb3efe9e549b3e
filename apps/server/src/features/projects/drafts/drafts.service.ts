import type { ProjectDraft } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import type { ProjectDraftRow } from "../../../db/schema/projects.ts";
import type { DraftsStore } from "./drafts.store.ts";

export type Drafts = ReturnType<typeof createDrafts>;
/** The prompt that a user wrote but did not build yet: one per user. */
export function createDrafts({ store }: { store: DraftsStore }) {
  return {
    get: async (userId: string): Promise<ProjectDraft | null> => present(await store.find(userId)),
    /** Null deletes it. */
    save: async (userId: string, draft: Omit<ProjectDraft, "updated_at"> | null): Promise<ProjectDraft | null> => {
      if (draft) return present(await store.save(userId, draft));
      await store.remove(userId);
      return null;
    },
    /** Deletes the draft if the message has its text. A draft that was written since stays. */
    forget: async (tx: Queries, userId: string, message: string): Promise<void> => {
      const row = await store.find(userId, tx);
      if (row?.text.trim() === message) await store.remove(userId, tx);
    },
  };
}

const present = (row: ProjectDraftRow | undefined): ProjectDraft | null =>
  row ? { text: row.text, base_id: row.base_id, is_submitted: row.is_submitted, updated_at: row.updated_at } : null;
