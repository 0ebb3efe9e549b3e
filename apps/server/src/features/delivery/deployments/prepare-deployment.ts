import {
  deployProviders,
  DeployProvider,
  remoteProviders,
  type BuildMode,
  type DeployEnvironment,
  type DeploymentRequest,
} from "@tesslate/contract";
import { Value } from "typebox/value";
import { badRequest, invalid, notFound } from "../../../platform/errors.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Projects } from "../../projects/projects/index.ts";
import { findFreeName, siteNameTaken, type ListTakenNames } from "../domains/index.ts";
import type { DeployedService, StoredRequest } from "./deployment-request.ts";
import type { EnvironmentOfDeployment } from "./deployment-variables.ts";
import { deployedWith, notConnected } from "./deployment-rules.ts";
import type { DeploymentsStore } from "./deployments.store.ts";
import { capabilitiesOf } from "./providers/capabilities.ts";
import type { ProviderAccess } from "./providers/provider.ts";

export type DeploymentChoices = ReturnType<typeof createDeploymentChoices>;
/** What a request chooses: provider, container, mode and folder. */
export function createDeploymentChoices({
  store,
  providers: { hasCredential },
}: {
  store: Pick<DeploymentsStore, "baseContainers" | "containersOf">;
  providers: Pick<ProviderAccess, "hasCredential">;
}) {
  const providerOf = (name: string): DeployProvider => {
    const lower = name.trim().toLowerCase();
    if (Value.Check(DeployProvider, lower)) return lower;
    throw badRequest("Unknown provider. Use vercel, netlify, cloudflare or local.", "unknown_provider", {
      available: deployProviders,
    });
  };
  const containerOf = async (project: ProjectRow, id: string | null | undefined): Promise<ContainerRow> => {
    if (id === null || id === undefined) {
      const [first] = await store.baseContainers(project.id);
      if (!first) throw badRequest("This project has no app to deploy.", "no_containers");
      return first;
    }
    const row = (await store.containersOf(project.id)).find((container) => container.id === id);
    if (!row) throw notFound("Container");
    if (row.container_type !== "base") throw badRequest(`${row.name} is a service. Deploy the app that uses it.`, "not_supported");
    return row;
  };
  const modeOf = (provider: DeployProvider, requested: BuildMode | null | undefined): BuildMode => {
    const { buildModes, title } = capabilitiesOf(provider);
    const mode = requested ?? buildModes[0];
    if (!buildModes.includes(mode))
      throw badRequest(`${title} does not support the mode ${mode}. Use ${buildModes.join(" or ")}.`, "not_supported");
    return mode;
  };
  const isConnected = async (userId: string, projectId: string, provider: DeployProvider): Promise<boolean> =>
    provider === "local" || hasCredential(userId, projectId, provider);
  /** The default provider of a project without a target: the one connected account, otherwise this server. */
  const defaultProvider = async (userId: string, projectId: string): Promise<DeployProvider> => {
    const accounts = await Promise.all(
      remoteProviders.map(async (provider) => ((await hasCredential(userId, projectId, provider)) ? [provider] : [])),
    );
    const [only, ...others] = accounts.flat();
    return only !== undefined && others.length === 0 ? only : "local";
  };
  const outputDirectory = (path: string | null | undefined): string | null => {
    if (path === null || path === undefined) return null;
    const segments = path.split("/").filter((segment) => segment !== "" && segment !== ".");
    if (segments.includes("..") || path.includes("\\") || path.includes("\0"))
      throw invalid(["body", "output_directory"], "A folder inside the container's folder");
    return segments.join("/") || ".";
  };
  return { providerOf, containerOf, modeOf, isConnected, defaultProvider, outputDirectory };
}

/** A validated deployment request, ready to be inserted. */
export interface PreparedDeployment {
  container: ContainerRow;
  provider: DeployProvider;
  environment: DeployEnvironment;
  mode: BuildMode;
  request: StoredRequest;
  env_names: string[];
  custom_domain: string | null;
  target_id?: string;
}

