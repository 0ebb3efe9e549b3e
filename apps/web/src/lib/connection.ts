import { useSyncExternalStore } from "react";

export type ConnectionState = "online" | "offline" | "reconnecting";
const firstRetryMs = 1_000;
const longestRetryMs = 15_000;

export interface Connection {
  /** From every request: did any answer come back? */
  report: (isReached: boolean) => void;
  /** From a stream or socket that is trying to come back; call with false when it is. */
  reportStream: (id: string, isReconnecting: boolean) => void;
  state: () => ConnectionState;
  subscribe: (listener: () => void) => () => void;
}

/**
 * What the pill shows. While the server does not answer, `probe` is tried with growing pauses until it does; while all is well nothing
 * is asked at all.
 */
export function createConnection({
  probe,
  isBrowserOnline,
}: {
  probe: () => Promise<boolean>;
  isBrowserOnline: () => boolean;
}): Connection {
  const listeners = new Set<() => void>();
  const streams = new Set<string>();
  let isReached = true;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waitMs = firstRetryMs;

  const state = (): ConnectionState => {
    if (!isBrowserOnline()) return "offline";
    return isReached && streams.size === 0 ? "online" : "reconnecting";
  };
  const notify = () => {
    for (const listener of listeners) listener();
  };
  const retry = () => {
    timer = setTimeout(async () => {
      timer = undefined;
      const isBack = await probe().catch(() => false);
      if (isBack) report(true);
      else {
        waitMs = Math.min(longestRetryMs, waitMs * 2);
        retry();
      }
    }, waitMs);
  };
  const report = (next: boolean) => {
    if (next) {
      clearTimeout(timer);
      timer = undefined;
      waitMs = firstRetryMs;
    } else if (!timer) retry();
    if (next === isReached) return;
    isReached = next;
    notify();
  };

  return {
    report,
    state,
    reportStream(id, isReconnecting) {
      const had = streams.has(id);
      if (isReconnecting) streams.add(id);
      else streams.delete(id);
      if (had !== isReconnecting) notify();
    },
    subscribe(listener) {
      listeners.add(listener);
      window.addEventListener("online", notify);
      window.addEventListener("offline", notify);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        window.removeEventListener("online", notify);
        window.removeEventListener("offline", notify);
      };
    },
  };
}

export const useConnection = (connection: Connection): ConnectionState => useSyncExternalStore(connection.subscribe, connection.state);
