import { PanelBoundary } from "../../ui/PanelBoundary.tsx";
import { useOpenPreview, PreviewPane } from "../preview/index.ts";
import { Scrubber } from "./Scrubber.tsx";

/** The running app, with the timeline of the chat below it. */
export function PreviewView() {
  const { phase } = useOpenPreview();
  return (
    <>
      <PanelBoundary title="Something went wrong in Preview" resetKeys={[phase.kind]}>
        <PreviewPane />
      </PanelBoundary>
      <Scrubber />
    </>
  );
}
