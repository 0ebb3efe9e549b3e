import type { V1Container, V1PodSpec } from "@kubernetes/client-node";
import type { Limits, SandboxSpec } from "../types.ts";
import { annotations, labels, manager, type WorkloadKind } from "./labels.ts";
import type { KubernetesOptions } from "./options.ts";

export interface PodTemplate {
  metadata: { labels: Record<string, string>; annotations: Record<string, string> };
  spec: V1PodSpec;
}

/** What a pod may reach. The network policies select by it. */
export type Network = "internet" | "none";
export const networkOf = ({ offline }: SandboxSpec): Network => (offline === true ? "none" : "internet");

export const runnerPort = 7070;
/** The claim of a workload, and the volume of its pod. */
export const volumeName = "data";
/** Of the image. */
const product = "/opt/tesslate-studio";
const hashFolder = "/etc/tesslate-studio";
const user = 1000;
/** Temporary files live in the node's memory or on its disk, so they are limited. */
const temporaryBytes = 2 ** 30;
/** What a pod reserves of its node's disk. Without it, the scheduler reserves the limit. */
const reservedDiskBytes = 256 * 2 ** 20;

const quantity = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)}Mi`;

/** The size of a workload's volume. */
export const claimSize = (options: KubernetesOptions, limits: Partial<Limits> | undefined): string =>
  quantity(Math.max(options.volumeBytes, limits?.diskBytes ?? 0));

/**
 * The pod of a workload. It is the wall around project code: the runner and the project's programs are the same unprivileged user in it, with
 * a read-only system, no capabilities, no credentials of the cluster and limits of their own. The token's hash comes with an annotation, so
 * that no secret is in the pod.
 */
export function podTemplate(
  options: KubernetesOptions,
  { name, kind, tokenHash, spec }: { name: string; kind: WorkloadKind; tokenHash: string; spec: SandboxSpec & { limits: Limits } },
): PodTemplate {
  const { limits } = spec;
  const { nodeSelector, tolerations, priorityClassName, labels: moreLabels, annotations: moreAnnotations } = options.podTemplate ?? {};
  const minutes = options.orphanGraceMs === undefined ? 0 : options.orphanGraceMs / 60_000;
  const container: V1Container = {
    name: "runner",
    image: options.image,
    imagePullPolicy: "IfNotPresent",
    command: ["/usr/bin/tini", "--", `${product}/studio`, "runner"],
    workingDir: product,
    env: [
      { name: "DATA_DIR", value: "/data" },
      { name: "HOME", value: "/tmp" },
      { name: "RUNTIME_DRIVER", value: "process" },
      { name: "RUNNER_LISTEN", value: `0.0.0.0:${runnerPort}` },
      { name: "RUNNER_TOKEN_HASH_FILE", value: `${hashFolder}/token-hash` },
      { name: "ORPHANED_STOP_MINUTES", value: String(minutes) },
    ],
    ports: [{ name: "runner", containerPort: runnerPort, protocol: "TCP" }],
    resources: {
      limits: { cpu: String(limits.cpus), memory: quantity(limits.memoryBytes), "ephemeral-storage": quantity(2 * temporaryBytes) },
      requests: {
        cpu: String(Math.min(options.requests.cpus, limits.cpus)),
        memory: quantity(Math.min(options.requests.memoryBytes, limits.memoryBytes)),
        "ephemeral-storage": quantity(reservedDiskBytes),
      },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      privileged: false,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [
      { name: volumeName, mountPath: "/data" },
      { name: "tmp", mountPath: "/tmp" },
      { name: "token-hash", mountPath: hashFolder, readOnly: true },
    ],
  };
  return {
    metadata: {
      labels: {
        ...moreLabels,
        [labels.managedBy]: manager,
        [labels.kind]: kind,
        [labels.workload]: name,
        [labels.network]: networkOf(spec),
      },
      annotations: { ...moreAnnotations, [annotations.tokenHash]: tokenHash },
    },
    spec: {
      containers: [container],
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 15,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      hostname: "sandbox",
      ...(options.runtimeClass !== undefined && { runtimeClassName: options.runtimeClass }),
      ...(options.imagePullSecret !== undefined && { imagePullSecrets: [{ name: options.imagePullSecret }] }),
      ...(nodeSelector && { nodeSelector }),
      ...(tolerations && { tolerations }),
      ...(priorityClassName !== undefined && { priorityClassName }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        fsGroup: user,
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
      volumes: [
        { name: "tmp", emptyDir: { sizeLimit: quantity(temporaryBytes) } },
        {
          name: "token-hash",
          downwardAPI: { items: [{ path: "token-hash", fieldRef: { fieldPath: `metadata.annotations['${annotations.tokenHash}']` } }] },
        },
      ],
    },
  };
}
