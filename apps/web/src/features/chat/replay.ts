import type { RunEvent } from "@tesslate/contract";

export interface ReplayOptions {
  /** `GET /api/chat/agent/events/{task_id}`: what happened so far, then what happens. */
  events: AsyncIterable<RunEvent>;
  onEvent: (event: RunEvent) => void;
  /** Lowest `seq` of this run that the project's stream has brought since the replay was asked for. */
  firstLiveSeq: () => number | undefined;
  /** Silence that means "caught up". */
  quietMs?: number;
  signal?: AbortSignal;
}

/**
 * Reads a run's own stream only as far as the project's stream does not reach: until it meets an event that already came there,
 * ends, or falls silent. Then the second connection is given back. The caller keeps live events of the run back until this resolves.
 */
export async function replayRun({ events, onEvent, firstLiveSeq, quietMs = 400, signal }: ReplayOptions): Promise<void> {
  const iterator = events[Symbol.asyncIterator]();
  let isFirst = true;
  try {
    for (;;) {
      const next = iterator.next();
      // The first answer may take as long as the network does; after it, what is stored comes in one go.
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
