import type { V1ObjectMeta } from "@kubernetes/client-node";
import type { RuntimeLog } from "../log.ts";
import { RuntimeError } from "../errors.ts";
import type { ApiObject, Cluster } from "./cluster.ts";
import { followObjects, type Followed } from "./follow.ts";
import { annotations, labels, manager, type WorkloadKind } from "./labels.ts";
import { volumeName, type Network, type PodTemplate } from "./pod-template.ts";

/** A pod that comes and goes, and a volume that stays, until the workload is removed. */
export interface Workload {
  readonly name: string;
  readonly id: string;
  readonly kind: WorkloadKind;
  readonly annotations: Readonly<Record<string, string>>;
  /** It should have a pod. */
  readonly isAwake: boolean;
}

/** How workloads are kept in the cluster. */
export interface Workloads {
  /** Known without asking the API. */
  all(): Workload[];
  get(name: string): Workload | undefined;
  create(options: NewWorkload): Promise<void>;
  /** Throws `not_found`. */
  annotate(name: string, changes: Readonly<Record<string, string | null>>): Promise<void>;
  /** Gives it a pod, if it has none, of this template. */
  resume(name: string, pod: PodTemplate): Promise<void>;
  /** Returns when the pod is being ended. */
  suspend(name: string, changes: Readonly<Record<string, string | null>>): Promise<void>;
  /** Changes the network of its pod. */
  setNetwork(name: string, network: Network): Promise<void>;
  /** With its volume. */
  remove(name: string): Promise<void>;
  onChange(listener: (name: string) => void): () => void;
  close(): void;
}

export interface NewWorkload {
  name: string;
  id: string;
  kind: WorkloadKind;
  annotations: Readonly<Record<string, string>>;
  pod: PodTemplate;
  size: string;
  storageClass: string | undefined;
}

const selector = `${labels.managedBy}=${manager}`;
const metadataOf = ({ name, id, kind, annotations: more }: NewWorkload): V1ObjectMeta => ({
  name,
  labels: { [labels.managedBy]: manager, [labels.kind]: kind, [labels.workload]: name },
  annotations: { [annotations.id]: id, ...more },
});
const claimSpec = ({ size, storageClass }: NewWorkload) => ({
  accessModes: ["ReadWriteOnce"],
  resources: { requests: { storage: size } },
  ...(storageClass !== undefined && { storageClassName: storageClass }),
});
const gone = (name: string) => new RuntimeError("not_found", `The sandbox ${name} was deleted.`);

function readWorkload(object: ApiObject, isAwake: boolean): Workload {
  const { name = "", annotations: all = {}, labels: marks = {} } = object.metadata ?? {};
  return { name, id: all[annotations.id] ?? "", kind: marks[labels.kind] as WorkloadKind, annotations: all, isAwake };
}

/** Reads of both ways: what is being deleted does not exist any more. */
function views(followed: Followed<ApiObject>, isAwake: (object: ApiObject) => boolean) {
  const view = (object: ApiObject | undefined) =>
    object && object.metadata?.deletionTimestamp === undefined && object.metadata?.annotations?.[annotations.id] !== undefined
      ? readWorkload(object, isAwake(object))
      : undefined;
  return {
    all: () => followed.all().flatMap((object) => view(object) ?? []),
    get: (name: string) => view(followed.get(name)),
    onChange: (listener: (name: string) => void) => followed.onChange((name) => listener(name)),
    close: () => followed.close(),
  };
}

export const sandboxApi = { apiVersion: "agents.x-k8s.io/v1beta1", kind: "Sandbox" } as const;

