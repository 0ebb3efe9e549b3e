import {
  described,
  JsonObject,
  Literals,
  Maybe,
  Nullable,
  ProjectRef,
  Timestamp,
  Type,
  Uuid,
  listOf,
  pageQuery,
  taskFields,
  type Static,
} from "./schema.ts";
import { deployProviders, remoteProviders } from "./deploy-providers.ts";
import { SiteName } from "./domains.ts";
import { LaunchCheck, LaunchReport, LaunchSettings } from "./launch-gate.ts";
import { route } from "./route.ts";

const tag = "deployments";

/** Providers other than this server. They need an account. */
export const RemoteProvider = Literals(...remoteProviders);
export type RemoteProvider = Static<typeof RemoteProvider>;
/** Where a container can be deployed. `local` is this server. */
export const DeployProvider = Literals(...deployProviders);
export type DeployProvider = Static<typeof DeployProvider>;
/** `deploying` also when this server stopped waiting for the provider: the next request for the status completes it. */
export const DeploymentStatus = Literals("pending", "building", "deploying", "success", "failed");
export type DeploymentStatus = Static<typeof DeploymentStatus>;
/** `source`: the provider builds. `pre-built`: built here in a clean sandbox, then uploaded. */
export const BuildMode = Literals("source", "pre-built");
export type BuildMode = Static<typeof BuildMode>;
/** `preview`: at its own URL beside the live version; it goes live only when promoted. */
export const DeployEnvironment = Literals("production", "preview");
export type DeployEnvironment = Static<typeof DeployEnvironment>;
/** Frameworks that are detected. */
export const FrameworkId = Literals(
  "nextjs",
  "vite",
  "react",
  "vue",
  "svelte",
  "sveltekit",
  "angular",
  "astro",
  "nuxt",
  "gatsby",
  "remix",
  "solid",
  "go",
  "python",
  "node",
  "static",
  "unknown",
);
export type FrameworkId = Static<typeof FrameworkId>;

/**
 * Why a provider refused: `auth` the token is invalid or expired; `forbidden` it lacks permission; `not_found` project, site or account does
 * not exist; `taken` the name belongs to another account; `busy` too many requests; `down` the provider failed; `unreachable` no connection;
 * `refused` anything else.
 */
export const ProviderErrorKind = Literals("auth", "forbidden", "not_found", "taken", "busy", "down", "unreachable", "refused");
export type ProviderErrorKind = Static<typeof ProviderErrorKind>;

/** The steps of a deployment in order, with the titles in its log and events. */
export const deploymentSteps = {
  prepare: "Prepare",
  install: "Install",
  build: "Build",
  collect: "Collect",
  smoke: "Start",
  gate: "Check",
  upload: "Upload",
  provider: "Publish",
} as const;
export type DeploymentStep = keyof typeof deploymentSteps;
export const DeploymentStep = Literals(...(Object.keys(deploymentSteps) as DeploymentStep[]));

export const DeploymentMetadata = Type.Object({
  container_name: Type.String(),
  mode: BuildMode,
  framework: FrameworkId,
  site_id: described("The site at the provider, reused by the next deployment of the container", Nullable(Type.String())),
  site_name: Nullable(Type.String()),
  files: Nullable(Type.Integer()),
  bytes: Nullable(Type.Integer()),
  custom_domain: Nullable(Type.String()),
  env_names: described("Names of the variables given to the build and the provider; never values", Type.Array(Type.String())),
  rollback_of: described("The version whose content this one restored", Nullable(Type.Integer())),
  failure: described(
    "The failed step, and file and line where the message names them",
    Nullable(
      Type.Object({
        step: DeploymentStep,
        code: described("Set if the provider refused a request", Nullable(ProviderErrorKind)),
        path: Nullable(Type.String()),
        line: Nullable(Type.Integer()),
      }),
    ),
  ),
});
export type DeploymentMetadata = Static<typeof DeploymentMetadata>;

