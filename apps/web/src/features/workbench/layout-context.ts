import { createContext, use } from "react";
import type { DockTab, View } from "../../project/views.ts";
import type { CodeSidebar } from "../files/index.ts";
import type { ChatSize, Layout, Split } from "./use-layout.ts";

/** What a phone shows. */
export type PhoneView = "chat" | "dock" | View;

/** The part of the workbench state that is in the URL. */
export interface WorkbenchPlace {
  view: View;
  hrefOf: (view: View) => string;
  onView: (view: View) => void;
  /** Shows the deployments with this one open; undefined opens none. */
  onDeployment: (deploymentId: string | undefined) => void;
  /** Shows the review of a run. */
  onReview: (taskId: string) => void;
}

/** The layout of the workbench: what is shown, its size, what is open. */
export interface WorkbenchLayout extends WorkbenchPlace {
  layout: Layout;
  setLayout: (patch: Partial<Layout>) => void;
  /** The chat beside the current view. */
  chatSize: ChatSize;
  setChatSize: (patch: Partial<ChatSize>) => void;
  /** Code beside Preview, for this project. */
  split: Split;
  setSplit: (patch: Partial<Split>) => void;
  /** Opens or closes the split, and shows it. */
  toggleSplit: () => void;
  /** The view is on the screen: it is the current one, or beside it. */
  isShown: (view: View) => boolean;
  phoneView: PhoneView;
  setPhoneView: (view: PhoneView) => void;
  /** From the bottom bar of a phone. */
  choosePhoneView: (view: PhoneView) => void;
  /** Shows a view, on a phone too. */
  show: (view: View) => void;
  openDock: (tab: DockTab) => void;
  /** Closes the dock if it shows this tab (without one: any), otherwise opens it there. */
  toggleDock: (tab?: DockTab) => void;
  /** Shows the chat, expanded, on a phone too. */
  showChat: () => void;
  /** The container whose logs are shown; undefined is the first. */
  logsOf: string | undefined;
  setLogsOf: (containerId: string) => void;
  isQuickOpen: boolean;
  setIsQuickOpen: (isOpen: boolean) => void;
  codeSidebar: CodeSidebar;
  setCodeSidebar: (sidebar: CodeSidebar) => void;
}

export const LayoutContext = createContext<WorkbenchLayout | undefined>(undefined);
export function useWorkbenchLayout(): WorkbenchLayout {
  const layout = use(LayoutContext);
  if (!layout) throw new Error("useWorkbenchLayout must be used inside LayoutProvider.");
  return layout;
}
