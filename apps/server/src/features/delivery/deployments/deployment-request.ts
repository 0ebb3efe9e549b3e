import type { FrameworkId, LaunchCheck } from "@tesslate/contract";
import type { CryptoBox } from "../../../platform/crypto.ts";
import { siteName } from "../domains/index.ts";
import { isPublicVariable } from "../launch/index.ts";
import type { DeploymentsStore } from "./deployments.store.ts";
import type { DeploymentRow } from "../../../db/schema/delivery.ts";

/** The request of a deployment with the variables it had then, so that a retry after a crash or a rollback repeats the same deployment. */
export interface StoredRequest {
  build_command: string | null;
  output_directory: string | null;
  framework: FrameworkId | null;
  ignore_rules: LaunchCheck[];
  /** For a container without a site on this server. */
  site_name?: string;
  /** Passed to the build and the provider. */
  env: Record<string, string>;
  /** Run for the app on this server. Rows of earlier versions have none. */
  services?: DeployedService[];
}

/** A service that runs for deployments of an app, besides the one of the project. */
export interface DeployedService {
  /** The project's. */
  container_id: string;
  name: string;
  slug: string;
  /** What the app gets: name → template over the service's values. */
  variables: Record<string, string>;
}

export const requestAad = (id: string): string => `deployments.encrypted_request:${id}`;

export type RequestVault = ReturnType<typeof createRequestVault>;
export function createRequestVault({ box }: { box: CryptoBox }) {
  return {
    seal: (id: string, request: StoredRequest): Buffer => box.seal(JSON.stringify(request), requestAad(id)),
    open: (row: Pick<DeploymentRow, "id" | "encrypted_request">): StoredRequest =>
      row.encrypted_request === null
        ? { build_command: null, output_directory: null, framework: null, ignore_rules: [], env: {} }
        : (JSON.parse(box.open(row.encrypted_request, requestAad(row.id))) as StoredRequest),
  };
}

export const secretNamesOf = (env: Readonly<Record<string, string>>): Set<string> =>
  new Set(Object.keys(env).filter((name) => !isPublicVariable(name)));

/** Preferred name of a site at a provider, and of preview hosts: the project's slug, plus the container's name when the project has several apps. */
export async function proposedName(
  store: Pick<DeploymentsStore, "baseContainers">,
  project: { id: string; slug: string },
  containerName: string,
): Promise<string> {
  const isOnly = (await store.baseContainers(project.id)).length === 1;
  return siteName(isOnly ? project.slug : `${project.slug}-${containerName}`);
}

export interface Variable {
  name: string;
  value: string;
  source: "secret" | "container" | "connection";
}
/** Later layers win: the project's secrets, the container's variables, connection variables. */
export function composeEnv(
  layers: { secrets: Record<string, string>; container: Record<string, string>; connections: Record<string, string> },
  { exclude = [] }: { exclude?: readonly string[] | undefined },
): Variable[] {
  const excluded = new Set(exclude);
  const all = new Map<string, Variable>();
  for (const [source, values] of [
    ["secret", layers.secrets],
    ["container", layers.container],
    ["connection", layers.connections],
  ] as const)
    for (const [name, value] of Object.entries(values)) if (!excluded.has(name)) all.set(name, { name, value, source });
  return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