export const Deployment = described(
  "One version of a container at one provider. `id` is ours, `remote_id` the provider's.",
  Type.Object({
    id: Uuid,
    project_id: Uuid,
    user_id: Uuid,
    container_id: Nullable(Uuid),
    provider: DeployProvider,
    environment: DeployEnvironment,
    remote_id: Nullable(Type.String({ description: "The provider's id of this deployment; null until there is one. Paths use `id`" })),
    deployment_url: Nullable(Type.String()),
    status: DeploymentStatus,
    is_live: described("Whether visitors see this version now", Type.Boolean()),
    can_roll_back: described("Whether it can be made live again", Type.Boolean()),
    can_promote: described("Whether it is a preview that can be made live", Type.Boolean()),
    version: described("Counts from 1 per container and provider; shown as `v3`", Type.Integer()),
    logs: described("`[ISO time] text`; null unless requested", Nullable(Type.Array(Type.String()))),
    error: described("Why it failed, or why a preview was not promoted", Nullable(Type.String())),
    metadata: DeploymentMetadata,
    report: Nullable(LaunchReport),
    task_id: Nullable(Uuid),
    created_at: Timestamp,
    updated_at: Timestamp,
    completed_at: Nullable(Timestamp),
  }),
);
export type Deployment = Static<typeof Deployment>;

export const DeploymentVariables = Type.Record(Type.String({ pattern: "^[A-Za-z_][A-Za-z0-9_]*$" }), Type.String({ maxLength: 65_536 }), {
  additionalProperties: false,
});

export const DeploymentRequest = described(
  "What to deploy, and how.",
  Type.Object({
    project_id: ProjectRef,
    provider: described("Case-insensitive; an unknown name is 400 `unknown_provider`", Type.String({ minLength: 1, maxLength: 40 })),
    container_id: described("Default: the oldest app of the project", Maybe(Uuid)),
    environment: described("Default `production`", Maybe(DeployEnvironment)),
    deployment_mode: described("Default `source` for Vercel and `pre-built` for the others, which accept nothing else", Maybe(BuildMode)),
    build_command: Maybe(Type.String({ minLength: 1, maxLength: 1000 })),
    output_directory: described("Relative to the container's folder", Maybe(Type.String({ minLength: 1, maxLength: 500 }))),
    framework: Maybe(FrameworkId),
    env_vars: described("Override the project's variables", Maybe(DeploymentVariables)),
    exclude_env: described(
      "Names of project variables to leave out",
      Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 500 })),
    ),
    custom_domain: Maybe(Type.String({ minLength: 3, maxLength: 253 })),
    site_name: described(
      "For the first production deployment of the container on this server: the first label of its address. Default: the project's name, if it is free. Later it is changed at the site",
      Maybe(SiteName),
    ),
    ignore_rules: described(
      "Deploys despite failed blocking checks. Secrets in the bundle still block unless `secrets` is named",
      Type.Optional(Type.Array(LaunchCheck, { maxItems: 10 })),
    ),
  }),
);
export type DeploymentRequest = Static<typeof DeploymentRequest>;

export const DeploymentPlan = described(
  "What a deployment would ship.",
  Type.Object({
    container_id: Uuid,
    container_name: Type.String(),
    provider: DeployProvider,
    framework: FrameworkId,
    mode: BuildMode,
    build_command: Nullable(Type.String()),
    output_directory: Nullable(Type.String()),
    is_connected: described("Whether there is an account to deploy with; always true for `local`", Type.Boolean()),
    env: described(
      "Names only. `change` compares with the last successful deployment there",
      Type.Array(
        Type.Object({
          name: Type.String(),
          source: Literals("secret", "container", "connection"),
          change: Literals("added", "kept", "removed"),
        }),
      ),
    ),
    site_name: described("The name of the site there, or the one that is proposed for it", Nullable(Type.String())),
    site_url_pattern: described(
      "On this server: the address of the site with `{name}` in the place of its name. Null elsewhere and for a preview",
      Nullable(Type.String()),
    ),
    has_site: described("Whether the container has a site there, with the name `site_name`", Type.Boolean()),
    live: Nullable(Type.Object({ id: Uuid, version: Type.Integer(), url: Nullable(Type.String()) })),
    services: described(
      "Databases and other services that run on this server for the deployed app. Their data is separate from that of the project's containers",
      Type.Array(Type.Object({ container_id: Uuid, name: Type.String(), service_slug: Type.String() })),
    ),
    warnings: described("What will not work there, in sentences", Type.Array(Type.String())),
  }),
);
export type DeploymentPlan = Static<typeof DeploymentPlan>;

