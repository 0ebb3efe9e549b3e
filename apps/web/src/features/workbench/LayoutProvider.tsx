import { useState, type ReactNode } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import type { DockTab, View } from "../../project/views.ts";
import type { CodeSidebar } from "../files/index.ts";
import { LayoutContext, type PhoneView, type WorkbenchPlace } from "./layout-context.ts";
import { useLayout } from "./use-layout.ts";

/** Provides the layout of the workbench. `opensOn` is what a phone shows first. */
export function LayoutProvider({ opensOn, children, ...place }: WorkbenchPlace & { opensOn: PhoneView; children: ReactNode }) {
  const { view, onView } = place;
  const [layout, setLayout] = useLayout();
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
  const showChat = useHandler(() => {
    setLayout({ isFolded: false });
    setPhoneView("chat");
  });
  return (
    <LayoutContext
      value={{
        ...place,
        layout,
        setLayout,
        phoneView,
        setPhoneView,
        choosePhoneView,
        show,
        openDock,
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
