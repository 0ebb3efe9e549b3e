import { createContext, use } from "react";
import type { DockTab, View } from "./views.ts";

/** What any part of the workbench may ask it to do. */
export interface WorkbenchActions {
  show: (view: View) => void;
  /** The deploys with one of them open; undefined is none. */
  showDeployment: (deploymentId: string | undefined) => void;
  /** The review of one run. */
  showReview: (taskId: string) => void;
  /** Opens a file in the code view; `place` may end in `:line`. */
  openFile: (place: string) => void;
  openDock: (tab: DockTab) => void;
  /** The dock with the logs of one container; undefined is the one shown last. */
  openLogs: (containerId?: string) => void;
  /** Puts text into the composer, for the person to send. */
  compose: (text: string) => void;
  /** Sends it to the agent at once; into the composer when that is refused. */
  ask: (text: string) => void;
}

export const WorkbenchActionsContext = createContext<WorkbenchActions | undefined>(undefined);
export function useWorkbenchActions(): WorkbenchActions {
  const actions = use(WorkbenchActionsContext);
  if (!actions) throw new Error("useWorkbenchActions needs the workbench around it.");
  return actions;
}
