import { setImmediate as breathe } from "node:timers/promises";

/**
 * Synchronous calls in short bursts: a promise per file would take four times as long for a tree of 10,000, and one long
 * burst would hold up everybody else.
 */
const burstMs = 8;

/** Awaited between steps: nothing at first, a breath for the others once the burst is over. */
export function createPace() {
  let since = performance.now();
  return () => {
    if (performance.now() - since < burstMs) return undefined;
    return breathe().then(() => {
      since = performance.now();
    });
  };
}
