import type { Logger } from "../../../platform/logger.ts";
import type { MemoryUse } from "../../../platform/memory.ts";
import type { IdlePolicy } from "./idle-policy.ts";

/** So that what was just stopped has given its memory back before the next one has to go. */
const settleMs = 2_000;

/**
 * Stops idle projects while memory is short, the one that rested longest first; never one that somebody uses and never a hosted one.
 * Freezing would give nothing back. `watermarkPercent` 0 switches it off.
 */
export function watchMemory({
  watermarkPercent,
  everyMs,
  read,
  idle,
  evict,
  log,
}: {
  watermarkPercent: number;
  everyMs: number;
  /** Of this host or of the group this server may use, whichever is closer to its end. */
  read: () => MemoryUse | undefined;
  idle: IdlePolicy;
  evict: (projectId: string) => Promise<void>;
  log: Logger;
}): { close(): void } {
  if (watermarkPercent === 0) return { close: () => {} };
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let isTold = false;
  const next = (ms: number) => {
    if (isClosed) return;
    timer = setTimeout(() => void look(), ms);
    timer.unref();
  };
  const look = async () => {
    let waitMs = everyMs;
    try {
      const use = read();
      const percent = use ? (use.usedBytes / use.totalBytes) * 100 : 0;
      const victim = percent >= watermarkPercent ? await idle.leastRecent() : undefined;
      if (victim !== undefined) {
        log.warn({ project_id: victim, used_percent: Math.round(percent) }, "idle project stops: memory is short");
        await evict(victim);
        waitMs = Math.min(everyMs, settleMs);
      } else if (percent >= watermarkPercent && !isTold)
        log.warn({ used_percent: Math.round(percent) }, "memory is short, and no project is idle");
      isTold = percent >= watermarkPercent && victim === undefined;
    } catch (err) {
      log.error({ err }, "memory not looked after");
    }
    next(waitMs);
  };
  next(everyMs);
  return {
    close: () => {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
