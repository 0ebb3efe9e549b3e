import type { ProjectEvent } from "@tesslate/contract";
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
