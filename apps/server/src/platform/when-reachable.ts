import { RuntimeError, type RuntimeDriver } from "@tesslate/runtime";
import type { Logger } from "./logger.ts";

/** Whether a call failed because the runner is not connected. */
export const isRunnerAway = (runtime: Pick<RuntimeDriver, "isConnected">, error?: unknown): boolean =>
  runtime.isConnected?.() === false && (error === undefined || (error instanceof RuntimeError && error.code === "unavailable"));

/**
 * Runs work that a start needs of the runtime: now, or in the same order as soon as the runner is connected. Resolves when the work has ended or waits; only
 * work that runs now can throw.
 */
export function createWhenReachable(runtime: Pick<RuntimeDriver, "isConnected" | "onConnected">, log: Logger) {
  const waiting: { name: string; work: () => Promise<void> }[] = [];
  let running: Promise<void> | undefined;

  const runWaiting = async () => {
    for (let next = waiting[0]; next && !isRunnerAway(runtime); next = waiting[0]) {
      const { name, work } = next;
      try {
        await work();
        log.info({ work: name }, "work that waited for the runner is done");
      } catch (err) {
        // It was lost again.
        if (isRunnerAway(runtime, err)) return;
        log.error({ err, work: name }, "work that waited for the runner failed");
      }
      waiting.shift();
    }
  };
  const resume = () => {
    running ??= runWaiting().finally(() => {
      running = undefined;
      // Work that came, or a connection that was made, in between.
      if (waiting.length > 0 && !isRunnerAway(runtime)) resume();
    });
  };
  runtime.onConnected?.(resume);

  return async (name: string, work: () => Promise<void>): Promise<void> => {
    if (waiting.length === 0 && !isRunnerAway(runtime))
      try {
        return await work();
      } catch (error) {
        if (!isRunnerAway(runtime, error)) throw error;
      }
    waiting.push({ name, work });
    log.warn({ work: name }, "waiting for the runner");
    if (!isRunnerAway(runtime)) resume();
  };
}
