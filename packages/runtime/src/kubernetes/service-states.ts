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
  /** As the runner says. Returns what is known then. */
  learn(states: readonly ServiceState[]): ServiceState[];
  /**
   * The pod was lost. Services that were active have failed, until they are started or stopped: the next runner calls them stopped, as after
   * any end of a container.
   */
  lose(): void;
  /** A call stopped the service of that name, or all. */
  stopped(name: string | undefined): void;
}

export const isActive = ({ status }: Pick<ServiceState, "status">): boolean => status !== "stopped" && status !== "failed";

/** Fewer lines are stored. */
const withoutLines = (state: ServiceState | undefined) => ({ ...state, lastLines: undefined });

export function createServiceStates(initial: readonly ServiceState[]): ServiceStates {
  const known = new Map(initial.map((state) => [state.name, state]));
  const listeners = new Set<(state: ServiceState) => void>();
  const lost = new Set<string>();
  let unsubscribe: (() => void) | undefined;

  function withLost(state: ServiceState): ServiceState {
    if (state.status !== "stopped") lost.delete(state.name);
    return lost.has(state.name) ? { ...state, status: "failed" } : state;
  }
  function tell(state: ServiceState) {
    known.set(state.name, state);
    for (const listener of listeners) listener(state);
  }
  function told(reported: ServiceState) {
    const state = withLost(reported);
    if (!isDeepStrictEqual(known.get(state.name), state)) tell(state);
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
      unsubscribe = sandbox.onState((state) => tell(withLost(state)));
      for (const state of await sandbox.services()) told(state);
    },
    unfollow() {
      unsubscribe?.();
      unsubscribe = undefined;
    },
    update(states) {
      for (const state of states.map(withLost))
        if (!isDeepStrictEqual(withoutLines(known.get(state.name)), withoutLines(state))) tell(state);
    },
    learn(states) {
      const all = states.map(withLost);
      for (const state of all) known.set(state.name, state);
      return all;
    },
    lose() {
      for (const state of known.values()) if (isActive(state)) lost.add(state.name);
    },
    stopped(name) {
      for (const one of name === undefined ? [...lost] : [name])
        if (lost.delete(one)) tell({ ...known.get(one), name: one, status: "stopped" });
    },
  };
}
