import { createContext, use } from "react";

/** A moment to go back to. */
export interface GoBackTarget {
  /** A message of the turn that is undone first, the person's or its answer. */
  messageId: string;
  /** The run of that turn. */
  taskId: string;
  /** As the dialog says it: "before “add a button”". */
  label: string;
}

/** What a person may do about runs and messages, wherever they are shown. */
export interface RunActs {
  review: (taskId: string) => void;
  /** Asks first. */
  goBack: (target: GoBackTarget) => void;
  redo: () => void;
  /** A new thread with everything up to and including that message; the files stay. */
  fork: (messageId: string) => void;
  /** Messages that going back took out of the thread. */
  goneIds: ReadonlySet<string>;
  /** A run or a restore goes on: nothing of this would be taken. */
  isBusy: boolean;
  isRedoing: boolean;
}

/** Absent where nothing of it can be done. */
export const RunActsContext = createContext<RunActs | undefined>(undefined);
export const useRunActs = (): RunActs | undefined => use(RunActsContext);
