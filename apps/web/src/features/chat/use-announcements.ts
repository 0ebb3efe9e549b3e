import { useCallback, useEffect, useRef, useState } from "react";
import type { RunStatus } from "./chat.types.ts";
import { isRunActive, useConversation, type Conversation } from "./conversation.ts";

/** How the last run has ended, and the start of its reply. */
function lastEnding({ rows }: Conversation): { ending?: RunStatus; reply?: string } {
  const last = rows.at(-1);
  if (last?.kind !== "end") return {};
  const text = rows.findLast((row) => row.kind === "text");
  return { ending: last.run.status, reply: text?.kind === "text" ? text.part.text.slice(0, 300) : "" };
}

/**
 * The text of the chat's live region, and a function that sets it. The start and the end of a run are announced here, not every token.
 */
export function useAnnouncements(): [string, (text: string) => void] {
  const isBusy = useConversation(isRunActive);
  const { ending, reply } = useConversation(lastEnding);
  const wasBusy = useRef(isBusy);
  const [text, setText] = useState("");
  useEffect(() => {
    if (isBusy && !wasBusy.current) setText("The agent is working.");
    if (!isBusy && wasBusy.current) {
      setText(ending === "done" ? `Done. ${reply}` : ending === "interrupted" ? "The run was interrupted." : "The run has stopped.");
    }
    wasBusy.current = isBusy;
  }, [isBusy, ending, reply]);
  // The same text again is a change only if something differs: screen readers do not read a no-break space.
  const announce = useCallback((next: string) => setText((now) => (now === next ? `${next}\u00a0` : next)), []);
  return [text, announce];
}
