import type { EditMode } from "@tesslate/contract";
import { createContext, use } from "react";
import type { DockTab, View } from "./views.ts";

/** Mode, model and agent that are chosen for the next message. */
export interface RunOptions {
  edit_mode: EditMode;
  model?: string;
  agent_id?: string;
}

/** Actions that any part of the workbench can call. */
export interface WorkbenchActions {
  /** Shows the chat if it is collapsed, or not the view of the phone. */
  showChat: () => void;
  /** Opens another chat of the project. */
  openChat: (chatId: string) => void;
  runOptions: () => RunOptions;
  show: (view: View) => void;
  /** Shows the deployments and opens one of them; undefined: none. */
  showDeployment: (deploymentId: string | undefined) => void;
  /** Shows the review of a run. */
  showReview: (taskId: string) => void;
  /** Opens a file in the code view; `place` may end in `:line`. */
  openFile: (place: string) => void;
  openDock: (tab: DockTab) => void;
  /** Shows the logs of a container in the dock; undefined: of the one shown last. */
  openLogs: (containerId?: string) => void;
  /** Puts text into the composer without sending it. */
  compose: (text: string) => void;
  /** Attaches files to the next message. */
  attach: (files: readonly File[]) => void;
  /** Sends a message to the agent, with `details` that the chat shows collapsed; puts a refused message without details into the composer. */
  ask: (text: string, details?: string) => void;
}

export const WorkbenchActionsContext = createContext<WorkbenchActions | undefined>(undefined);
export function useWorkbenchActions(): WorkbenchActions {
  const actions = use(WorkbenchActionsContext);
  if (!actions) throw new Error("useWorkbenchActions must be used within the workbench.");
  return actions;
}
