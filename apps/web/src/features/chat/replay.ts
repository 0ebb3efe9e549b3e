import type { RunEvent } from "@tesslate/contract";

export interface ReplayOptions {
  /** `GET /api/chat/agent/events/{task_id}`: past events, then live ones. */
  events: AsyncIterable<RunEvent>;
  onEvent: (event: RunEvent) => void;
  /** Lowest `seq` of this run on the project's stream since the replay was requested. */
  firstLiveSeq: () => number | undefined;
  /** The replay is complete after this time without an event. */
  quietMs?: number;
  signal?: AbortSignal;
}

/**
 * Reads a run's own stream until it ends, falls silent, or reaches an event that has already arrived on the project's stream. Then
 * it closes the connection. The caller holds the live events of the run until this resolves.
 */
export async function replayRun({ events, onEvent, firstLiveSeq, quietMs = 400, signal }: ReplayOptions): Promise<void> {
  const iterator = events[Symbol.asyncIterator]();
  let isFirst = true;
  try {
    for (;;) {
      const next = iterator.next();
      // The first event may take any time; the other stored events follow at once.
      const quiet = isFirst ? undefined : new Promise<"quiet">((resolve) => setTimeout(() => resolve("quiet"), quietMs));
      const step = await (quiet ? Promise.race([next, quiet]) : next);
      if (step === "quiet") {
        next.catch(() => undefined);
        return;
      }
      if (step.done || signal?.aborted) return;
      isFirst = false;
      const live = firstLiveSeq();
      if (live !== undefined && step.value.seq >= live) return;
      onEvent(step.value);
    }
  } finally {
    void iterator.return?.(undefined)?.catch(() => undefined);
  }
}
