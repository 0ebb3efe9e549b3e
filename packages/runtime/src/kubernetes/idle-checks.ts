import { setTimeout as sleep } from "node:timers/promises";
import type { RuntimeLog } from "../log.ts";
import { annotations } from "./labels.ts";
import type { Workload, Workloads } from "./workloads.ts";

/** How many pods are asked at once. */
const atOnce = 4;
const longestTickMs = 30_000;
/** A runner that does not answer must not keep others from being asked. */
const longestCheckMs = 30_000;

/**
 * Looks after pods that this server does not use: a server that was killed leaves some that nobody suspends. Each server asks the runner of
 * such a pod now and then, at different times, and leaves the pod alone while others use it.
 */
export function startIdleChecks({
  workloads,
  suspendAfterMs,
  isUsedHere,
  check,
  sweep,
  log,
}: {
  workloads: Workloads;
  suspendAfterMs: number;
  /** This server suspends it itself. */
  isUsedHere(name: string): boolean;
  /** As `LivePod.suspend`. */
  check(workload: Workload): Promise<number | undefined>;
  /** Called after each round. */
  sweep(): Promise<void>;
  log: RuntimeLog;
}): { stop(): void } {
  const dueAt = new Map<string, number>();
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  const someTime = () => suspendAfterMs * (1 + Math.random());

  async function checkOne(workload: Workload) {
    const waitMs = await Promise.race([check(workload), sleep(longestCheckMs, undefined, { ref: false })]).catch((err: unknown) => {
      log.warn({ err, workload: workload.name }, "a pod cannot be checked for use");
      return undefined;
    });
    dueAt.set(workload.name, Date.now() + Math.max(waitMs ?? 0, someTime()));
  }
  async function round() {
    const now = Date.now();
    const awake = new Map(
      workloads.all().flatMap((one) => (one.isAwake && one.annotations[annotations.warm] === undefined ? [[one.name, one] as const] : [])),
    );
    for (const name of dueAt.keys()) if (!awake.has(name) || isUsedHere(name)) dueAt.delete(name);
    const due: Workload[] = [];
    for (const [name, workload] of awake) {
      if (isUsedHere(name)) continue;
      const at = dueAt.get(name);
      if (at === undefined) dueAt.set(name, now + someTime());
      else if (at <= now) due.push(workload);
    }
    const next = async (): Promise<void> => {
      for (let one = due.pop(); one && !isStopped; one = due.pop()) await checkOne(one);
    };
    await Promise.all(Array.from({ length: atOnce }, next));
    if (!isStopped) await sweep().catch((err: unknown) => log.warn({ err }, "workloads cannot be removed"));
  }
  const tick = () => {
    timer = setTimeout(
      () => {
        void round().finally(() => {
          if (!isStopped) tick();
        });
      },
      Math.min(suspendAfterMs / 2, longestTickMs),
    );
    timer.unref();
  };
  tick();
  return {
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
