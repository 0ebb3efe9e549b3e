import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { TranscriptRow } from "./transcript-rows.ts";

/**
 * The text of the chat's live region, and a function that sets it. The start and the end of a run are announced here, not every token.
 */
export function useAnnouncements(rows: readonly TranscriptRow[], isBusy: boolean): [string, (text: string) => void] {
  const last = rows.at(-1);
  const wasBusy = useRef(isBusy);
  const [text, setText] = useState("");
  const reply = useMemo(() => (last?.kind === "end" ? rows.findLast((row) => row.kind === "text") : undefined), [rows, last]);
  const ending = last?.kind === "end" ? last.run.status : undefined;
  useEffect(() => {
    if (isBusy && !wasBusy.current) setText("The agent is working.");
    if (!isBusy && wasBusy.current) {
      const said = reply?.kind === "text" ? reply.part.text.slice(0, 300) : "";
      setText(ending === "done" ? `Done. ${said}` : ending === "interrupted" ? "The run was interrupted." : "The run has stopped.");
    }
    wasBusy.current = isBusy;
  }, [isBusy, ending, reply]);
  // The same text again is a change only if something differs: screen readers do not read a no-break space.
  const announce = useCallback((next: string) => setText((now) => (now === next ? `${next}\u00a0` : next)), []);
  return [text, announce];
}
