import { useEffect, useState } from "react";
import { isString, readStored, writeStored } from "../../lib/storage.ts";

const draftKey = (projectId: string, chatId: string | undefined) => `studio:draft:${projectId}:${chatId ?? "new"}`;

/** What is being written, per chat; survives reloads and changes of session, not the tab. */
export function useDraft(projectId: string, chatId: string | undefined): [string, (text: string) => void] {
  const key = draftKey(projectId, chatId);
  const [draft, setDraft] = useState(() => ({ key, text: readStored(sessionStorage, key, isString) ?? "" }));
  // A session that has just got its id keeps what is being written.
  if (draft.key !== key) {
    const wasNew = draft.key === draftKey(projectId, undefined);
    setDraft({ key, text: readStored(sessionStorage, key, isString) ?? (wasNew ? draft.text : "") });
  }
  useEffect(() => {
    const timer = setTimeout(() => writeStored(sessionStorage, draft.key, draft.text || undefined), 200);
    return () => clearTimeout(timer);
  }, [draft]);
  useEffect(() => {
    const keep = () => writeStored(sessionStorage, draft.key, draft.text || undefined);
    addEventListener("pagehide", keep);
    return () => removeEventListener("pagehide", keep);
  }, [draft]);
  const write = (text: string) => {
    // What was sent is forgotten at once: the session may get its id before the timer strikes.
    if (text === "") writeStored(sessionStorage, key, undefined);
    setDraft({ key, text });
  };
  return [draft.text, write];
}
