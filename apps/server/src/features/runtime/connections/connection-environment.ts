import type { RuntimeDriver } from "@tesslate/runtime";
import type { ContainerRow, CredentialRow, ConnectionRow } from "../../../db/schema/runtime.ts";
import {
  fill,
  findService,
  type ListeningPortOf,
  type CredentialsVault,
  type EnvironmentVault,
  type ConnectionEnvironment,
} from "../containers/index.ts";
import type { ConnectionsStore } from "./connections.store.ts";
import { isFillable, plan } from "./exports.ts";

interface Source {
  row: ContainerRow;
  connection: ConnectionRow;
}

/** Dependency order and injected variables that follow from a project's connections. */
export function createConnectionEnvironment({
  store,
  containers,
  credentials,
  vault,
  credentialsVault,
  listeningPortOf,
  runtime,
}: {
  store: Pick<ConnectionsStore, "listAll">;
  containers: { listAll(projectId: string): Promise<ContainerRow[]> };
  credentials: { find(containerId: string): Promise<CredentialRow | undefined> };
  vault: EnvironmentVault;
  credentialsVault: CredentialsVault;
  listeningPortOf: ListeningPortOf;
  runtime: Pick<RuntimeDriver, "can">;
}): ConnectionEnvironment {
  /** With a private network containers are reached by name; otherwise all share the machine's loopback. */
  const hostOf = (row: ContainerRow) => (runtime.can.privateNetwork ? row.service_key : "127.0.0.1");
  const endpointKeys = (row: ContainerRow) =>
    row.external_endpoint === null
      ? []
      : (findService(row.service_slug)?.external?.fields ?? []).filter((f) => f.isEndpoint).map((f) => f.key);

  const addressOf = async (row: ContainerRow) => ({ container_name: hostOf(row), internal_port: String(await listeningPortOf(row)) });
  const valuesOf = async (row: ContainerRow): Promise<Record<string, string>> => {
    if (row.deployment_mode === "container") return { ...vault.open(row), ...(await addressOf(row)) };
    const endpoint = Object.fromEntries(endpointKeys(row).map((key) => [key, row.external_endpoint ?? ""]));
    return { ...endpoint, ...credentialsVault.open(await credentials.find(row.id)) };
  };
  const namesOf = async (row: ContainerRow): Promise<Set<string>> =>
    new Set(
      row.deployment_mode === "container"
        ? [...row.env_var_keys, "container_name", "internal_port"]
        : [...endpointKeys(row), ...((await credentials.find(row.id))?.keys ?? [])],
    );

  const sourcesInto = async (projectId: string, targetId: string): Promise<Source[]> => {
    const [edges, rows] = await Promise.all([store.listAll(projectId), containers.listAll(projectId)]);
    const byId = new Map(rows.map((row) => [row.id, row]));
    return edges.flatMap((connection) => {
      const row = connection.target_container_id === targetId ? byId.get(connection.source_container_id) : undefined;
      return row ? [{ row, connection }] : [];
    });
  };
  /** Resolves each source once. */
  const memoized = <T>(read: (row: ContainerRow) => Promise<T>) => {
    const known = new Map<string, Promise<T>>();
    return (row: ContainerRow): Promise<T> => {
      const result = known.get(row.id) ?? read(row);
      known.set(row.id, result);
      return result;
    };
  };

  return {
    sourcesOf: async (projectId) => {
      const sources = new Map<string, string[]>();
      for (const { source_container_id: source, target_container_id: target } of await store.listAll(projectId))
        sources.set(target, [...(sources.get(target) ?? []), source]);
      return sources;
    },
    targetsOf: async (projectId, sourceId) =>
      (await store.listAll(projectId)).filter((c) => c.source_container_id === sourceId).map((c) => c.target_container_id),
    exportsInto: async (projectId, targetId) =>
      [...plan(await sourcesInto(projectId, targetId))].map(([key, { source, template }]) => ({ key, template, source: source.row })),
    variablesOf: async (projectId, targetId) => {
      const read = memoized(valuesOf);
      const variables: Record<string, string> = {};
      for (const [key, { source, template }] of plan(await sourcesInto(projectId, targetId))) {
        const value = fill(template, await read(source.row));
        if (value !== undefined) variables[key] = value;
      }
      return variables;
    },
    namesOf: async (projectId, targetId) => {
      const read = memoized(namesOf);
      const names = [];
      for (const [key, { source, template }] of plan(await sourcesInto(projectId, targetId)))
        if (isFillable(template, await read(source.row)))
          names.push({ key, source_container_name: source.row.name, source_container_id: source.row.id });
      return names.sort((a, b) => a.key.localeCompare(b.key));
    },
  };
}
