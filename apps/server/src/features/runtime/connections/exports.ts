import { findService, namesIn } from "../containers/index.ts";
import type { ContainerRow, ConnectionRow } from "../../../db/schema/runtime.ts";

/** A variable that a connection provides: a template over the source's own values. */
export interface Export {
  key: string;
  template: string;
}

type Connection = Pick<ConnectionRow, "connector_type" | "config">;

/** `Orders API` → `ORDERS_API`. */
export function prefixOf(serviceKey: string): string {
  const name = serviceKey.toUpperCase().replaceAll("-", "_");
  return /^[0-9]/.test(name) ? `_${name}` : name;
}

/** Variables a target can request by name: the source's templates. */
export function offeredBy(source: ContainerRow, { connector_type, config }: Connection): Record<string, string> {
  if (source.container_type === "service") {
    const definition = findService(source.service_slug);
    return { ...(source.deployment_mode === "external" ? definition?.external : definition?.running)?.connection };
  }
  const prefix = prefixOf(source.service_key);
  const port =
    connector_type === "port_mapping" && Number.isInteger(config?.["source_port"]) ? String(config?.["source_port"]) : "{internal_port}";
  const scheme = connector_type === "websocket" ? "ws" : "http";
  const path =
    connector_type === "http_api" && typeof config?.["base_path"] === "string" ? config["base_path"].replace(/^(?=[^/])/, "/") : "";
  return {
    [`${prefix}_URL`]: `${scheme}://{container_name}:${port}${path.replaceAll(/[{}]/g, encodeURIComponent)}`,
    [`${prefix}_HOST`]: "{container_name}",
    [`${prefix}_PORT`]: port,
  };
}

/** The user's mapping, target → source; `undefined` when there is none. */
export const mappingOf = ({ config }: Pick<Connection, "config">): Record<string, string> | undefined => {
  const mapping = config?.["env_mapping"];
  return mapping !== null && typeof mapping === "object" && !Array.isArray(mapping) ? (mapping as Record<string, string>) : undefined;
};

/** Everything one connection provides. A mapping may also name variables of the source's own environment. */
export function exportsOf(source: ContainerRow, connection: Connection): Export[] {
  const offered = offeredBy(source, connection);
  const mapping = mappingOf(connection);
  if (mapping) return Object.entries(mapping).map(([key, from]) => ({ key, template: offered[from] ?? `{${from}}` }));
  if (connection.connector_type === "depends_on") return [];
  return Object.entries(offered).map(([key, template]) => ({ key, template }));
}

/** Templates expect their API under this name, whatever the container is called: it is the first connected app container. */
const commonName = "API_URL";

/** All variables of a target by name: the latest connection wins, and the first app container also provides `API_URL`. */
export function plan<S extends { row: ContainerRow; connection: Connection }>(
  sources: readonly S[],
): Map<string, { source: S; template: string }> {
  const planned = new Map<string, { source: S; template: string }>();
  let api: { source: S; template: string } | undefined;
  for (const source of sources)
    for (const { key, template } of exportsOf(source.row, source.connection)) {
      planned.set(key, { source, template });
      if (source.row.container_type === "base" && !mappingOf(source.connection) && key.endsWith("_URL")) api ??= { source, template };
    }
  if (api && !planned.has(commonName)) planned.set(commonName, api);
  return planned;
}

/** Whether a template can be filled, without decrypting any value. */
export const isFillable = (template: string, names: ReadonlySet<string>): boolean => namesIn(template).every((name) => names.has(name));
