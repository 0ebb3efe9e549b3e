import type * as Library from "@kubernetes/client-node";
import { readFileSync } from "node:fs";
import { RuntimeError } from "../errors.ts";

/** An object of the API, as far as this driver reads it. */
export interface ApiObject extends Library.KubernetesObject {
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

/** The Kubernetes API, for objects of one namespace. Errors are `unavailable`, with the API's own as their cause. */
export interface Cluster {
  readonly namespace: string;
  /** One watch request; `onEnd` is called once, also when it ended in order. */
  watch(
    path: string,
    query: Record<string, string | boolean>,
    onEvent: (type: string, object: never) => void,
    onEnd: (error: unknown) => void,
  ): Promise<AbortController>;
  /** Undefined when there is none of that name. */
  find<T extends ApiObject>(apiVersion: string, kind: string, name: string): Promise<T | undefined>;
  /** As of now, not of a cache. */
  list<T extends ApiObject>(apiVersion: string, kind: string, labelSelector: string): Promise<{ items: T[]; resourceVersion: string }>;
  /** Undefined when one of that name exists. */
  create<T extends ApiObject>(object: T): Promise<T | undefined>;
  /**
   * A merge patch: null removes a field. Undefined when there is no such object. With `metadata.resourceVersion` it is changed only if it has
   * that version, otherwise `isChanged` is thrown.
   */
  patch<T extends ApiObject>(object: ApiObject): Promise<T | undefined>;
  /** Creates it, or makes its fields as given. */
  apply(object: ApiObject): Promise<void>;
  /** Returns when the API has accepted it. Ignores missing objects. `only`: throws `isChanged` if it is another object or has another version. */
  remove(apiVersion: string, kind: string, name: string, options?: { only?: { uid?: string; resourceVersion?: string } }): Promise<void>;
  /** Whether the API has that kind, and this account may list it. */
  knows(apiVersion: string, kind: string): Promise<boolean>;
}

/** Whether an object was changed by someone else, so that a change on condition of its version had no effect. */
export const isChanged = (error: unknown): boolean => error instanceof RuntimeError && error.details?.["isChanged"] === true;

const fieldManager = "tesslate-studio";

function loadConfig(library: typeof Library, kubeconfig: string | undefined): Library.KubeConfig {
  const config = new library.KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromCluster();
    else config.loadFromString(readFileSync(kubeconfig, "utf8"));
  } catch (cause) {
    throw new RuntimeError("unavailable", `the kubeconfig ${kubeconfig ?? ""} cannot be read`, { cause });
  }
  if (!config.getCurrentCluster()?.server || config.getCurrentCluster()?.server.includes("undefined"))
    throw new RuntimeError("unavailable", "this process does not run in a pod: set KUBECONFIG to a kubeconfig file");
  return config;
}

export async function connectCluster({ kubeconfig, namespace }: { kubeconfig?: string | undefined; namespace: string }): Promise<Cluster> {
  // Large, so it is loaded only where it is used.
  const library = await import("@kubernetes/client-node");
  const { ApiException, KubernetesObjectApi, PatchStrategy, Watch } = library;
  const config = loadConfig(library, kubeconfig);
  const api = KubernetesObjectApi.makeApiClient(config);
  const at = (apiVersion: string, kind: string, name: string) => ({ apiVersion, kind, metadata: { name, namespace } });
  const inNamespace = <T extends ApiObject>(object: T): T => ({ ...object, metadata: { ...object.metadata, namespace } });

  async function called<T>(what: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw failure(what, error);
    }
  }
  async function unless<T>(codes: readonly number[], what: string, call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof ApiException && codes.includes(error.code)) return undefined;
      throw failure(what, error);
    }
  }
  function failure(what: string, cause: unknown): RuntimeError {
    if (!(cause instanceof ApiException))
      return new RuntimeError("unavailable", `The Kubernetes API does not respond (${what}).`, { cause });
    const reason = messageOf(cause.body);
    if (cause.code === 409)
      return new RuntimeError("unavailable", `${what} was changed by another server.`, { cause, details: { isChanged: true } });
    if (cause.code === 403 && /quota/i.test(reason)) return new RuntimeError("unavailable", "The cluster's quota is used up.", { cause });
    return new RuntimeError(
      "unavailable",
      `The Kubernetes API refused to ${what} (${cause.code}${reason && `: ${reason.slice(0, 300)}`}).`,
      { cause },
    );
  }

  return {
    namespace,
    watch: (path, query, onEvent, onEnd) => new Watch(config).watch(path, query, onEvent as (type: string, object: unknown) => void, onEnd),
    find: (apiVersion, kind, name) => unless([404], `read ${kind}`, () => api.read(at(apiVersion, kind, name))) as Promise<undefined>,
    async list<T extends ApiObject>(apiVersion: string, kind: string, labelSelector: string) {
      const all = await called(`list ${kind}`, () =>
        api.list<T>(apiVersion, kind, namespace, undefined, undefined, undefined, undefined, labelSelector),
      );
      return { items: all.items, resourceVersion: all.metadata?.resourceVersion ?? "" };
    },
    create: (object) => unless([409], `create ${object.kind}`, () => api.create(inNamespace(object))),
    patch: (object) =>
      unless([404], `change ${object.kind}`, () =>
        api.patch(inNamespace(object), undefined, undefined, fieldManager, undefined, PatchStrategy.MergePatch),
      ) as Promise<undefined>,
    async apply(object) {
      await called(`apply ${object.kind}`, () =>
        api.patch(inNamespace(object), undefined, undefined, fieldManager, true, PatchStrategy.ServerSideApply),
      );
    },
    async remove(apiVersion, kind, name, { only } = {}) {
      await unless([404], `delete ${kind}`, () =>
        api.delete(at(apiVersion, kind, name), undefined, undefined, undefined, undefined, "Background", only && { preconditions: only }),
      );
    },
    async knows(apiVersion, kind) {
      try {
        await api.list(apiVersion, kind, namespace, undefined, undefined, undefined, undefined, undefined, 1);
        return true;
      } catch (error) {
        // The API's client throws a plain error for a kind that its discovery lacks.
        if (!(error instanceof ApiException) && !isNetworkError(error)) return false;
        if (error instanceof ApiException && [403, 404].includes(error.code)) return false;
        throw failure(`list ${kind}`, error);
      }
    },
  };
}

const isNetworkError = (error: unknown) => error instanceof Error && ("code" in error || error.cause instanceof Error);

function messageOf(body: unknown): string {
  const parsed: unknown = typeof body === "string" ? parse(body) : body;
  return typeof parsed === "object" && parsed !== null && "message" in parsed && typeof parsed.message === "string" ? parsed.message : "";
}
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
