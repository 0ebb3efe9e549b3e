import { setTimeout as sleep } from "node:timers/promises";
import { RuntimeError } from "../../errors.ts";
import type { Change, Entry } from "../../types.ts";
import type { Calls } from "./calls.ts";

/** Delay before what was lost with its runner is followed again. */
const retryMs = 500;

/** Whether following can go on with the next connection. */
export const isOutage = (error: unknown): boolean => error instanceof RuntimeError && error.code === "unavailable";

/** Waits before following again. Returns false when the caller aborted. */
export async function waitForRetry(signal: AbortSignal | undefined): Promise<boolean> {
  await sleep(retryMs, undefined, { signal, ref: false }).catch(() => {});
  return !signal?.aborted;
}

/**
 * Changes of a tree. When the watch is lost with its runner, or was without a connection for too long, another one is begun, and what has
 * changed in between is found by comparing all entries.
 */
export async function* watchTree(
  { open, walk }: { open: Calls["open"]; walk: (skip: ReadonlySet<string> | undefined) => Promise<Entry[]> },
  target: () => { id: string; epoch: number },
  { signal, skip }: { signal: AbortSignal; skip?: ReadonlySet<string> },
): AsyncGenerator<Change[]> {
  let known: Map<string, Entry | Change> | undefined;
  const remember = (changes: readonly Change[]) => {
    for (const change of changes)
      if (change.op === "delete") known?.delete(change.path);
      else known?.set(change.path, change);
  };
  while (!signal.aborted) {
    const call = open("tree.watch", { ...target(), ...(skip && { skip: [...skip] }) }, { signal });
    let isDone = false;
    try {
      const entries = new Map((await walk(skip)).map((entry) => [entry.path, entry]));
      const missed = known ? difference(known, entries) : [];
      known = entries;
      if (missed.length > 0) yield missed;
      for (;;) {
        const part = await call.next();
        isDone = part.kind === "result";
        if (isDone || signal.aborted) return;
        if (part.kind !== "event") continue;
        remember(part.event);
        yield part.event;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isOutage(error)) throw error;
    } finally {
      if (!isDone) call.cancel();
    }
    await waitForRetry(signal);
  }
}

function difference(before: ReadonlyMap<string, Entry | Change>, after: ReadonlyMap<string, Entry>): Change[] {
  const changes: Change[] = [];
  for (const { path, isDirectory, etag } of after.values()) {
    const known = before.get(path);
    if (!known) changes.push({ path, op: "add", isDirectory, etag });
    else if (!isDirectory && known.etag !== etag) changes.push({ path, op: "update", isDirectory, etag });
  }
  for (const [path, { isDirectory }] of before) if (!after.has(path)) changes.push({ path, op: "delete", isDirectory });
  return changes;
}
