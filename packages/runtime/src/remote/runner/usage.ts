import { RuntimeError } from "../../errors.ts";
import type { MethodName } from "../methods.ts";
import type { RunnerClient } from "./clients.ts";

/**
 * Which calls of all clients are running, so that a server can find out that nobody uses the runner, and that nobody begins to while the
 * server suspends its pod.
 */
export interface Usage {
  /** Counts a call until the returned function is called. Throws `unavailable` with `isSuspending` while another client suspends the runner. */
  begin(name: MethodName, args: unknown, client: RunnerClient): () => void;
  /**
   * Refuses calls of other clients from now on, until the returned function is called: at once, or `afterMs` later. A number, if the runner
   * is used, or was within `idleMs`: in how many milliseconds to ask again.
   */
  suspend(client: RunnerClient, idleMs: number): ((afterMs?: number) => void) | number;
}

/** Calls that only observe or manage. They keep nothing from being suspended. */
const ignored: ReadonlySet<MethodName> = new Set([
  "driver.suspend",
  "driver.find",
  "driver.list",
  "driver.histories",
  "driver.listImages",
  "driver.status",
  "driver.leave",
  "sandbox.services",
  "sandbox.states",
  "sandbox.stats",
  "sandbox.usage",
  "sandbox.programs",
  "tree.watch",
]);
/** Servers open a sandbox whenever they connect. It creates something if there is an image. */
const isIgnored = (name: MethodName, args: unknown): boolean =>
  ignored.has(name) ||
  (name === "sandbox.logs" && (args as { follow?: boolean }).follow === true) ||
  (name === "driver.open" && (args as { spec: { image?: string } }).spec.image === undefined);

/** `isKept`: something of a client remains between its calls. */
export function createUsage(isKept: () => boolean): Usage {
  let running = 0;
  let lastUsedAt = performance.now();
  let holder: RunnerClient | undefined;

  return {
    begin(name, args, client) {
      if (isIgnored(name, args) || client === holder) return () => {};
      if (holder)
        throw new RuntimeError("unavailable", "The runner is being suspended. Try again.", { details: { [suspendingDetail]: true } });
      running += 1;
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        running -= 1;
        lastUsedAt = performance.now();
      };
    },
    suspend(client, idleMs) {
      if (holder || running > 0 || isKept()) return idleMs;
      const left = idleMs - (performance.now() - lastUsedAt);
      if (left > 0) return left;
      holder = client;
      const free = () => {
        if (holder === client) holder = undefined;
      };
      return (afterMs = 0) => {
        if (afterMs === 0) free();
        else setTimeout(free, afterMs).unref();
      };
    },
  };
}

/** The detail of the error of a call that was refused, and not executed, because another server suspends the runner. */
export const suspendingDetail = "isSuspending";
