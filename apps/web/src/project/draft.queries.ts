import { queryOptions, type QueryClient } from "@tanstack/react-query";
import type { ProjectDraft } from "@tesslate/contract";
import { api } from "../api.ts";
import { forgetLocalDraft, keepLocalDraft, readLocalDraft } from "../lib/local-draft.ts";

export type PromptDraft = Omit<ProjectDraft, "updated_at">;

/** Saves a draft on the server; a blank one deletes it. Then this browser need not keep it. */
export async function saveDraft(draft: PromptDraft): Promise<ProjectDraft | null> {
  const { text, base_id, is_submitted } = draft;
  const answer = await api.projectDrafts.save({ body: { draft: text.trim() ? { text, base_id, is_submitted } : null } });
  forgetLocalDraft(draft);
  return answer.draft;
}

/** The user's draft. What this browser still keeps, also from before the sign-in, is newer and handed over first. */
export const draftQuery = (userId: string) =>
  queryOptions({
    queryKey: ["project-draft", userId],
    queryFn: async ({ signal }): Promise<PromptDraft | null> => {
      const local = readLocalDraft(userId);
      if (!local) return (await api.projectDrafts.get(undefined, { signal })).draft;
      // If it cannot be saved, it stays in this browser.
      return saveDraft(local).catch(() => local);
    },
    // Changes come from this page; another browser's are read when it is opened again.
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Puts a prompt on Home, unless there is one. */
export async function suggestDraft(queryClient: QueryClient, userId: string, text: string): Promise<void> {
  const { queryKey } = draftQuery(userId);
  const current = readLocalDraft(userId) ?? (await queryClient.ensureQueryData(draftQuery(userId)).catch(() => null));
  if (current?.text.trim()) return;
  const draft: PromptDraft = { text, base_id: current?.base_id ?? null, is_submitted: false };
  // The browser keeps it until it is saved with the next change on Home.
  keepLocalDraft({ ...draft, user_id: userId });
  queryClient.setQueryData(queryKey, draft);
}
