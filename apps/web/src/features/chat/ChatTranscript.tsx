import { useDeferredValue, type ReactNode } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { toast } from "../../ui/toast.tsx";
import { isRunActive, useConversation } from "./conversation.ts";
import { Transcript } from "./Transcript.tsx";

/** The transcript of the open chat. It alone renders again with each piece of a reply, and a key in the composer is handled first. */
export function ChatTranscript(props: { onResume: (taskId: string) => void; head: ReactNode; tail: ReactNode }) {
  const { rows, reader, loadEarlier } = useConversation(({ rows: all, reader: person, chat }) => ({
    rows: all,
    reader: person,
    loadEarlier: chat.loadEarlier,
  }));
  const isBusy = useConversation(isRunActive);
  const before = useDeferredValue(rows);
  // Another chat and earlier messages are not deferred: their rows belong to the scroll position.
  const shownRows = before[0]?.key === rows[0]?.key ? before : rows;
  const showEarlier = useHandler(async () => {
    const failure = await loadEarlier?.();
    if (failure) toast(`Couldn't load earlier messages. ${failure}`, { kind: "failed" });
  });
  return <Transcript rows={shownRows} reader={reader} isBusy={isBusy} onEarlier={loadEarlier && showEarlier} {...props} />;
}
