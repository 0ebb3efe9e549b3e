import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { V1ObjectMeta } from "@kubernetes/client-node";
import type { RuntimeLog } from "../log.ts";
import { RuntimeError } from "../errors.ts";
import { isChanged, type ApiObject, type Cluster } from "./cluster.ts";
import { followObjects, type Followed } from "./follow.ts";
import { annotations, hashOf, labels, manager, type WorkloadKind } from "./labels.ts";
import { volumeName, type Network, type PodTemplate } from "./pod-template.ts";

/** A pod that comes and goes, and a volume that stays, until the workload is removed. */
export interface Workload {
  readonly name: string;
  readonly id: string;
  readonly kind: WorkloadKind;
  readonly annotations: Readonly<Record<string, string>>;
  /** It should have a pod. */
  readonly isAwake: boolean;
  /** Changes with every write. */
  readonly version: string;
}

type Marks = Readonly<Record<string, string | null>>;

/**
 * How workloads are kept in the cluster. Several servers change them: what is decided on what was read is written on condition that it is
 * still so (`version`), and throws `isChanged` otherwise.
 */
export interface Workloads {
  /** Known without asking the API. Without those that are not claimed yet. */
  all(): Workload[];
  unclaimed(): Workload[];
  /** The one of that id. */
  find(kind: WorkloadKind, id: string): Workload | undefined;
  get(name: string): Workload | undefined;
  /** All of that id, as the API has them now. */
  read(kind: WorkloadKind, id: string): Promise<Workload[]>;
  /** Without a pod. */
  create(options: NewWorkload): Promise<void>;
  /** Throws `not_found`. */
  annotate(name: string, changes: Marks, options?: { version?: string }): Promise<void>;
  /** Gives one that had none its id. */
  assign(name: string, options: { id: string; changes: Marks; version: string }): Promise<void>;
  /** Gives it a pod, if it has none, of this template. */
  resume(name: string, pod: PodTemplate): Promise<void>;
  /** Returns when the pod is being ended. `pod`: its uid. */
  suspend(name: string, options: { changes: Marks; version?: string; pod: string | undefined }): Promise<void>;
  /** Ends the pod of this uid, if the workload still has this version. */
  removePod(name: string, options: { uid: string; version: string }): Promise<void>;
  /** Changes the network of its pod. */
  setNetwork(name: string, network: Network): Promise<void>;
  /** With its volume. */
  remove(name: string, options?: { version?: string }): Promise<void>;
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

/** Attempts to remove a workload that only the controller changes meanwhile, and how long the change that prevented one is waited for. */
const maxRemovals = 10;
const changeMs = 1_000;

/**
 * Removes a workload that no server has changed since it was read, as long as `isStill`. The controller of Sandbox objects changes them too,
 * so a new version alone is no reason to keep it. Returns whether it was removed.
 */
export async function removeUnchanged(workloads: Workloads, read: Workload, isStill: () => boolean = () => true): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    const changed = Promise.withResolvers<void>();
    const stopFollowing = workloads.onChange((name) => {
      if (name === read.name) changed.resolve();
    });
    try {
      const workload = workloads.get(read.name);
      if (!workload) return true;
      if (!isStill() || workload.isAwake !== read.isAwake || !isDeepStrictEqual(ownAnnotations(workload), ownAnnotations(read)))
        return false;
      await workloads.remove(workload.name, { version: workload.version });
      return true;
    } catch (error) {
      if (!isChanged(error) || attempt === maxRemovals) throw error;
      await Promise.race([changed.promise, sleep(changeMs, undefined, { ref: false })]);
    } finally {
      stopFollowing();
    }
  }
}
const ownAnnotations = ({ annotations: all }: Workload) => Object.values(annotations).map((key) => all[key]);

const selector = `${labels.managedBy}=${manager}`;
const metadataOf = ({ name, id, kind, annotations: more }: NewWorkload): V1ObjectMeta => ({
  name,
  labels: {
    [labels.managedBy]: manager,
    [labels.kind]: kind,
    [labels.workload]: name,
    ...(id !== "" && { [labels.id]: hashOf(id) }),
  },
  annotations: { [annotations.id]: id, ...more },
});
const claimSpec = ({ size, storageClass }: NewWorkload) => ({
  accessModes: ["ReadWriteOnce"],
  resources: { requests: { storage: size } },
  ...(storageClass !== undefined && { storageClassName: storageClass }),
});
const gone = (name: string) => new RuntimeError("not_found", `The sandbox ${name} was deleted.`);
const versionIn = (version: string | undefined) => (version === undefined ? {} : { resourceVersion: version });
/** The API's type has no nulls, which remove what they name. */
const marksOf = (changes: Marks) => changes as Record<string, string>;

