import { useEffect, useRef, useState } from "react";
import { isString, readStored, writeStored } from "../../lib/storage.ts";

const draftKey = (projectId: string, chatId: string | undefined) => `studio:draft:${projectId}:${chatId ?? "new"}`;

const keep = ({ key, text }: { key: string; text: string }) => writeStored(sessionStorage, key, text || undefined);

/** What is being written, per chat; survives reloads and changes of session, not the tab. */
export function useDraft(projectId: string, chatId: string | undefined): [string, (text: string) => void] {
  const key = draftKey(projectId, chatId);
  const [draft, setDraft] = useState(() => ({ key, text: readStored(sessionStorage, key, isString) ?? "" }));
  // A session that has just got its id keeps what is being written.
  if (draft.key !== key) {
    const wasNew = draft.key === draftKey(projectId, undefined);
    setDraft({ key, text: readStored(sessionStorage, key, isString) ?? (wasNew ? draft.text : "") });
  }
  const latest = useRef(draft);
  useEffect(() => {
    latest.current = draft;
    const timer = setTimeout(() => keep(draft), 200);
    return () => clearTimeout(timer);
  }, [draft]);
  // Whoever leaves the chat or the page before the timer strikes finds every letter again.
  useEffect(() => {
    const keepLatest = () => keep(latest.current);
    addEventListener("pagehide", keepLatest);
    return () => {
      removeEventListener("pagehide", keepLatest);
      keepLatest();
    };
  }, [draft.key]);
  const write = (text: string) => {
    // What was sent is forgotten at once: the session may get its id before the timer strikes.
    if (text === "") writeStored(sessionStorage, key, undefined);
    setDraft({ key, text });
  };
  return [draft.text, write];
}
