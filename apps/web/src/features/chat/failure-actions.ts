import type { Model } from "@tesslate/contract";
import { createContext, use } from "react";
import type { Run } from "./chat.types.ts";

/** What a person can do when a call to a model failed. */
export interface FailureActions {
  models: readonly Model[];
  /** Repeats a waiting call at once, or makes it to another model. */
  retryCall: (taskId: string, retryId: string, model?: string) => void;
  /** Stops the active run. */
  stop: () => void;
  /** Continues a failed run with its own message. */
  rerun: (run: Run, model?: string) => void;
  /** Summarizes older messages of the chat. */
  compact: (run: Run) => void;
  isCompacting: boolean;
}

/** Undefined where these actions are not available. */
export const FailureActionsContext = createContext<FailureActions | undefined>(undefined);
export const useFailureActions = (): FailureActions | undefined => use(FailureActionsContext);
