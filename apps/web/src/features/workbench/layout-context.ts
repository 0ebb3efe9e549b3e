import { createContext, use } from "react";
import type { DockTab, View } from "../../project/views.ts";
import type { CodeLeft } from "../files/index.ts";
import type { Layout } from "./use-layout.ts";

/** What a phone shows: one thing at a time. */
export type PhoneView = "chat" | "dock" | View;

/** Where the workbench is, in the address. */
export interface WorkbenchPlace {
  view: View;
  hrefOf: (view: View) => string;
  onView: (view: View) => void;
  /** The deploys with one of them open; undefined is none. */
  onDeployment: (deploymentId: string | undefined) => void;
  /** The review of one run. */
  onReview: (taskId: string) => void;
}

/** How the workbench is arranged: what is shown, how large, what is open. */
export interface WorkbenchLayout extends WorkbenchPlace {
  layout: Layout;
  setLayout: (patch: Partial<Layout>) => void;
  phoneView: PhoneView;
  setPhoneView: (view: PhoneView) => void;
  /** From the bottom bar of a phone. */
  choosePhoneView: (view: PhoneView) => void;
  /** A view, on a phone too. */
  show: (view: View) => void;
  openDock: (tab: DockTab) => void;
  /** The conversation, unfolded, on a phone too. */
  showChat: () => void;
  /** Whose lines the logs show; the first container's unless somebody chose. */
  logsOf: string | undefined;
  setLogsOf: (containerId: string) => void;
  isQuickOpen: boolean;
  setIsQuickOpen: (isOpen: boolean) => void;
  codeLeft: CodeLeft;
  setCodeLeft: (left: CodeLeft) => void;
}

export const LayoutContext = createContext<WorkbenchLayout | undefined>(undefined);
export function useWorkbenchLayout(): WorkbenchLayout {
  const layout = use(LayoutContext);
  if (!layout) throw new Error("useWorkbenchLayout needs the workbench around it.");
  return layout;
}
