const longestWaitMs = 10_000;

/** Runs `works` one at a time, each when the page has come to rest, so that no key waits for more than one of them. Returns what ends it. */
export function whenIdle(works: readonly (() => void)[]): () => void {
  // Safari has no such call.
  if (typeof requestIdleCallback !== "function") return () => undefined;
  let next = 0;
  let idle: number | undefined;
  const ask = () => {
    idle =
      next < works.length
        ? requestIdleCallback(
            () => {
              works[next++]?.();
              ask();
            },
            { timeout: longestWaitMs },
          )
        : undefined;
  };
  ask();
  return () => {
    if (idle !== undefined) cancelIdleCallback(idle);
  };
}
