import type { Container } from "@tesslate/contract";
import { findService, isPublicService } from "./catalogue/index.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";

/** Where previews are served. */
export interface PreviewAddress {
  scheme: "http" | "https";
  domain: string;
  /** "" for the scheme's default port. */
  port: string;
  /** Of deployed apps; undefined: they are below `domain`. */
  appsDomain: string | undefined;
}

/** The origin of a preview host. */
export const previewOrigin = ({ scheme, domain, port }: PreviewAddress, hostLabel: string): string =>
  `${scheme}://${hostLabel}.${domain}${port ? `:${port}` : ""}`;

/** The public URL of a container. Of services only proxies, object stores and search have one, and only when they run here. */
export const containerUrl = (row: ContainerRow, address: PreviewAddress): string | null =>
  row.container_type === "base" || (row.deployment_mode === "container" && isPublicService(row.service_slug))
    ? previewOrigin(address, row.host_label)
    : null;

/** Values of variables and credentials are never included. `injected` is set when a single container is read. */
export function presentContainer(row: ContainerRow, address: PreviewAddress, injected: Container["injected_env_vars"] = null): Container {
  return {
    id: row.id,
    project_id: row.project_id,
    base_id: row.base_id,
    name: row.name,
    directory: row.directory,
    container_name: row.container_name,
    port: row.port,
    internal_port: row.internal_port,
    env_var_keys: row.env_var_keys,
    env_vars_count: row.env_var_keys.length,
    container_type: row.container_type,
    framework: row.framework,
    service_slug: row.service_slug,
    deployment_mode: row.deployment_mode,
    external_endpoint: row.external_endpoint,
    credentials_id: row.credentials_id,
    injected_env_vars: injected,
    service_outputs: row.container_type === "service" ? { ...findService(row.service_slug)?.outputs } : null,
    deployment_provider: row.deployment_provider,
    position_x: row.position_x,
    position_y: row.position_y,
    status: row.status,
    status_message: row.status === "failed" ? row.status_message : null,
    exit_code: row.status === "failed" ? row.exit_code : null,
    url: containerUrl(row, address),
    last_started_at: row.last_started_at,
    needs_restart: row.needs_restart,
    created_at: row.created_at,
  };
}