function readWorkload(object: ApiObject, isAwake: boolean): Workload {
  const { name = "", annotations: all = {}, labels: marks = {}, resourceVersion: version = "" } = object.metadata ?? {};
  return { name, id: all[annotations.id] ?? "", kind: marks[labels.kind] as WorkloadKind, annotations: all, isAwake, version };
}

const isClaimed = (workload: Workload) => workload.annotations[annotations.unclaimed] === undefined;

/** Reads of both ways: what is being deleted does not exist any more. */
function views(
  cluster: Cluster,
  api: { apiVersion: string; kind: string },
  followed: Followed<ApiObject>,
  isAwake: (object: ApiObject) => boolean,
) {
  const view = (object: ApiObject | undefined) =>
    object && object.metadata?.deletionTimestamp === undefined && object.metadata?.annotations?.[annotations.id] !== undefined
      ? readWorkload(object, isAwake(object))
      : undefined;
  /** Names of all of an id: there can be thousands of workloads. */
  const byId = new Map<string, Set<string>>();
  const ids = new Map<string, string>();
  const index = (name: string, object: ApiObject | undefined) => {
    const workload = view(object);
    const key = workload && `${workload.kind} ${workload.id}`;
    const before = ids.get(name);
    if (key === before) return;
    if (before !== undefined) {
      const names = byId.get(before);
      names?.delete(name);
      if (names?.size === 0) byId.delete(before);
      ids.delete(name);
    }
    if (key === undefined) return;
    ids.set(name, key);
    byId.set(key, (byId.get(key) ?? new Set()).add(name));
  };
  for (const object of followed.all()) index(object.metadata?.name ?? "", object);
  followed.onChange(index);
  const every = () => followed.all().flatMap((object) => view(object) ?? []);
  return {
    all: () => every().filter(isClaimed),
    find(kind: WorkloadKind, id: string) {
      for (const name of byId.get(`${kind} ${id}`) ?? []) {
        const workload = view(followed.get(name));
        if (workload && isClaimed(workload)) return workload;
      }
      return undefined;
    },
    unclaimed: () => every().filter((workload) => !isClaimed(workload)),
    get: (name: string) => view(followed.get(name)),
    async read(kind: WorkloadKind, id: string) {
      const { items } = await cluster.list<ApiObject>(
        api.apiVersion,
        api.kind,
        `${selector},${labels.kind}=${kind},${labels.id}=${hashOf(id)}`,
      );
      for (const item of items) followed.wrote(item);
      return items.flatMap((item) => view(item) ?? []);
    },
    onChange: (listener: (name: string) => void) => followed.onChange((name) => listener(name)),
    close: () => followed.close(),
  };
}

export const sandboxApi = { apiVersion: "agents.x-k8s.io/v1beta1", kind: "Sandbox" } as const;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** The merge patch that leaves `next` alone: what only `before` has is null in it, which removes it. */
export function replacing(before: unknown, next: unknown): unknown {
  if (!isObject(before) || !isObject(next)) return next;
  return Object.fromEntries(
    [...new Set([...Object.keys(before), ...Object.keys(next)])].map((key) => [
      key,
      key in next ? replacing(before[key], next[key]) : null,
    ]),
  );
}

