import { createContext, use } from "react";

/** A point to restore to. */
export interface GoBackTarget {
  /** A message of the first turn that is undone: the person's, or its answer. */
  messageId: string;
  /** The run of that turn. */
  taskId: string;
  /** For the title of the dialog: "before “add a button”". Without it the dialog is about undoing this run. */
  label?: string;
}

export interface GoBackOptions {
  /** The snapshot whose databases are restored too. */
  databasesFrom?: string;
  /** The run can have changed databases, which are not restored. */
  keepsDatabaseChanges?: boolean;
}

/** Actions on runs and messages. */
export interface RunActions {
  review: (taskId: string) => void;
  /** Opens the confirmation. */
  goBack: (target: GoBackTarget) => void;
  redo: () => void;
  /** Creates a chat with the messages up to and including this one. Files do not change. */
  fork: (messageId: string) => void;
  /** Messages that a restore has hidden. */
  goneIds: ReadonlySet<string>;
  /** A run or a restore is active: the server would refuse these actions. */
  isBusy: boolean;
  isRedoing: boolean;
  /** The project has a database: a restore changes it only on request. */
  hasDatabase?: boolean;
}

/** Undefined where these actions are not available. */
export const RunActionsContext = createContext<RunActions | undefined>(undefined);
export const useRunActions = (): RunActions | undefined => use(RunActionsContext);
