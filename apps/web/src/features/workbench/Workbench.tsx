import { useDeferredValue, useEffect, type CSSProperties } from "react";
import { whenIdle } from "../../lib/idle.ts";
import { useRootFlag } from "../../lib/use-root-flag.ts";
import { useProject } from "../../project/project-context.ts";
import { cardPreloads } from "../chat/index.ts";
import { codePreloads } from "../files/index.ts";
import { useGitRefresh } from "../git/index.ts";
import { useProjectOutPalette } from "../projects/index.ts";
import { Attention } from "./Attention.tsx";
import { ChatRegion } from "./ChatRegion.tsx";
import { FindFile } from "./FindFile.tsx";
import { useWorkbenchLayout } from "./layout-context.ts";
import { PaneSkeleton } from "./PaneSkeleton.tsx";
import { PhoneBar } from "./PhoneBar.tsx";
import { WorkbenchSheet } from "./WorkbenchSheet.tsx";
import { StatusBar } from "./StatusBar.tsx";
import { useActivity } from "./use-activity.ts";
import { useAddressedChat } from "./use-addressed-chat.ts";
import { useViewportHeight } from "./use-viewport-height.ts";
import { WorkbenchProviders, type WorkbenchProps } from "./WorkbenchProviders.tsx";
import { WorkbenchTop } from "./WorkbenchTop.tsx";
import "./workbench.css";

/** Preloads the cards of a run and the editor. */
const preloads = [...cardPreloads, ...codePreloads];

/** An open project: chat, app, code and terminals. Each part reads its data with hooks. */
export function Workbench(props: WorkbenchProps) {
  return (
    <WorkbenchProviders {...props}>
      <Regions />
    </WorkbenchProviders>
  );
}

function Regions() {
  const project = useProject();
  const { chatSize, phoneView } = useWorkbenchLayout();
  // The chat is rendered first, then the app: together they would be one long task. A phone that opens a view sees its skeleton until then.
  const isWhole = useDeferredValue(true, false);
  useViewportHeight();
  useRootFlag("workbench");
  useProjectOutPalette(project);
  useAddressedChat();
  useActivity(project.id);
  useGitRefresh();
  // The editor is fetched when the page is idle, so that the first click on Code is quick.
  useEffect(() => whenIdle(preloads), []);
  return (
    <main
      id="main"
      tabIndex={-1}
      className="workbench flex-1 outline-none"
      data-phone-view={phoneView}
      data-folded={chatSize.isFolded || undefined}
      style={{ ...(!chatSize.isFolded && { "--chat-width": `${chatSize.chatPx}px` }) } as CSSProperties}
    >
      <Attention />
      <WorkbenchTop />
      <ChatRegion />
      <section
        aria-label="App and code"
        data-region="sheet"
        className="workbench-sheet on-sheet flex flex-col overflow-hidden rounded-4 border border-line-0 bg-bg-1"
      >
        {isWhole ? <WorkbenchSheet /> : <PaneSkeleton />}
      </section>
      <div className="workbench-status">{isWhole ? <StatusBar /> : null}</div>
      <PhoneBar />
      <FindFile />
    </main>
  );
}
