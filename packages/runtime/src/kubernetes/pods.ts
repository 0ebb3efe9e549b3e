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
  /** Its containers have not started yet: it is unscheduled, or its image is being pulled. */
  readonly isUnstarted: boolean;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly isEnding: boolean;
  /** It ended and stays so, as one that was evicted. */
  readonly isOver: boolean;
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
  const ownerOf = (pod: V1Pod) => pod.metadata?.labels?.[labels.workload] ?? "";
  /** A pod that is gone has no labels to read any more. */
  const owners = new Map<string, string>();
  const byOwner = new Map<string, Set<string>>();
  const index = (name: string, pod: V1Pod | undefined) => {
    const before = owners.get(name);
    if (pod) {
      const owner = ownerOf(pod);
      owners.set(name, owner);
      byOwner.set(owner, (byOwner.get(owner) ?? new Set()).add(name));
    } else if (before !== undefined) {
      owners.delete(name);
      const names = byOwner.get(before);
      names?.delete(name);
      if (names?.size === 0) byOwner.delete(before);
    }
  };
  const listeners = new Set<(workload: string) => void>();
  for (const pod of followed.all()) index(pod.metadata?.name ?? "", pod);
  followed.onChange((name, pod) => {
    const owner = pod ? ownerOf(pod) : owners.get(name);
    index(name, pod);
    if (owner !== undefined) for (const listener of listeners) listener(owner);
  });
  return {
    of(workload) {
      const views = [...(byOwner.get(workload) ?? [])].flatMap((name) => {
        const pod = followed.get(name);
        return pod ? viewOf(pod) : [];
      });
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
    isUnstarted: pod.status?.phase === "Pending",
    createdAt: new Date(pod.metadata?.creationTimestamp ?? 0).getTime(),
    isEnding: pod.metadata?.deletionTimestamp !== undefined || isOver,
    isOver: isOver && pod.metadata?.deletionTimestamp === undefined,
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
