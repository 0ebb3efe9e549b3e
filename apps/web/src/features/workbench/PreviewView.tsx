import { PanelBoundary } from "../../ui/PanelBoundary.tsx";
import { useConversation } from "../chat/index.ts";
import { useOpenPreview, PreviewPane } from "../preview/index.ts";
import { Scrubber } from "./Scrubber.tsx";

/** The running app, and below it the conversation as a line of time. */
export function PreviewView() {
  const { phase } = useOpenPreview();
  const { rows, chat } = useConversation();
  return (
    <>
      <PanelBoundary title="The preview broke" resetKeys={[phase.kind]}>
        <PreviewPane />
      </PanelBoundary>
      <Scrubber rows={rows} isLive={chat.live !== undefined} />
    </>
  );
}