/** Sandbox objects: a controller of the cluster makes their pods and claims, and makes a pod again that is lost. */
export async function sandboxWorkloads(cluster: Cluster, { log }: { log: RuntimeLog }): Promise<Workloads> {
  const followed = await followObjects<ApiObject>(cluster, { ...sandboxApi, plural: "sandboxes", labelSelector: selector, log });
  const modeOf = (object: ApiObject) => object.spec?.["operatingMode"] ?? "Running";
  const patch = async (name: string, changes: Readonly<Record<string, string | null>>, spec?: Record<string, unknown>) => {
    // The API's type has no nulls, which remove what they name.
    const metadata = { name, annotations: changes } as V1ObjectMeta;
    const object = await cluster.patch<ApiObject>({ ...sandboxApi, metadata, ...(spec && { spec }) });
    if (!object) throw gone(name);
    followed.wrote(object);
  };
  return {
    ...views(followed, (object) => modeOf(object) === "Running"),
    async create(workload) {
      const object = await cluster.create<ApiObject>({
        ...sandboxApi,
        metadata: metadataOf(workload),
        spec: {
          operatingMode: "Running",
          podTemplate: workload.pod,
          volumeClaimTemplates: [{ metadata: { name: volumeName }, spec: claimSpec(workload) }],
          service: false,
        },
      });
      if (object) followed.wrote(object);
    },
    annotate: (name, changes) => patch(name, changes),
    resume: (name, podTemplate) => patch(name, {}, { operatingMode: "Running", podTemplate }),
    suspend: (name, changes) => patch(name, changes, { operatingMode: "Suspended" }),
    setNetwork: (name, network) => patch(name, {}, { podTemplate: { metadata: { labels: { [labels.network]: network } } } }),
    async remove(name) {
      await cluster.remove(sandboxApi.apiVersion, sandboxApi.kind, name);
      followed.forget(name);
    },
  };
}

const claimApi = { apiVersion: "v1", kind: "PersistentVolumeClaim" } as const;
const podApi = { apiVersion: "v1", kind: "Pod" } as const;

/** Claims and pods of this server alone: without it, a lost pod is made again only by the next call. */
export async function podWorkloads(cluster: Cluster, { log }: { log: RuntimeLog }): Promise<Workloads> {
  const followed = await followObjects<ApiObject>(cluster, {
    ...claimApi,
    plural: "persistentvolumeclaims",
    labelSelector: `${selector},${labels.workload}`,
    log,
  });
  const patch = async (name: string, changes: Readonly<Record<string, string | null>>) => {
    const object = await cluster.patch<ApiObject>({ ...claimApi, metadata: { name, annotations: changes } as V1ObjectMeta });
    if (!object) throw gone(name);
    followed.wrote(object);
    return object;
  };
  const createPod = async (name: string, uid: string | undefined, { metadata, spec }: PodTemplate) => {
    await cluster.create({
      ...podApi,
      metadata: {
        ...metadata,
        name,
        // Deleting the claim deletes the pod.
        ownerReferences: [{ ...claimApi, name, uid: uid ?? "" }],
      },
      spec: {
        ...spec,
        volumes: [...(spec.volumes ?? []), { name: volumeName, persistentVolumeClaim: { claimName: name } }],
      },
    } as ApiObject);
  };
  return {
    ...views(followed, (object) => object.metadata?.annotations?.[annotations.mode] === "Running"),
    async create(workload) {
      const metadata = metadataOf(workload);
      const object = await cluster.create<ApiObject>({
        ...claimApi,
        metadata: { ...metadata, annotations: { ...metadata.annotations, [annotations.mode]: "Running" } },
        spec: claimSpec(workload),
      });
      if (!object) return;
      followed.wrote(object);
      await createPod(workload.name, object.metadata?.uid, workload.pod);
    },
    async annotate(name, changes) {
      await patch(name, changes);
    },
    async resume(name, pod) {
      const object = await patch(name, { [annotations.mode]: "Running" });
      await createPod(name, object.metadata?.uid, pod);
    },
    async suspend(name, changes) {
      await patch(name, { ...changes, [annotations.mode]: "Suspended" });
      await cluster.remove(podApi.apiVersion, podApi.kind, name);
    },
    async setNetwork(name, network) {
      await cluster.patch({ ...podApi, metadata: { name, labels: { [labels.network]: network } } });
    },
    async remove(name) {
      await cluster.remove(claimApi.apiVersion, claimApi.kind, name);
      await cluster.remove(podApi.apiVersion, podApi.kind, name);
      followed.forget(name);
    },
  };
}
