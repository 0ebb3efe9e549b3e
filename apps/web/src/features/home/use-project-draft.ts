import { useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { dropLocalDraft, keepLocalDraft, readLocalDraft } from "../../lib/local-draft.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { draftQuery, saveDraft, type PromptDraft } from "../../project/draft.queries.ts";
import { meQuery } from "../users/index.ts";

const empty: PromptDraft = { text: "", base_id: null, is_submitted: false };
const pauseMs = 600;

/**
 * The prompt on Home. Every change is in this browser at once and on the server after a pause, so that neither a closed tab nor another browser
 * loses it.
 */
export function useProjectDraft() {
  const { data: user } = useSuspenseQuery(meQuery);
  const queryClient = useQueryClient();
  const query = draftQuery(user.id);
  const [draft, setDraft] = useState<PromptDraft>(() => readLocalDraft(user.id) ?? queryClient.getQueryData(query.queryKey) ?? empty);
  const { data: stored, isFetched } = useQuery(query);
  const current = useRef(draft);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  /** The last save: one at a time, so that an older one never comes after a newer one. */
  const saving = useRef<Promise<void>>(Promise.resolve());
  const show = useHandler((next: PromptDraft) => {
    current.current = next;
    setDraft(next);
  });

  // The stored draft, unless something was written before it came.
  useEffect(() => {
    if (isFetched && stored && current.current === empty) show(stored);
  }, [isFetched, stored, show]);

  const cancel = () => {
    clearTimeout(timer.current);
    timer.current = undefined;
  };
  const save = useHandler((next: PromptDraft): void => {
    cancel();
    saving.current = saving.current
      .then(() => saveDraft(next))
      .then(
        (saved) => {
          if (current.current === next) queryClient.setQueryData(query.queryKey, saved);
        },
        // No loss: the browser keeps the draft, and the next save sends it.
        () => undefined,
      );
  });
  const write = (change: Partial<PromptDraft>): PromptDraft => {
    const next = { ...current.current, ...change };
    show(next);
    keepLocalDraft({ ...next, user_id: user.id });
    void queryClient.cancelQueries({ queryKey: query.queryKey });
    queryClient.setQueryData(query.queryKey, next.text.trim() ? next : null);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => save(next), pauseMs);
    return next;
  };
  const flush = useHandler(() => {
    if (timer.current !== undefined) save(current.current);
  });
  useEffect(() => flush, [flush]);

  return {
    draft,
    /** Whether the stored draft is here. */
    isLoaded: isFetched,
    /** Changes the text or the template. An edited prompt waits for Enter again. */
    edit: (change: Partial<Pick<PromptDraft, "text" | "base_id">>) => void write({ ...change, is_submitted: false }),
    /** Saves at once that it is to run. */
    submit: () => save(write({ is_submitted: true })),
    /** It does not run automatically. */
    hold: () => void write({ is_submitted: false }),
    /** Before the prompt is sent: ends what would save it again. Resolves with the time of the stored draft, if it is the one that is shown. */
    settle: async (): Promise<string | undefined> => {
      cancel();
      await saving.current;
      const saved = queryClient.getQueryData(query.queryKey);
      return saved && "updated_at" in saved ? String(saved.updated_at) : undefined;
    },
    /** The server has the prompt as a message and deleted the draft. */
    forget: () => {
      show(empty);
      dropLocalDraft();
      queryClient.setQueryData(query.queryKey, null);
    },
  };
}
