import type { StreamOptions } from "@tesslate/client/core";
import type { ProjectEvent } from "@tesslate/contract";

/** `connecting` before the first answer, `reconnecting` after a loss, `refused` when the project does not exist or is not ours. */
export type StreamState = "connecting" | "open" | "reconnecting" | "refused" | "closed";

export interface ProjectStreamOptions extends Pick<StreamOptions, "hints" | "random"> {
  /** The events of the project over all connections, each once. */
  open: (options: StreamOptions) => AsyncIterable<ProjectEvent>;
}

export interface ProjectStream {
  getState: () => StreamState;
  /** Events in order of `seq`, each once, over all reconnections. */
  onEvent: (listener: (event: ProjectEvent) => void) => () => void;
  onState: (listener: (state: StreamState) => void) => () => void;
  close: () => void;
}

/** The one event stream of an open project, for many listeners. Starts at once; ends with `close`. */
export function createProjectStream({ open, hints, random }: ProjectStreamOptions): ProjectStream {
  const eventListeners = new Set<(event: ProjectEvent) => void>();
  const stateListeners = new Set<(state: StreamState) => void>();
  const abort = new AbortController();
  let state: StreamState = "connecting";

  const setState = (next: StreamState) => {
    if (state === next || state === "closed") return;
    state = next;
    for (const listener of stateListeners) listener(next);
  };
  const listen = async () => {
    const events = open({
      signal: abort.signal,
      onOpen: () => setState("open"),
      onBroken: () => setState("reconnecting"),
      ...(hints && { hints }),
      ...(random && { random }),
    });
    for await (const event of events) for (const listener of eventListeners) listener(event);
  };
  listen().catch(() => setState("refused"));

  return {
    getState: () => state,
    onEvent: (listener) => {
      eventListeners.add(listener);
      return () => void eventListeners.delete(listener);
    },
    onState: (listener) => {
      stateListeners.add(listener);
      return () => void stateListeners.delete(listener);
    },
    close: () => {
      setState("closed");
      abort.abort();
      eventListeners.clear();
      stateListeners.clear();
    },
  };
}