/** The chosen name of a new site on this server. Another deployment can take it before this one publishes. Throws `site_name_taken`. */
async function siteNameOf(
  { findSite, listTakenNames }: Pick<DeploymentsStore, "findSite"> & { listTakenNames: ListTakenNames },
  name: string | null | undefined,
  { container, provider, environment }: { container: ContainerRow; provider: DeployProvider; environment: DeployEnvironment },
): Promise<string | undefined> {
  if (name === null || name === undefined) return undefined;
  if (provider !== "local" || environment === "preview")
    throw badRequest("Only the live version on this server has a name. Leave out site_name.", "not_supported");
  const site = await findSite({ container_id: container.id, provider });
  if (site?.name === name) return undefined;
  if (site) throw badRequest(`This app has the name “${site.name}” already. Change it under Domains.`, "not_supported");
  if ((await findFreeName(listTakenNames, [name])) === undefined) throw siteNameTaken();
  return name;
}

const domainOf = (domain: string | null | undefined, provider: DeployProvider, environment: DeployEnvironment): string | null => {
  if (domain === null || domain === undefined) return null;
  if (environment === "preview")
    throw badRequest("Custom domains point to the live version, so a preview cannot have one.", "custom_domain_not_supported");
  if (provider === "local")
    throw badRequest(
      "Sites on this server have their own URL. To use another domain, point a reverse proxy at it.",
      "custom_domain_not_supported",
    );
  const name = domain.trim().toLowerCase();
  if (!/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(name))
    throw invalid(["body", "custom_domain"], "A domain name, such as app.example.com");
  return name;
};

export type PrepareDeployment = ReturnType<typeof createPrepareDeployment>;
/** Checks a request. Stores nothing. */
export function createPrepareDeployment({
  store,
  choices: { providerOf, containerOf, modeOf, isConnected, outputDirectory },
  environmentOf,
  projects,
  listTakenNames,
}: {
  store: Pick<DeploymentsStore, "findSite">;
  listTakenNames: ListTakenNames;
  choices: DeploymentChoices;
  environmentOf: EnvironmentOfDeployment;
  projects: Pick<Projects, "sandboxOf">;
}) {
  return async (userId: string, project: ProjectRow, body: DeploymentRequest): Promise<PreparedDeployment> => {
    const provider = providerOf(body.provider);
    const container = await containerOf(project, body.container_id);
    const mode = modeOf(provider, body.deployment_mode);
    const environment = body.environment ?? "production";
    const custom_domain = domainOf(body.custom_domain, provider, environment);
    const site_name = await siteNameOf({ findSite: store.findSite, listTakenNames }, body.site_name, { container, provider, environment });
    for (const [name, value] of Object.entries(body.env_vars ?? {}))
      if (value.includes("\0")) throw invalid(["body", "env_vars", name], "A value cannot contain a NUL character");
    const output_directory = outputDirectory(body.output_directory);
    if (!(await isConnected(userId, project.id, provider))) throw notConnected(provider);
    await projects.sandboxOf(project);
    const own = await environmentOf(project, container, { provider, exclude: body.exclude_env });
    if (own.outer) throw badRequest(`${deployedWith(container, own.outer)} Deploy ${own.outer.name}.`, "not_supported");
    const env = { ...Object.fromEntries(own.variables.map(({ name, value }) => [name, value])), ...body.env_vars };
    const services = servicesWithout(own.services, body.env_vars ?? {});
    return {
      container,
      provider,
      environment,
      mode,
      custom_domain,
      env_names: [...new Set([...Object.keys(env), ...services.flatMap(({ variables }) => Object.keys(variables))])].sort(),
      request: {
        build_command: body.build_command ?? null,
        output_directory,
        framework: body.framework ?? null,
        ignore_rules: body.ignore_rules ?? [],
        ...(site_name !== undefined && { site_name }),
        env,
        services,
      },
    };
  };
}

/** Services without the variables that the request sets itself; one that provides nothing else does not run. */
const servicesWithout = (services: readonly DeployedService[], given: Readonly<Record<string, string>>): DeployedService[] =>
  services
    .map((service) => ({
      ...service,
      variables: Object.fromEntries(Object.entries(service.variables).filter(([name]) => !(name in given))),
    }))
    .filter(({ variables }) => Object.keys(variables).length > 0);
