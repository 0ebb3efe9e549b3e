import type { ProjectEvent } from "@tesslate/contract";
import { readEvents } from "@tesslate/contract/client";

/** `connecting` before the first answer, `reconnecting` after a loss, `refused` when the project is not there or not ours. */
export type StreamState = "connecting" | "open" | "reconnecting" | "refused" | "closed";

/** What tells the stream that the network or the page came back, or went. Returns the unsubscriber. */
export type ConnectionHints = (hints: { retryNow: () => void; drop: () => void }) => () => void;

export interface ProjectStreamOptions {
  /** `GET /api/projects/{id}/events`; resolves with the headers. `lastEventId` undefined means "from now on". */
  open: (lastEventId: number | undefined, signal: AbortSignal) => Promise<Response>;
  hints?: ConnectionHints;
  /** 0..1, for the jitter. */
  random?: () => number;
}

export interface ProjectStream {
  getState: () => StreamState;
  /** Events in order of `seq`, each once, over all reconnections. */
  onEvent: (listener: (event: ProjectEvent) => void) => () => void;
  onState: (listener: (state: StreamState) => void) => () => void;
  /** Skips the wait before the next attempt. */
  retryNow: () => void;
  close: () => void;
}

const firstDelayMs = 1_000;
const longestDelayMs = 30_000;
/** The server sends a keepalive every 15 s; three missed ones mean a dead line. */
const silenceMs = 50_000;

/** Wait before attempt `failures` (0-based): 1 s·2ⁿ up to 30 s, of which the upper half is random. */
export const backoffMs = (failures: number, random: number): number => {
  const full = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(failures, 10));
  return Math.round(full / 2 + (full / 2) * random);
};

/** Back on line, or looked at again: retry at once. Off line: the connection is dead even if the browser has not noticed. */
export const browserHints: ConnectionHints = ({ retryNow, drop }) => {
  const onVisible = () => {
    if (document.visibilityState === "visible") retryNow();
  };
  addEventListener("online", retryNow);
  addEventListener("offline", drop);
  document.addEventListener("visibilitychange", onVisible);
  return () => {
    removeEventListener("online", retryNow);
    removeEventListener("offline", drop);
    document.removeEventListener("visibilitychange", onVisible);
  };
};

/**
 * The one connection of an open project (contract README rule 14). Reconnects by itself and resumes behind the last event seen,
 * so that nothing is lost and nothing comes twice. Starts at once; ends with `close`.
 */
export function createProjectStream({ open, hints, random = Math.random }: ProjectStreamOptions): ProjectStream {
  const eventListeners = new Set<(event: ProjectEvent) => void>();
  const stateListeners = new Set<(state: StreamState) => void>();
  let state: StreamState = "connecting";
  let lastSeq: number | undefined;
  let failures = 0;
  let attempt: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let watchdog: ReturnType<typeof setTimeout> | undefined;

  const setState = (next: StreamState) => {
    if (state === next || state === "closed") return;
    state = next;
    for (const listener of stateListeners) listener(next);
  };
  const isOver = () => state === "closed" || state === "refused";

  const heard = (current: AbortController) => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => current.abort(), silenceMs);
  };

  const schedule = () => {
    if (isOver()) return;
    setState("reconnecting");
    clearTimeout(timer);
    timer = setTimeout(() => void connect(), backoffMs(failures, random()));
    failures += 1;
  };

  const connect = async () => {
    if (isOver()) return;
    clearTimeout(timer);
    timer = undefined;
    const current = new AbortController();
    attempt = current;
    heard(current);
    try {
      const response = await open(lastSeq, current.signal);
      if (current.signal.aborted || isOver()) {
        await response.body?.cancel();
        throw new Error("dropped while connecting");
      }
      if (!response.ok || !response.body) {
        await response.body?.cancel();
        if (response.status === 404 || response.status === 401 || response.status === 403) setState("refused");
        throw new Error(`the event stream answered ${response.status}`);
      }
      setState("open");
      const bytes = response.body.pipeThrough(
        new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
          transform(chunk, out) {
            failures = 0;
            heard(current);
            out.enqueue(chunk);
          },
        }),
      );
      for await (const event of readEvents<ProjectEvent>(bytes)) {
        if (isOver() || current.signal.aborted) break;
        if (lastSeq !== undefined && event.seq <= lastSeq) continue;
        lastSeq = event.seq;
        for (const listener of eventListeners) listener(event);
      }
    } catch {
      // Every way to lose the connection ends in the same next step; the state tells the screen.
    } finally {
      clearTimeout(watchdog);
      if (attempt === current) {
        attempt = undefined;
        schedule();
      }
    }
  };

  const retryNow = () => {
    if (isOver() || attempt) return;
    failures = 0;
    void connect();
  };
  const drop = () => attempt?.abort();
  const unhint = hints?.({ retryNow, drop });
  void connect();

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
    retryNow,
    close: () => {
      setState("closed");
      unhint?.();
      clearTimeout(timer);
      clearTimeout(watchdog);
      attempt?.abort();
      eventListeners.clear();
      stateListeners.clear();
    },
  };
}
