import type { ReactNode } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { toast } from "../../ui/toast.tsx";
import { isRunActive, useConversation } from "./conversation.ts";
import { Transcript } from "./Transcript.tsx";

/** The transcript of the open chat. It alone renders again with each piece of a reply. */
export function ChatTranscript(props: { onResume: (taskId: string) => void; head: ReactNode; tail: ReactNode }) {
  const { rows, reader, loadEarlier } = useConversation(({ rows: all, reader: person, chat }) => ({
    rows: all,
    reader: person,
    loadEarlier: chat.loadEarlier,
  }));
  const isBusy = useConversation(isRunActive);
  const showEarlier = useHandler(async () => {
    const failure = await loadEarlier?.();
    if (failure) toast(`Couldn't load earlier messages. ${failure}`, { kind: "failed" });
  });
  return <Transcript rows={rows} reader={reader} isBusy={isBusy} onEarlier={loadEarlier && showEarlier} {...props} />;
}
