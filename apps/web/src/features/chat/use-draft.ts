import { useEffect, useRef, useState } from "react";
import { isString, readStored, writeStored } from "../../lib/storage.ts";

const draftKey = (projectId: string, chatId: string | undefined) => `studio:draft:${projectId}:${chatId ?? "new"}`;

const keep = ({ key, text }: { key: string; text: string }) => writeStored(sessionStorage, key, text || undefined);

/**
 * The draft of a chat. Kept in the session storage, so that it survives reloads and switching chats; a private one (it may contain a key)
 * only on the page.
 */
export function useDraft(projectId: string, chatId: string | undefined, isPrivate = false): [string, (text: string) => void] {
  const key = draftKey(projectId, chatId);
  const [draft, setDraft] = useState(() => ({ key, text: readStored(sessionStorage, key, isString) ?? "" }));
  // A chat that has just been created keeps its draft.
  if (draft.key !== key) {
    const wasNew = draft.key === draftKey(projectId, undefined);
    setDraft({ key, text: readStored(sessionStorage, key, isString) ?? (wasNew ? draft.text : "") });
  }
  const latest = useRef(draft);
  useEffect(() => {
    latest.current = isPrivate ? { ...draft, text: "" } : draft;
    if (isPrivate) keep(latest.current);
    const timer = setTimeout(() => keep(latest.current), 200);
    return () => clearTimeout(timer);
  }, [draft, isPrivate]);
  // Save before the chat or the page is left, without waiting for the timer.
  useEffect(() => {
    const keepLatest = () => keep(latest.current);
    addEventListener("pagehide", keepLatest);
    return () => {
      removeEventListener("pagehide", keepLatest);
      keepLatest();
    };
  }, [draft.key]);
  const write = (text: string) => {
    // Delete a sent draft at once: the chat may get its id before the timer fires.
    if (text === "") writeStored(sessionStorage, key, undefined);
    // At once: a component that is being unmounted does not render again.
    latest.current = { key, text: isPrivate ? "" : text };
    setDraft({ key, text });
  };
  return [draft.text, write];
}