/** Sandbox objects: a controller of the cluster makes their pods and claims, and makes a pod again that is lost. */
export async function sandboxWorkloads(cluster: Cluster, { log }: { log: RuntimeLog }): Promise<Workloads> {
  const followed = await followObjects<ApiObject>(cluster, { ...sandboxApi, plural: "sandboxes", labelSelector: selector, log });
  const modeOf = (object: ApiObject) => object.spec?.["operatingMode"] ?? "Running";
  const patch = async (name: string, metadata: V1ObjectMeta, spec?: Record<string, unknown>) => {
    const object = await cluster.patch<ApiObject>({ ...sandboxApi, metadata: { ...metadata, name }, ...(spec && { spec }) });
    if (!object) throw gone(name);
    followed.wrote(object);
  };
  return {
    ...views(cluster, sandboxApi, followed, (object) => modeOf(object) === "Running"),
    async create(workload) {
      const object = await cluster.create<ApiObject>({
        ...sandboxApi,
        metadata: metadataOf(workload),
        spec: {
          operatingMode: "Suspended",
          podTemplate: workload.pod,
          volumeClaimTemplates: [{ metadata: { name: volumeName }, spec: claimSpec(workload) }],
          service: false,
        },
      });
      if (object) followed.wrote(object);
    },
    annotate: (name, changes, { version } = {}) => patch(name, { ...versionIn(version), annotations: marksOf(changes) }),
    assign: (name, { id, changes, version }) =>
      patch(name, {
        resourceVersion: version,
        labels: { [labels.id]: hashOf(id) },
        annotations: marksOf({ ...changes, [annotations.id]: id }),
      }),
    resume: (name, podTemplate) =>
      patch(name, {}, { operatingMode: "Running", podTemplate: replacing(followed.get(name)?.spec?.["podTemplate"], podTemplate) }),
    suspend: (name, { changes, version }) =>
      patch(name, { ...versionIn(version), annotations: marksOf(changes) }, { operatingMode: "Suspended" }),
    // The controller does that.
    removePod: async () => undefined,
    setNetwork: (name, network) => patch(name, {}, { podTemplate: { metadata: { labels: { [labels.network]: network } } } }),
    async remove(name, { version } = {}) {
      await cluster.remove(sandboxApi.apiVersion, sandboxApi.kind, name, version === undefined ? {} : { only: versionIn(version) });
      followed.forget(name);
    },
  };
}

const unlessChanged = (error: unknown) => {
  if (!isChanged(error)) throw error;
};

const claimApi = { apiVersion: "v1", kind: "PersistentVolumeClaim" } as const;
const podApi = { apiVersion: "v1", kind: "Pod" } as const;

/** Claims and pods of the servers alone: without one, a lost pod is made again only by the next call. */
export async function podWorkloads(cluster: Cluster, { log }: { log: RuntimeLog }): Promise<Workloads> {
  const followed = await followObjects<ApiObject>(cluster, {
    ...claimApi,
    plural: "persistentvolumeclaims",
    labelSelector: `${selector},${labels.workload}`,
    log,
  });
  const patch = async (name: string, metadata: V1ObjectMeta) => {
    const object = await cluster.patch<ApiObject>({ ...claimApi, metadata: { ...metadata, name } });
    if (!object) throw gone(name);
    followed.wrote(object);
    return object;
  };
  const annotate = (name: string, changes: Marks, version?: string) =>
    patch(name, { ...versionIn(version), annotations: marksOf(changes) });
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
  const endPod = (name: string, uid: string) =>
    cluster.remove(podApi.apiVersion, podApi.kind, name, { only: { uid } }).catch(unlessChanged);
  return {
    ...views(cluster, claimApi, followed, (object) => object.metadata?.annotations?.[annotations.mode] === "Running"),
    async create(workload) {
      const metadata = metadataOf(workload);
      const object = await cluster.create<ApiObject>({
        ...claimApi,
        metadata: { ...metadata, annotations: { ...metadata.annotations, [annotations.mode]: "Suspended" } },
        spec: claimSpec(workload),
      });
      if (object) followed.wrote(object);
    },
    async annotate(name, changes, { version } = {}) {
      await annotate(name, changes, version);
    },
    async assign(name, { id, changes, version }) {
      await patch(name, {
        resourceVersion: version,
        labels: { [labels.id]: hashOf(id) },
        annotations: marksOf({ ...changes, [annotations.id]: id }),
      });
    },
    async resume(name, pod) {
      const object = await annotate(name, { [annotations.mode]: "Running" });
      await createPod(name, object.metadata?.uid, pod);
    },
    async suspend(name, { changes, version, pod }) {
      await annotate(name, { ...changes, [annotations.mode]: "Suspended" }, version);
      // Another server may have made the next one.
      if (pod !== undefined) await endPod(name, pod);
    },
    async removePod(name, { uid, version }) {
      await annotate(name, { [annotations.wanted]: new Date().toISOString() }, version);
      await endPod(name, uid);
    },
    async setNetwork(name, network) {
      await cluster.patch({ ...podApi, metadata: { name, labels: { [labels.network]: network } } });
    },
    async remove(name, { version } = {}) {
      await cluster.remove(claimApi.apiVersion, claimApi.kind, name, version === undefined ? {} : { only: versionIn(version) });
      await cluster.remove(podApi.apiVersion, podApi.kind, name);
      followed.forget(name);
    },
  };
}
