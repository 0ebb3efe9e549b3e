export interface WorkTimer {
  pause(): void;
  resume(): void;
  /** Milliseconds of work so far. */
  elapsedMs(): number;
  stop(): void;
}

/** Calls `onExpire` once after `limitMs` of unpaused time. */
export function createWorkTimer(limitMs: number, onExpire: () => void, clock: () => number = () => performance.now()): WorkTimer {
  let spentMs = 0;
  let startedAt: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  const resume = (): void => {
    if (startedAt !== undefined) return;
    startedAt = clock();
    timer = setTimeout(onExpire, Math.max(0, limitMs - spentMs));
  };
  const pause = (): void => {
    if (startedAt === undefined) return;
    spentMs += clock() - startedAt;
    startedAt = undefined;
    clearTimeout(timer);
  };
  resume();
  return {
    pause,
    resume,
    stop: pause,
    elapsedMs: () => Math.round(spentMs + (startedAt === undefined ? 0 : clock() - startedAt)),
  };
}
