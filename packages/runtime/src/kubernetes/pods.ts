import type { V1Pod } from "@kubernetes/client-node";
import type { RuntimeLog } from "../log.ts";
import type { ApiObject, Cluster } from "./cluster.ts";
import { followObjects } from "./follow.ts";
import { labels, manager } from "./labels.ts";

/** A pod of a workload. */
export interface PodView {
  readonly uid: string;
  readonly address: string | undefined;
  readonly isRunning: boolean;
  readonly isEnding: boolean;
  readonly image: string | undefined;
  /** Why it does not run yet, for people. */
  readonly problem: string | undefined;
}

export interface Pods {
  /** Of that workload: the one that stays, or else one that is being ended. */
  of(workload: string): PodView | undefined;
  all(): PodView[];
  /** Called after every change of a pod of any workload. Returns the unsubscribe function. */
  onChange(listener: (workload: string) => void): () => void;
  close(): void;
}

export async function followPods(cluster: Cluster, { log }: { log: RuntimeLog }): Promise<Pods> {
  const followed = await followObjects<V1Pod & ApiObject>(cluster, {
    apiVersion: "v1",
    kind: "Pod",
    plural: "pods",
    labelSelector: `${labels.managedBy}=${manager},${labels.workload}`,
    log,
  });
  /** A pod that is gone has no labels to read any more. */
  const owners = new Map<string, string>();
  const ownerOf = (pod: V1Pod) => pod.metadata?.labels?.[labels.workload] ?? "";
  const listeners = new Set<(workload: string) => void>();
  followed.onChange((name, pod) => {
    const owner = pod ? ownerOf(pod) : owners.get(name);
    if (pod) owners.set(name, ownerOf(pod));
    else owners.delete(name);
    if (owner !== undefined) for (const listener of listeners) listener(owner);
  });
  return {
    of(workload) {
      const views = followed.all().flatMap((pod) => (ownerOf(pod) === workload ? viewOf(pod) : []));
      return views.find(({ isEnding }) => !isEnding) ?? views[0];
    },
    all: () => followed.all().map(viewOf),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => followed.close(),
  };
}

function viewOf(pod: V1Pod): PodView {
  const status = pod.status?.containerStatuses?.[0];
  // A pod that was evicted or whose node is lost does not come back.
  const isOver = pod.status?.phase === "Failed" || pod.status?.phase === "Succeeded";
  return {
    uid: pod.metadata?.uid ?? "",
    address: pod.status?.podIP,
    isRunning: pod.status?.phase === "Running" && status?.state?.running !== undefined,
    isEnding: pod.metadata?.deletionTimestamp !== undefined || isOver,
    image: pod.spec?.containers[0]?.image,
    problem: problemOf(pod),
  };
}

const problemReasons = [
  "ErrImagePull",
  "ImagePullBackOff",
  "ErrImageNeverPull",
  "InvalidImageName",
  "CreateContainerConfigError",
  "CrashLoopBackOff",
];

function problemOf(pod: V1Pod): string | undefined {
  const waiting = pod.status?.containerStatuses?.[0]?.state?.waiting;
  if (waiting?.reason !== undefined && problemReasons.includes(waiting.reason)) return `${waiting.reason}: ${waiting.message ?? ""}`.trim();
  const scheduled = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
  return scheduled?.status === "False" ? scheduled.message : undefined;
}
