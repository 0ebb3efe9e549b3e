import { isDeepStrictEqual } from "node:util";
import type { Sandbox, ServiceState } from "../types.ts";

/** The states of a sandbox's services, known also while its pod is suspended. */
export interface ServiceStates {
  all(): ServiceState[];
  isAnyActive(): boolean;
  onState: Sandbox["onState"];
  hasListeners(): boolean;
  /** Follows those of a runner that was connected. Listeners are told what has changed since the last one. */
  follow(sandbox: Sandbox): Promise<void>;
  unfollow(): void;
  /** As they were stored. Listeners are told what has changed. */
  update(states: readonly ServiceState[]): void;
  /** As the runner says. */
  learn(states: readonly ServiceState[]): void;
}

export const isActive = ({ status }: Pick<ServiceState, "status">): boolean => status !== "stopped" && status !== "failed";

/** Fewer lines are stored. */
const withoutLines = (state: ServiceState | undefined) => ({ ...state, lastLines: undefined });

export function createServiceStates(initial: readonly ServiceState[]): ServiceStates {
  const known = new Map(initial.map((state) => [state.name, state]));
  const listeners = new Set<(state: ServiceState) => void>();
  let unsubscribe: (() => void) | undefined;

  function told(state: ServiceState) {
    if (isDeepStrictEqual(known.get(state.name), state)) return;
    known.set(state.name, state);
    for (const listener of listeners) listener(state);
  }
  return {
    all: () => [...known.values()],
    isAnyActive: () => [...known.values()].some(isActive),
    onState(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    hasListeners: () => listeners.size > 0,
    async follow(sandbox) {
      unsubscribe?.();
      unsubscribe = sandbox.onState((state) => {
        known.set(state.name, state);
        for (const listener of listeners) listener(state);
      });
      for (const state of await sandbox.services()) told(state);
    },
    unfollow() {
      unsubscribe?.();
      unsubscribe = undefined;
    },
    update(states) {
      for (const state of states) if (!isDeepStrictEqual(withoutLines(known.get(state.name)), withoutLines(state))) told(state);
    },
    learn(states) {
      for (const state of states) known.set(state.name, state);
    },
  };
}
