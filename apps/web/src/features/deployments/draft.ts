import type { BuildMode, DeployEnvironment, DeployProvider, DeploymentRequest, FrameworkId, LaunchCheck } from "@tesslate/contract";

/** The input of the deploy form. Empty texts mean "as detected". Kept in memory only: it may hold values of variables. */
export interface Draft {
  provider: DeployProvider;
  environment: DeployEnvironment;
  /** Undefined: the server decides. */
  containerId: string | undefined;
  mode: BuildMode | undefined;
  framework: FrameworkId | undefined;
  buildCommand: string;
  outputDirectory: string;
  customDomain: string;
  /** Of a new site on this server; empty: as proposed. */
  siteName: string;
  extra: readonly { name: string; value: string }[];
  excluded: readonly string[];
  ignoredChecks: readonly LaunchCheck[];
}

export const emptyDraft: Draft = {
  provider: "local",
  environment: "production",
  containerId: undefined,
  mode: undefined,
  framework: undefined,
  buildCommand: "",
  outputDirectory: "",
  customDomain: "",
  siteName: "",
  extra: [],
  excluded: [],
  ignoredChecks: [],
};

/** What the plan depends on: nothing secret is in it. */
export const planRequestOf = (projectId: string, draft: Draft): DeploymentRequest => ({
  project_id: projectId,
  provider: draft.provider,
  ...(draft.environment === "preview" && { environment: draft.environment }),
  ...(draft.containerId && { container_id: draft.containerId }),
  ...(draft.mode && { deployment_mode: draft.mode }),
  ...(draft.framework && { framework: draft.framework }),
  ...(draft.buildCommand.trim() && { build_command: draft.buildCommand.trim() }),
  ...(draft.outputDirectory.trim() && { output_directory: draft.outputDirectory.trim() }),
});

export const deploymentRequestOf = (projectId: string, draft: Draft): DeploymentRequest => ({
  ...planRequestOf(projectId, draft),
  // It leads to what is live, and a preview is not.
  ...(draft.environment === "production" && draft.customDomain.trim() && { custom_domain: draft.customDomain.trim().toLowerCase() }),
  ...(draft.provider === "local" &&
    draft.environment === "production" &&
    draft.siteName.trim() && { site_name: draft.siteName.trim().toLowerCase() }),
  ...(draft.extra.length > 0 && { env_vars: Object.fromEntries(draft.extra.map(({ name, value }) => [name, value])) }),
  ...(draft.excluded.length > 0 && { exclude_env: [...draft.excluded] }),
  ...(draft.ignoredChecks.length > 0 && { ignore_rules: [...draft.ignoredChecks] }),
});

/** Switches the provider; the build mode and ignored checks of the previous one do not apply. */
export const toProvider = (draft: Draft, provider: DeployProvider): Draft => ({ ...draft, provider, mode: undefined, ignoredChecks: [] });

const host = /^(?=.{3,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;
/** The error for an invalid domain. */
export function domainError(text: string): string | undefined {
  const name = text.trim().toLowerCase();
  if (name === "" || host.test(name)) return undefined;
  return name.includes("/") || name.includes(":")
    ? "Enter the domain only, without https:// or a path."
    : "Enter a domain, such as shop.example.org.";
}
