import type { ProjectEvent, ProjectEventData } from "@tesslate/contract";
import type { StreamState } from "../lib/project-stream.ts";

export interface ProjectEvents {
  state: StreamState;
  /** The stream has answered once (or failed to): what is read now cannot miss a change. */
  isSettled: boolean;
  /** Runs a read and gives it the events that came while it was on its way: its answer may be older than they are. */
  during: <T>(read: () => Promise<T>, apply: (answer: T, event: ProjectEvent) => T) => Promise<T>;
  /** Events as they come; returns the unsubscriber. */
  subscribe: (listener: (event: ProjectEvent) => void) => () => void;
}

/** A change of a file of the project itself. Runs that work in a branch report the changes there with its id. */
export const isFileChange = (
  event: ProjectEvent,
): event is Extract<ProjectEvent, { type: "file_changed" }> & { data: ProjectEventData<"file_changed"> } =>
  event.type === "file_changed" && event.data.branch_id === undefined;

/** `ProjectEvents.during` over a stream's `subscribe`. */
export async function readDuring<T>(
  subscribe: ProjectEvents["subscribe"],
  read: () => Promise<T>,
  apply: (answer: T, event: ProjectEvent) => T,
): Promise<T> {
  const received: ProjectEvent[] = [];
  const unsubscribe = subscribe((event) => received.push(event));
  try {
    return received.reduce(apply, await read());
  } finally {
    unsubscribe();
  }
}
