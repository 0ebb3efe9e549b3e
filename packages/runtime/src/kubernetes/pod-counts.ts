import type { PodGroup } from "../types.ts";
import type { PodView } from "./pods.ts";

/** Pods by state and image, most first. `suspended`: workloads without a pod. */
export function countPods(pods: readonly Pick<PodView, "isRunning" | "isEnding" | "image">[], suspended: number): PodGroup[] {
  const groups = new Map<string, PodGroup>();
  for (const { isRunning, isEnding, image } of pods) {
    const state = isEnding ? "ending" : isRunning ? "running" : "starting";
    const key = `${state} ${image}`;
    const group = groups.get(key) ?? { state, image, count: 0 };
    groups.set(key, group);
    group.count += 1;
  }
  const all = [...groups.values()].toSorted((a, b) => b.count - a.count);
  return suspended === 0 ? all : [...all, { state: "suspended", image: undefined, count: suspended }];
}
