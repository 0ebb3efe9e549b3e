import type { V1Toleration } from "@kubernetes/client-node";
import type { RuntimeLog } from "../log.ts";
import type { ClientTracing } from "../remote/tracing.ts";

/** What operators add to the pods. Nothing here changes what isolates project code. */
export interface PodAdditions {
  nodeSelector?: Record<string, string>;
  tolerations?: V1Toleration[];
  priorityClassName?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

export interface KubernetesOptions {
  /** A kubeconfig file. Without one, the service account of the pod that this process runs in. */
  kubeconfig?: string | undefined;
  /** Of sandboxes alone: the network policies apply to it. One installation per namespace, with one or several servers. */
  namespace: string;
  /** Of this product: it has the runner and the programs that project code needs. */
  image: string;
  imagePullSecret?: string | undefined;
  /** `auto`: Sandbox objects of kubernetes-sigs/agent-sandbox where the cluster has them, plain pods and claims otherwise. */
  workloads?: "auto" | "sandboxes" | "pods";
  /** Such as `gvisor` or `kata`. */
  runtimeClass?: string | undefined;
  storageClass?: string | undefined;
  /** Size of a project's volume, unless its disk limit is larger. */
  volumeBytes: number;
  /** What a pod reserves on its node; its limits are those of the project. */
  requests: { cpus: number; memoryBytes: number };
  /** Of all pods, also of those that build images. */
  podTemplate?: PodAdditions | undefined;
  /** A pod without services and calls is suspended after this time. */
  suspendAfterMs: number;
  /** Pods that wait for new projects. */
  warmPods?: number | undefined;
  /** How long a pod may take to start, with pulling its image. */
  startTimeoutMs?: number;
  /** Who may connect to runners: addresses, ranges, or `label=value` of pods, in this namespace or `namespace/label=value`. */
  allowFrom: readonly string[];
  /** Addresses and ranges that sandboxes may reach although they are private. */
  outbound?: { allow: string[] } | undefined;
  /** Names whose public addresses sandboxes may not reach. */
  hostnamesBlocked?: string[] | undefined;
  /** Minutes that services keep running without a server, for the runners; 0 is forever. */
  orphanGraceMs?: number | undefined;
  tracing?: ClientTracing | undefined;
  log?: RuntimeLog | undefined;
}
