import type { ContainerUsage, ProjectUsage } from "@tesslate/contract";

/** One measurement of a container. */
export interface UsageMeasurement extends Omit<ContainerUsage, "container_id"> {
  measured_at: string;
}

/** What the canvas knows about the memory and CPU of the project's containers: the last two minutes. */
export interface UsageHistory {
  subscribe: (listener: () => void) => () => void;
  /** Oldest first. The same array until there is a new measurement; empty: not measured. */
  of: (containerId: string) => readonly UsageMeasurement[];
  limits: () => ProjectUsage["limits"];
  /** A container was measured, or the first measurement found none. */
  isMeasured: () => boolean;
  add: (usage: ProjectUsage) => void;
  clear: () => void;
}

export const keptMeasurements = 60;
const none: readonly UsageMeasurement[] = [];

export function createUsageHistory(): UsageHistory {
  const listeners = new Set<() => void>();
  let histories = new Map<string, readonly UsageMeasurement[]>();
  let limits: ProjectUsage["limits"] = null;
  let isMeasured = false;
  const changed = () => {
    for (const listener of listeners) listener();
  };
  return {
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    of: (containerId) => histories.get(containerId) ?? none,
    limits: () => limits,
    isMeasured: () => isMeasured,
    add: ({ measured_at, containers, limits: next }) => {
      // A container that stopped has no history: its next start begins a new one.
      histories = new Map(
        containers.map(({ container_id: id, ...usage }) => [
          id,
          [...(histories.get(id) ?? none), { measured_at, ...usage }].slice(-keptMeasurements),
        ]),
      );
      limits = next;
      isMeasured = true;
      changed();
    },
    clear: () => {
      histories = new Map();
      limits = null;
      isMeasured = false;
      changed();
    },
  };
}
