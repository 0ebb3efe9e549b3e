import type { RuntimeLog } from "../../log.ts";
import type { Sandbox, ServiceState } from "../../types.ts";
import type { Calls, Marks } from "./calls.ts";
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";

/** The states of a sandbox's services, as the runner reports them. */
export interface States {
  onState: Sandbox["onState"];
  /** Resolves when changes from now on are reported, if anybody listens. */
  subscribed(): Promise<void>;
  /** Resolves when listeners were told what the runner had sent before a result. */
  reached(marks: Marks): Promise<void>;
  /** Lets what has arrived be told. */
  settle(): Promise<void>;
  close(): void;
}

interface Subscription {
  id: string;
  count: number;
  isOpen: boolean;
}

/** Longest wait between two attempts to subscribe. */
const retryMs = 1_000;

/** Subscribes while anybody listens, again after a lost connection: then listeners are told what has changed meanwhile. */
export function createStates({
  open,
  target,
  log,
}: {
  open: Calls["open"];
  target: () => { id: string; epoch?: number };
  log?: RuntimeLog | undefined;
}): States {
  const listeners = new Set<(state: ServiceState) => void>();
  const known = new Map<string, ServiceState>();
  let end: AbortController | undefined;
  let current: Subscription | undefined;
  let waiters: { isDone: () => boolean; resolve: () => void }[] = [];

  const wake = () => {
    waiters = waiters.filter(({ isDone, resolve }) => {
      if (!isDone()) return true;
      resolve();
      return false;
    });
  };
  const until = (isDone: () => boolean) =>
    isDone() ? Promise.resolve() : new Promise<void>((resolve) => waiters.push({ isDone, resolve }));
  const emit = (state: ServiceState) => {
    known.set(state.name, state);
    for (const listener of listeners) listener(state);
  };

  async function follow(signal: AbortSignal): Promise<void> {
    let isFirst = true;
    while (!signal.aborted) {
      const subscription: Subscription = { id: randomUUID(), count: 0, isOpen: false };
      current = subscription;
      const call = open("sandbox.states", { ...target(), subscription: subscription.id }, { signal });
      try {
        for (;;) {
          const part = await call.next();
          if (part.kind !== "event" || signal.aborted) break;
          if ("state" in part.event) {
            subscription.count += 1;
            emit(part.event.state);
          } else {
            for (const state of part.event.services) {
              if (isFirst) known.set(state.name, state);
              else if (!isDeepStrictEqual(known.get(state.name), state)) emit(state);
            }
            isFirst = false;
            subscription.isOpen = true;
          }
          wake();
        }
      } catch (error) {
        if (!signal.aborted) log?.debug({ err: error }, "the states of a sandbox are not followed");
      }
      if (current === subscription) current = undefined;
      wake();
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, retryMs * Math.random()).unref());
    }
  }

  function stop() {
    end?.abort();
    end = undefined;
    current = undefined;
    known.clear();
    wake();
  }

  return {
    onState(listener) {
      listeners.add(listener);
      if (!end) {
        end = new AbortController();
        void follow(end.signal);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) stop();
      };
    },
    subscribed: () => {
      const subscription = current;
      return until(() => subscription === undefined || subscription.isOpen || current !== subscription);
    },
    reached: (marks) => until(() => marks === undefined || current?.id !== marks.subscription || current.count >= marks.count),
    settle: () => new Promise((resolve) => setImmediate(resolve)),
    close() {
      listeners.clear();
      stop();
    },
  };
}
