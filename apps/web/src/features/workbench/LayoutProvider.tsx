import { useState, type ReactNode } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { useProject } from "../../project/project-context.ts";
import type { DockTab, View } from "../../project/views.ts";
import type { CodeSidebar } from "../files/index.ts";
import { chatSizeOf, withChatSize } from "./chat-size.ts";
import { LayoutContext, type PhoneView, type WorkbenchPlace } from "./layout-context.ts";
import { useLayout, useSplit, type ChatSize } from "./use-layout.ts";

const isSplitView = (view: View) => view === "preview" || view === "code";

/** Provides the layout of the workbench. `opensOn` is what a phone shows first. */
export function LayoutProvider({ opensOn, children, ...place }: WorkbenchPlace & { opensOn: PhoneView; children: ReactNode }) {
  const { view, onView } = place;
  const { id: projectId } = useProject();
  const isNarrow = useIsNarrow();
  const [layout, setLayout] = useLayout();
  const [split, setSplit] = useSplit(projectId);
  const [phoneView, setPhoneView] = useState<PhoneView>(opensOn);
  // Back, Forward and links change the URL without a tap on the bar.
  const [lastView, setLastView] = useState(view);
  if (lastView !== view) {
    setLastView(view);
    if (phoneView !== "chat" && phoneView !== "dock") setPhoneView(view);
  }
  const [logsOf, setLogsOf] = useState<string>();
  const [isQuickOpen, setIsQuickOpen] = useState(false);
  const [codeSidebar, setCodeSidebar] = useState<CodeSidebar>({ side: "files", searchRequests: 0 });
  const setChatSize = useHandler((patch: Partial<ChatSize>) => setLayout(withChatSize(layout, view, patch)));
  const isSplit = split.isOpen && !isNarrow && isSplitView(view);
  const show = useHandler((next: View) => {
    onView(next);
    setPhoneView(next);
  });
  const choosePhoneView = useHandler((next: PhoneView) => {
    setPhoneView(next);
    if (next !== "chat" && next !== "dock") onView(next);
  });
  const openDock = useHandler((tab: DockTab) => {
    setLayout({ isDockOpen: true, dockTab: tab });
    setPhoneView("dock");
  });
  const toggleDock = useHandler((tab?: DockTab) => {
    if (layout.isDockOpen && (tab === undefined || layout.dockTab === tab)) setLayout({ isDockOpen: false });
    else openDock(tab ?? layout.dockTab);
  });
  const showChat = useHandler(() => {
    setChatSize({ isFolded: false });
    setPhoneView("chat");
  });
  const toggleSplit = useHandler(() => {
    setSplit({ isOpen: !isSplit });
    if (!isSplitView(view)) show("preview");
  });
  return (
    <LayoutContext
      value={{
        ...place,
        layout,
        setLayout,
        chatSize: chatSizeOf(layout, view),
        setChatSize,
        split,
        setSplit,
        toggleSplit,
        isShown: (name) => name === view || (isSplit && isSplitView(name)),
        phoneView,
        setPhoneView,
        choosePhoneView,
        show,
        openDock,
        toggleDock,
        showChat,
        logsOf,
        setLogsOf,
        isQuickOpen,
        setIsQuickOpen,
        codeSidebar,
        setCodeSidebar,
      }}
    >
      {children}
    </LayoutContext>
  );
}
