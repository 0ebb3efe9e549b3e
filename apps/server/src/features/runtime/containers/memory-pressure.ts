import type { Logger } from "../../../platform/logger.ts";
import type { MemoryUse } from "../../../platform/memory.ts";
import type { IdlePolicy } from "./idle-policy.ts";

/** Time for a stopped project to release its memory before the next one is stopped. */
const recheckMs = 2_000;

/**
 * Ends spare projects while memory is low, then stops idle ones, least recently used first; never one in use or an always-on one. Freezing would not free
 * memory. `watermarkPercent` 0 disables it.
 */
export function watchMemory({
  watermarkPercent,
  everyMs,
  read,
  releaseSpare,
  idle,
  evict,
  log,
}: {
  watermarkPercent: number;
  everyMs: number;
  /** Of this host or of this server's control group, whichever is closer to its limit. */
  read: () => MemoryUse | undefined;
  /** Removes a spare project. False when there is none. */
  releaseSpare: () => Promise<boolean>;
  idle: Pick<IdlePolicy, "leastRecentlyUsed">;
  evict: (projectId: string) => Promise<void>;
  log: Logger;
}): { close(): void } {
  if (watermarkPercent === 0) return { close: () => {} };
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let isReported = false;
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
      const isLow = percent >= watermarkPercent;
      const isRelieved = isLow && (await releaseSpare());
      const victim = isLow && !isRelieved ? await idle.leastRecentlyUsed() : undefined;
      if (isRelieved) waitMs = Math.min(everyMs, recheckMs);
      else if (victim !== undefined) {
        log.warn({ project_id: victim, used_percent: Math.round(percent) }, "stopping idle project: memory is low");
        await evict(victim);
        waitMs = Math.min(everyMs, recheckMs);
      } else if (isLow && !isReported) log.warn({ used_percent: Math.round(percent) }, "memory is low, and no project is idle");
      isReported = isLow && !isRelieved && victim === undefined;
    } catch (err) {
      log.error({ err }, "memory check failed");
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
