import { setTimeout as sleep } from "node:timers/promises";
import { silentLog, type RuntimeLog } from "../log.ts";
import type { ApiObject, Cluster } from "./cluster.ts";

/** The objects of one kind that a selector selects, kept current by a watch. */
export interface Followed<T extends ApiObject> {
  get(name: string): T | undefined;
  all(): T[];
  /** What this process wrote: it counts at once, and until something newer arrives. */
  wrote(object: T): void;
  forget(name: string): void;
  /** Called after every change. Returns the unsubscribe function. */
  onChange(listener: (name: string, object: T | undefined) => void): () => void;
  close(): void;
}

interface Options {
  apiVersion: string;
  kind: string;
  /** Of its URL. */
  plural: string;
  labelSelector: string;
  log?: RuntimeLog | undefined;
}

const retryMs = 500;
const maxDeleted = 1_000;

/** Lists once and watches from there; lists again only when the API no longer has the changes in between. Rejects when the list fails. */
export async function followObjects<T extends ApiObject>(
  cluster: Cluster,
  { apiVersion, kind, plural, labelSelector, log = silentLog }: Options,
): Promise<Followed<T>> {
  const objects = new Map<string, T>();
  const listeners = new Set<(name: string, object: T | undefined) => void>();
  const closing = new AbortController();
  let from = "";
  let current: AbortController | undefined;

  const changed = (name: string) => {
    for (const listener of listeners) listener(name, objects.get(name));
  };
  /** Ids of objects whose deletion was reported: a response that was on its way does not bring them back. */
  const deleted = new Set<string>();
  function put(object: T) {
    if (deleted.has(object.metadata?.uid ?? "")) return;
    const name = object.metadata?.name ?? "";
    const known = objects.get(name);
    if (known && known.metadata?.uid === object.metadata?.uid && versionOf(object) < versionOf(known)) return;
    objects.set(name, object);
    changed(name);
  }
  function drop(name: string, uid?: string) {
    if (uid !== undefined && objects.get(name)?.metadata?.uid !== uid) return;
    if (objects.delete(name)) changed(name);
  }
  async function list() {
    const { items, resourceVersion } = await cluster.list<T>(apiVersion, kind, labelSelector);
    from = resourceVersion;
    const names = new Set(items.map((item) => item.metadata?.name ?? ""));
    for (const item of items) put(item);
    for (const name of objects.keys()) if (!names.has(name)) drop(name);
  }
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const path = `${group}/namespaces/${cluster.namespace}/${plural}`;

  /** One request. It ends after some time without changes; that is no failure. Returns whether its position is still known. */
  function watchOnce(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    let isKnown = true;
    const onEvent = (type: string, object: T & { code?: number }) => {
      if (type === "ERROR") {
        isKnown = object.code !== 410 && object.code !== 504;
        return;
      }
      from = object.metadata?.resourceVersion ?? from;
      if (type === "DELETED") {
        const { name = "", uid = "" } = object.metadata ?? {};
        deleted.add(uid);
        const [oldest = ""] = deleted;
        if (deleted.size > maxDeleted) deleted.delete(oldest);
        drop(name, uid);
      } else if (type !== "BOOKMARK") put(object);
    };
    cluster
      .watch(path, { labelSelector, resourceVersion: from, allowWatchBookmarks: true }, onEvent, (error: unknown) => {
        const status = error !== null && typeof error === "object" && "statusCode" in error ? error.statusCode : undefined;
        if (status === 410) isKnown = false;
        const isFailure = error instanceof Error && !["TimeoutError", "AbortError"].includes(error.name);
        if (isFailure && !closing.signal.aborted) log.debug({ err: error, kind }, "a watch of the Kubernetes API ended");
        void (isFailure ? sleep(retryMs, undefined, { ref: false }) : Promise.resolve()).then(() => resolve(isKnown));
      })
      .then(
        (request) => {
          current = request;
          if (closing.signal.aborted) request.abort();
        },
        () => void sleep(retryMs, undefined, { ref: false }).then(() => resolve(isKnown)),
      );
    return promise;
  }

  await list();
  void (async () => {
    while (!closing.signal.aborted) {
      if (await watchOnce()) continue;
      await list().catch(async (error: unknown) => {
        log.warn({ err: error, kind }, "objects of the Kubernetes API cannot be listed");
        await sleep(retryMs, undefined, { ref: false });
      });
    }
  })();

  return {
    get: (name) => objects.get(name),
    all: () => [...objects.values()],
    wrote: put,
    forget: (name) => drop(name),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      closing.abort();
      current?.abort();
      listeners.clear();
    },
  };
}

/** Versions are numbers that grow with every write to the API's store. */
const versionOf = (object: ApiObject): bigint => {
  const version = object.metadata?.resourceVersion ?? "";
  return /^\d+$/.test(version) ? BigInt(version) : 0n;
};
