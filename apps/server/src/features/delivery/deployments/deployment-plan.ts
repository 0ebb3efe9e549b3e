import type { DeploymentPlan, DeploymentRequest, DeployProvider } from "@tesslate/contract";
import { AppError } from "../../../platform/errors.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { PreviewAddress } from "../../runtime/containers/index.ts";
import { findFreeName, type ListTakenNames } from "../domains/index.ts";
import { buildSettingsOf, defaultOutputOf, serverOnly } from "./build/build-settings.ts";
import { mayNeedServer } from "./build/server-command.ts";
import type { DeploymentChoices } from "./prepare-deployment.ts";
import { proposedName } from "./deployment-request.ts";
import { deployedWith } from "./deployment-rules.ts";
import type { EnvironmentOfDeployment } from "./deployment-variables.ts";
import type { DeploymentsStore } from "./deployments.store.ts";
import { capabilitiesOf } from "./providers/capabilities.ts";
import { siteNames } from "./release/site-names.ts";
import { siteUrl } from "./release/site-urls.ts";

export type PlanDeployment = ReturnType<typeof createPlanDeployment>;
/** Shows what a deployment would contain, without creating it. */
export function createPlanDeployment({
  store,
  projects,
  choices: { providerOf, containerOf, modeOf, isConnected, outputDirectory },
  environmentOf,
  address,
  listTakenNames,
}: {
  store: DeploymentsStore;
  projects: Pick<Projects, "require" | "sandboxOf">;
  choices: DeploymentChoices;
  environmentOf: EnvironmentOfDeployment;
  address: PreviewAddress;
  listTakenNames: ListTakenNames;
}) {
  const nameFor = async (project: ProjectRow, container: ContainerRow, provider: DeployProvider): Promise<string | undefined> => {
    if (provider !== "local") return proposedName(store, project, container.name);
    const names = siteNames(project, container.name);
    return (await findFreeName(listTakenNames, names)) ?? names[0];
  };
  // The pattern is built from an address, whose characters would be encoded.
  const placeholder = "site-name-here";
  const urlPattern = siteUrl(address, "production", placeholder).replace(placeholder, "{name}");
  return async (userId: string, body: DeploymentRequest): Promise<DeploymentPlan> => {
    const project = await projects.require(userId, body.project_id);
    const provider = providerOf(body.provider);
    const container = await containerOf(project, body.container_id);
    const mode = modeOf(provider, body.deployment_mode);
    const capabilities = capabilitiesOf(provider);
    const key = { container_id: container.id, provider };
    const request = { framework: body.framework ?? null, build_command: body.build_command ?? null };
    const output = { output_directory: outputDirectory(body.output_directory) };
    const { files } = await projects.sandboxOf(project);
    const warnings: string[] = [];
    const settings = await buildSettingsOf({ tree: files, container, project, provider, mode, request }).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
      warnings.push(error.message);
    });
    const [{ variables, services, outer }, last, live, site] = await Promise.all([
      environmentOf(project, container, { provider, exclude: body.exclude_env }),
      store.findLast(key, body.environment ?? "production"),
      store.findLive(key),
      store.findSite(key),
    ]);
    if (outer) warnings.push(`${deployedWith(container, outer)} Deploy ${outer.name}.`);
    const before = new Set(last?.env_names);
    const fromServices = services
      .flatMap((service) => Object.keys(service.variables))
      .filter((name) => !variables.some((one) => one.name === name));
    const given = [...variables, ...fromServices.map((name) => ({ name, source: "connection" as const }))].sort((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    const names = new Set(given.map(({ name }) => name));
    const requested = new Set(Object.keys(body.env_vars ?? {}));
    if (settings?.isStaticExport)
      warnings.push("This Next.js app is deployed as a static export: server actions and dynamic routes will not work.");
    if (variables.some(({ source }) => source === "connection"))
      warnings.push("Connection variables name containers of this project, which the deployed app cannot reach unless they are external.");
    if (!capabilities.hasRuntimeVariables && names.size + requested.size > 0)
      warnings.push("Variables apply at build time only: a static site has none at run time.");
    const framework = settings?.framework ?? "unknown";
    const isServer =
      capabilities.runsServers &&
      mayNeedServer(framework, settings?.command ?? null) &&
      (framework !== "unknown" || settings?.startCommand !== null);
    // A preview on this server gets its host when it is deployed.
    const isLocalPreview = provider === "local" && body.environment === "preview";
    return {
      container_id: container.id,
      container_name: container.name,
      provider,
      framework,
      mode,
      build_command: settings?.command ?? null,
      output_directory:
        isServer || serverOnly.has(framework) || mode === "source" ? output.output_directory : defaultOutputOf(framework, output),
      is_connected: await isConnected(userId, project.id, provider),
      env: [
        ...given.map(({ name, source }) => ({ name, source, change: before.has(name) ? ("kept" as const) : ("added" as const) })),
        ...[...before]
          .filter((name) => !names.has(name) && !requested.has(name))
          .map((name) => ({ name, source: "secret" as const, change: "removed" as const })),
      ],
      site_name: isLocalPreview ? null : (site?.name ?? (await nameFor(project, container, provider)) ?? null),
      site_url_pattern: provider === "local" && !isLocalPreview ? urlPattern : null,
      has_site: site !== undefined && !isLocalPreview,
      live: live ? { id: live.id, version: live.version, url: live.deployment_url } : null,
      services: isServer ? services.map(({ container_id, name, slug }) => ({ container_id, name, service_slug: slug })) : [],
      warnings,
    };
  };
}
