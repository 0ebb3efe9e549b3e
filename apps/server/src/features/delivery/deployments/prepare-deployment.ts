import type { BuildMode, DeployEnvironment, DeploymentRequest, DeployProvider } from "@tesslate/contract";
import { badRequest, invalid } from "../../../platform/errors.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { DeploymentChoices } from "./deployment-choices.ts";
import type { StoredRequest } from "./deployment-request.ts";
import type { VariablesOf } from "./deployment-variables.ts";
import { notConnected } from "./deployment-rules.ts";

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
  choices: { providerOf, containerOf, modeOf, isConnected, outputDirectory },
  variablesOf,
  projects,
}: {
  choices: DeploymentChoices;
  variablesOf: VariablesOf;
  projects: Pick<Projects, "sandboxOf">;
}) {
  return async (userId: string, project: ProjectRow, body: DeploymentRequest): Promise<PreparedDeployment> => {
    const provider = providerOf(body.provider);
    const container = await containerOf(project, body.container_id);
    const mode = modeOf(provider, body.deployment_mode);
    const environment = body.environment ?? "production";
    const custom_domain = domainOf(body.custom_domain, provider, environment);
    for (const [name, value] of Object.entries(body.env_vars ?? {}))
      if (value.includes("\0")) throw invalid(["body", "env_vars", name], "A value cannot contain a NUL character");
    const output_directory = outputDirectory(body.output_directory);
    if (!(await isConnected(userId, project.id, provider))) throw notConnected(provider);
    await projects.sandboxOf(project);
    const own = await variablesOf(project, container, body.exclude_env);
    const env = { ...Object.fromEntries(own.map(({ name, value }) => [name, value])), ...body.env_vars };
    return {
      container,
      provider,
      environment,
      mode,
      custom_domain,
      env_names: Object.keys(env).sort(),
      request: {
        build_command: body.build_command ?? null,
        output_directory,
        framework: body.framework ?? null,
        ignore_rules: body.ignore_rules ?? [],
        env,
      },
    };
  };
}