export const DeployAllResult = Type.Object({
  container_id: Uuid,
  container_name: Type.String(),
  provider: DeployProvider,
  status: described("`success` in the result of the task only", Literals("pending", "success", "failed", "skipped")),
  deployment_id: Nullable(Uuid),
  error: Nullable(Type.String()),
});
export type DeployAllResult = Static<typeof DeployAllResult>;
export const StartedDeployment = Type.Object({ ...taskFields, deployment: Deployment });
export const StartedDeployments = Type.Object({ ...taskFields, total: Type.Integer(), results: Type.Array(DeployAllResult) });

const InProject = Type.Object({ project_id: ProjectRef });
const One = Type.Object({ deployment_id: Uuid });
const deployErrors = [
  "conflict",
  "site_name_taken",
  "not_found",
  "unknown_provider",
  "deployment_credentials_missing",
  "no_containers",
  "not_supported",
  "custom_domain_not_supported",
  "deployment_running",
] as const;

export const deploymentsRoutes = {
  list: route({
    method: "GET",
    path: "/api/deployments/{project_id}",
    tag,
    summary: "List deployments",
    description: "Deployments of a project, newest first. Logs are included with `include_logs`.",
    auth: "user",
    params: InProject,
    query: Type.Object({
      provider: Type.Optional(DeployProvider),
      status: Type.Optional(DeploymentStatus),
      container_id: Type.Optional(Uuid),
      include_logs: Type.Optional(Type.Boolean()),
      ...pageQuery,
    }),
    response: listOf(Deployment),
    errors: ["not_found"],
  }),
  create: route({
    method: "POST",
    path: "/api/deployments",
    tag,
    summary: "Create deployment",
    description:
      "Builds a container, runs the launch gate and deploys to a provider, in a task. Uses your connected account of the provider; `local` needs none. One deployment per container runs at a time (`deployment_running`). A branch is 409 `conflict`.",
    auth: "user",
    status: 202,
    body: DeploymentRequest,
    response: StartedDeployment,
    errors: deployErrors,
  }),
  plan: route({
    method: "POST",
    path: "/api/deployments/plan",
    tag,
    summary: "Preview deployment",
    description: "What a deployment would ship: framework, build command, variable names and warnings. Starts nothing.",
    auth: "user",
    body: DeploymentRequest,
    response: DeploymentPlan,
    errors: ["not_found", "unknown_provider", "no_containers", "not_supported"],
  }),
  deployAll: route({
    method: "POST",
    path: "/api/deployments/deploy-all",
    tag,
    summary: "Deploy all containers",
    description:
      "Deploys every container of a project to its own provider, and those without one to `provider`. A failure of one does not stop the others.",
    auth: "user",
    status: 202,
    body: Type.Object({
      project_id: ProjectRef,
      provider: Maybe(
        Type.Unsafe<DeployProvider>({
          ...DeployProvider,
          description:
            "Provider for containers without one. Absent: they are left out; if no container has one, all are deployed to your only connected account, or to `local` if you have none or several",
        }),
      ),
      env_vars: Maybe(DeploymentVariables),
    }),
    response: StartedDeployments,
    errors: ["not_found", "deployment_running"],
  }),
  status: route({
    method: "GET",
    path: "/api/deployments/{deployment_id}/status",
    tag,
    summary: "Get deployment status",
    description: "The status, refreshed from the provider at most every 5 seconds.",
    auth: "user",
    params: One,
    response: Type.Object({
      status: DeploymentStatus,
      deployment_url: Nullable(Type.String()),
      provider_status: Nullable(JsonObject),
      provider_error: Type.Optional(Type.String()),
      provider_error_code: Type.Optional(ProviderErrorKind),
      updated_at: Timestamp,
    }),
    errors: ["not_found"],
  }),
  logs: route({
    method: "GET",
    path: "/api/deployments/{deployment_id}/logs",
    tag,
    summary: "Get deployment logs",
    description: "Log lines of the deployment and of the provider.",
    auth: "user",
    params: One,
    query: Type.Object(pageQuery),
    response: listOf(Type.String()),
    errors: ["not_found"],
  }),
  stream: route({
    method: "GET",
    path: "/api/deployments/{deployment_id}/stream",
    tag,
    summary: "Stream deployment logs",
    description:
      "Log lines and status changes as server-sent events until the deployment ends. Resume with `Last-Event-ID`; answers 204 if the client already received the end.",
    requestHeaders: ["Last-Event-ID"],
    hasEnd: true,
    auth: "user",
    kind: "sse",
    params: One,
    events: Type.Union([
      Type.Object({
        seq: Type.Integer({ description: "Line number" }),
        type: Type.Literal("log"),
        data: Type.Object({
          line: Type.String(),
          step_key: described("The step that starts with this line", Type.Optional(DeploymentStep)),
        }),
      }),
      Type.Object({ type: Type.Literal("status"), data: Type.Object({ status: DeploymentStatus }) }),
      Type.Object({
        seq: Type.Integer({ description: "Greater than that of every line, and the same in every connection" }),
        type: Type.Literal("done"),
        data: Type.Object({ status: DeploymentStatus, error: Nullable(Type.String()) }),
      }),
    ]),
    errors: ["not_found"],
  }),
  bundle: route({
    method: "GET",
    path: "/api/deployments/{deployment_id}/bundle",
    tag,
    summary: "Download deployment bundle",
    description:
      "A kept version as a zip archive for your own server: files, a Dockerfile, a compose.yaml, and the names of its variables.",
    responseHeaders: ["Content-Disposition"],
    auth: "user",
    kind: "raw",
    contentType: "application/zip",
    params: One,
    errors: ["not_found", "not_deployable"],
  }),
  rollback: route({
    method: "POST",
    path: "/api/deployments/{deployment_id}/rollback",
    tag,
    summary: "Roll back deployment",
    description: "Makes an earlier version live again, in a task.",
    auth: "user",
    status: 202,
    params: One,
    response: StartedDeployment,
    errors: ["not_found", "deployment_running", "not_deployable", "deployment_credentials_missing"],
  }),
  promote: route({
    method: "POST",
    path: "/api/deployments/{deployment_id}/promote",
    tag,
    summary: "Promote preview deployment",
    description: "Makes a preview the live version. It passes the launch gate again.",
    auth: "user",
    status: 202,
    params: One,
    body: Type.Object({ ignore_rules: DeploymentRequest.properties.ignore_rules }),
    bodyOptional: true,
    response: StartedDeployment,
    errors: ["not_found", "deployment_running", "not_deployable", "deployment_credentials_missing"],
  }),
  cancel: route({
    method: "POST",
    path: "/api/deployments/{deployment_id}/cancel",
    tag,
    summary: "Cancel deployment",
    description: "Stops a running deployment. What is live stays live.",
    auth: "user",
    params: One,
    response: Deployment,
    errors: ["not_found"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/deployments/{deployment_id}",
    tag,
    summary: "Delete deployment",
    description:
      "Deletes a deployment, at the provider too. At Cloudflare that would delete the whole site, so it needs `delete_remote: true`.",
    auth: "user",
    status: 204,
    params: One,
    query: Type.Object({ delete_remote: Type.Optional(Type.Boolean()) }),
    errors: ["not_found", "deployment_running"],
  }),
  launchSettings: route({
    method: "GET",
    path: "/api/projects/{project_id}/launch-settings",
    tag,
    summary: "Get launch gate settings",
    description: "Which checks of the launch gate block a deployment, and the page weight budget.",
    auth: "user",
    params: InProject,
    response: LaunchSettings,
    errors: ["not_found"],
  }),
  updateLaunchSettings: route({
    method: "PUT",
    path: "/api/projects/{project_id}/launch-settings",
    tag,
    summary: "Update launch gate settings",
    description: "Replaces which checks block a deployment, and the page weight budget.",
    auth: "user",
    params: InProject,
    body: LaunchSettings,
    response: LaunchSettings,
    errors: ["not_found"],
  }),
};
