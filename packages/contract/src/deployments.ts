import {
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
  taskAnswer,
  type Static,
} from "./schema.ts";
import { route } from "./route.ts";

const tag = "deployments";

/** Where a container can be deployed to. `local` is this server itself. */
export const DeployProvider = Literals("vercel", "netlify", "cloudflare", "local");
export type DeployProvider = Static<typeof DeployProvider>;
export const DeploymentStatus = Literals("pending", "building", "deploying", "success", "failed");
export type DeploymentStatus = Static<typeof DeploymentStatus>;
/** `source`: the provider builds. `pre-built`: it is built here, in a clean sandbox, and the result is uploaded. */
export const BuildMode = Literals("source", "pre-built");
export type BuildMode = Static<typeof BuildMode>;
/** `preview`: at an address of its own, beside what visitors see; it never takes the live place until it is promoted. */
export const DeployEnvironment = Literals("production", "preview");
export type DeployEnvironment = Static<typeof DeployEnvironment>;
/** What detection can tell of a tree (agent-git-deploy 7.6). */
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

/** A rule of the launch gate. */
export const LaunchRule = Literals("build", "pages", "secrets", "accessibility", "weight", "advisories");
export type LaunchRule = Static<typeof LaunchRule>;
export const LaunchFinding = Type.Object({
  rule: LaunchRule,
  severity: Literals("info", "minor", "serious", "critical"),
  /** One sentence. Never the value of a secret: its kind and where it is. */
  message: Type.String(),
  /** In the artefact, or of the source where that is known. */
  path: Nullable(Type.String()),
  line: Nullable(Type.Integer()),
  /** Address of the page that was open. */
  page: Nullable(Type.String()),
});
export type LaunchFinding = Static<typeof LaunchFinding>;
/** What was found before a deployment went out. Texts come from project code: show as text only. */
export const LaunchReport = Type.Object({
  /** Whether a rule that blocks has failed. */
  is_blocked: Type.Boolean(),
  duration_ms: Type.Integer(),
  rules: Type.Array(
    Type.Object({
      rule: LaunchRule,
      /** `skipped`: could not be asked, the summary says why. */
      status: Literals("passed", "warned", "failed", "skipped"),
      is_blocking: Type.Boolean(),
      /** "3 pages, no console errors". */
      summary: Type.String(),
    }),
  ),
  /** At most 100, the gravest first. */
  findings: Type.Array(LaunchFinding),
  /** Bytes of the artefact, of its scripts, and of what the first page loads (compressed). */
  weight: Nullable(Type.Object({ total: Type.Integer(), scripts: Type.Integer(), first_page: Nullable(Type.Integer()) })),
});
export type LaunchReport = Static<typeof LaunchReport>;

/**
 * What kept a provider from what it was asked: `auth` the token is not, or no longer, valid; `forbidden` it may not do this; `not_found` the
 * project, site or account is not there; `taken` a name is somebody else's; `busy` too many calls; `down` the provider is in trouble;
 * `unreachable` no connection, or it broke; `refused` anything else.
 */
export const ProviderFault = Literals("auth", "forbidden", "not_found", "taken", "busy", "down", "unreachable", "refused");
export type ProviderFault = Static<typeof ProviderFault>;

/** The steps of a deployment in their order, under the titles that its log and its events give them. */
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

export const DeploymentMetadata = Type.Object({
  container_name: Type.String(),
  mode: BuildMode,
  framework: FrameworkId,
  /** The site at the provider: kept for the next deployment of the same container. */
  site_id: Nullable(Type.String()),
  site_name: Nullable(Type.String()),
  files: Nullable(Type.Integer()),
  bytes: Nullable(Type.Integer()),
  custom_domain: Nullable(Type.String()),
  /** Names of what was given to the build and the provider; never values. */
  env_names: Type.Array(Type.String()),
  /** The version whose content this one brought back. */
  rollback_of: Nullable(Type.Integer()),
  /** The step that failed, and the file and line that the message names where it does. */
  failure: Nullable(
    Type.Object({
      step: Literals(...(Object.keys(deploymentSteps) as DeploymentStep[])),
      /** Where a provider did not do what it was asked. */
      code: Nullable(ProviderFault),
      path: Nullable(Type.String()),
      line: Nullable(Type.Integer()),
    }),
  ),
});
export type DeploymentMetadata = Static<typeof DeploymentMetadata>;

/** agent-git-deploy 7.1. */
export const Deployment = Type.Object({
  id: Uuid,
  project_id: Uuid,
  user_id: Uuid,
  container_id: Nullable(Uuid),
  provider: DeployProvider,
  environment: DeployEnvironment,
  remote_id: Nullable(Type.String({ description: "The provider's id of this deployment; null until there is one. Paths take `id`" })),
  deployment_url: Nullable(Type.String()),
  status: DeploymentStatus,
  /** Whether this is what visitors see now. */
  is_live: Type.Boolean(),
  /** Whether it can be made live again. */
  can_roll_back: Type.Boolean(),
  /** Whether it is a preview that can become what visitors see. */
  can_promote: Type.Boolean(),
  /** Counts from 1 in a container and provider; shown as `v3`. */
  version: Type.Integer(),
  /** `[ISO] text`; null where they were not asked for. */
  logs: Nullable(Type.Array(Type.String())),
  /** Why it failed; of a preview that is there, why it was not promoted. */
  error: Nullable(Type.String()),
  metadata: DeploymentMetadata,
  report: Nullable(LaunchReport),
  task_id: Nullable(Uuid),
  created_at: Timestamp,
  updated_at: Timestamp,
  completed_at: Nullable(Timestamp),
});
export type Deployment = Static<typeof Deployment>;

const EnvVars = Type.Record(Type.String({ pattern: "^[A-Za-z_][A-Za-z0-9_]*$" }), Type.String({ maxLength: 65_536 }), {
  additionalProperties: false,
});

/** agent-git-deploy 7.2. */
export const DeploymentRequest = Type.Object({
  project_id: ProjectRef,
  /** Upper and lower case; a name that is none of `DeployProvider` is 400 `unknown_provider`. */
  provider: Type.String({ minLength: 1, maxLength: 40 }),
  /** Default: the first base container by age. */
  container_id: Maybe(Uuid),
  /** Default `production`. */
  environment: Maybe(DeployEnvironment),
  /** Default `source` for vercel, `pre-built` for the others, which take nothing else. */
  deployment_mode: Maybe(BuildMode),
  build_command: Maybe(Type.String({ minLength: 1, maxLength: 1000 })),
  /** Relative to the container's folder. */
  output_directory: Maybe(Type.String({ minLength: 1, maxLength: 500 })),
  framework: Maybe(FrameworkId),
  /** Over the project's own variables. */
  env_vars: Maybe(EnvVars),
  /** Names of the project's variables that shall not go along. */
  exclude_env: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 500 })),
  custom_domain: Maybe(Type.String({ minLength: 3, maxLength: 253 })),
  /** Goes out although rules that block have failed. Secrets in the bundle block all the same unless named here. */
  ignore_rules: Type.Optional(Type.Array(LaunchRule, { maxItems: 10 })),
});
export type DeploymentRequest = Static<typeof DeploymentRequest>;

/** What a deployment would ship, before it is begun. */
export const DeploymentPlan = Type.Object({
  container_id: Uuid,
  container_name: Type.String(),
  provider: DeployProvider,
  framework: FrameworkId,
  mode: BuildMode,
  build_command: Nullable(Type.String()),
  output_directory: Nullable(Type.String()),
  /** Whether there is an account to deploy with (always for `local`). */
  is_connected: Type.Boolean(),
  /** Names alone. `change` is against the last deployment that went out there. */
  env: Type.Array(
    Type.Object({
      name: Type.String(),
      source: Literals("secret", "container", "connection"),
      change: Literals("added", "kept", "removed"),
    }),
  ),
  site_name: Nullable(Type.String()),
  live: Nullable(Type.Object({ id: Uuid, version: Type.Integer(), url: Nullable(Type.String()) })),
  /** What will not work there, in sentences: "A Next.js app goes to Netlify as a static export". */
  warnings: Type.Array(Type.String()),
});
export type DeploymentPlan = Static<typeof DeploymentPlan>;

export const DeployAllResult = Type.Object({
  container_id: Uuid,
  container_name: Type.String(),
  provider: DeployProvider,
  status: Literals("pending", "failed", "skipped"),
  deployment_id: Nullable(Uuid),
  error: Nullable(Type.String()),
});
export type DeployAllResult = Static<typeof DeployAllResult>;

export const LaunchSettings = Type.Object({
  /** Rules that keep a deployment from going out. Default: `build`, `secrets`. */
  blocking: Type.Array(LaunchRule),
  /** Bytes (compressed) that the first page may load; default 2 MB. */
  weight_budget: Type.Integer({ minimum: 1000, maximum: 1_000_000_000 }),
});
export type LaunchSettings = Static<typeof LaunchSettings>;

/** A target on the canvas: a provider with the containers that go there. */
export const DeploymentTarget = Type.Object({
  id: Uuid,
  project_id: Uuid,
  provider: DeployProvider,
  name: Type.String(),
  environment: DeployEnvironment,
  position_x: Type.Number(),
  position_y: Type.Number(),
  container_ids: Type.Array(Uuid),
  is_connected: Type.Boolean(),
  created_at: Timestamp,
  updated_at: Timestamp,
});
export type DeploymentTarget = Static<typeof DeploymentTarget>;

const InProject = Type.Object({ project_id: ProjectRef });
const One = Type.Object({ deployment_id: Uuid });
const InTarget = Type.Object({ project_id: ProjectRef, target_id: Uuid });
const start = [
  "not_found",
  "unknown_provider",
  "deployment_credentials_missing",
  "no_containers",
  "not_supported",
  "custom_domain_not_supported",
  "deployment_running",
] as const;

/** agent-git-deploy 7 and 10. */
export const deploymentsRoutes = {
  list: route({
    method: "GET",
    path: "/api/deployments/{project_id}",
    tag,
    summary: "Deployments of a project, newest first",
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
    summary: "Build a container and deploy it",
    auth: "user",
    status: 202,
    body: DeploymentRequest,
    response: Type.Object({ ...taskAnswer, deployment: Deployment }),
    errors: start,
  }),
  plan: route({
    method: "POST",
    path: "/api/deployments/plan",
    tag,
    summary: "What a deployment would ship",
    auth: "user",
    body: DeploymentRequest,
    response: DeploymentPlan,
    errors: ["not_found", "unknown_provider", "no_containers", "not_supported"],
  }),
  deployAll: route({
    method: "POST",
    path: "/api/deployments/deploy-all",
    tag,
    summary: "Deploy all containers: each to its provider, the others to `provider`",
    auth: "user",
    status: 202,
    body: Type.Object({
      project_id: ProjectRef,
      provider: Maybe(
        Type.Unsafe<DeployProvider>({
          ...DeployProvider,
          description:
            "For containers without a provider. Without it they are left out; if no container has one, all go to your one connected account, or to `local` if you have none or several",
        }),
      ),
      env_vars: Maybe(EnvVars),
    }),
    response: Type.Object({ ...taskAnswer, total: Type.Integer(), results: Type.Array(DeployAllResult) }),
    errors: ["not_found", "deployment_running"],
  }),
  status: route({
    method: "GET",
    path: "/api/deployments/{deployment_id}/status",
    tag,
    summary: "Status, asked of the provider at most once in 5 s",
    auth: "user",
    params: One,
    response: Type.Object({
      status: DeploymentStatus,
      deployment_url: Nullable(Type.String()),
      provider_status: Nullable(JsonObject),
      provider_error: Type.Optional(Type.String()),
      provider_error_code: Type.Optional(ProviderFault),
      updated_at: Timestamp,
    }),
    errors: ["not_found"],
  }),
  logs: route({
    method: "GET",
    path: "/api/deployments/{deployment_id}/logs",
    tag,
    summary: "Lines of the deployment and of the provider",
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
    summary: "Follow a deployment until it ends, from its first line or after `Last-Event-ID`; 204 when that says that its end was heard",
    auth: "user",
    kind: "sse",
    params: One,
    events: Type.Union([
      Type.Object({
        seq: Type.Integer({ description: "Number of the line in its deployment" }),
        type: Type.Literal("log"),
        data: Type.Object({ line: Type.String() }),
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
  /** The files, a Dockerfile, a compose.yaml and the names of the variables. */
  bundle: route({
    method: "GET",
    path: "/api/deployments/{deployment_id}/bundle",
    tag,
    summary: "A kept version as an archive for a server of one's own",
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
    summary: "Make that version live again",
    auth: "user",
    status: 202,
    params: One,
    response: Type.Object({ ...taskAnswer, deployment: Deployment }),
    errors: ["not_found", "deployment_running", "not_deployable", "deployment_credentials_missing"],
  }),
  promote: route({
    method: "POST",
    path: "/api/deployments/{deployment_id}/promote",
    tag,
    summary: "Make a preview what visitors see; it passes the launch gate anew",
    auth: "user",
    status: 202,
    params: One,
    body: Type.Object({ ignore_rules: DeploymentRequest.properties.ignore_rules }),
    bodyOptional: true,
    response: Type.Object({ ...taskAnswer, deployment: Deployment }),
    errors: ["not_found", "deployment_running", "not_deployable", "deployment_credentials_missing"],
  }),
  cancel: route({
    method: "POST",
    path: "/api/deployments/{deployment_id}/cancel",
    tag,
    summary: "Give up a deployment that is under way",
    auth: "user",
    params: One,
    response: Deployment,
    errors: ["not_found"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/deployments/{deployment_id}",
    tag,
    summary: "Delete a deployment, at the provider too; at Cloudflare, where it is the whole site, only when asked",
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
    summary: "Which rules of the launch gate block",
    auth: "user",
    params: InProject,
    response: LaunchSettings,
    errors: ["not_found"],
  }),
  updateLaunchSettings: route({
    method: "PUT",
    path: "/api/projects/{project_id}/launch-settings",
    tag,
    summary: "Choose which rules of the launch gate block",
    auth: "user",
    params: InProject,
    body: LaunchSettings,
    response: LaunchSettings,
    errors: ["not_found"],
  }),
};

/** agent-git-deploy 10, canvas targets. */
export const deploymentTargetsRoutes = {
  list: route({
    method: "GET",
    path: "/api/deployment-targets/{project_id}",
    tag,
    summary: "Targets on the canvas",
    auth: "user",
    params: InProject,
    query: Type.Object(pageQuery),
    response: listOf(DeploymentTarget),
    errors: ["not_found"],
  }),
  create: route({
    method: "POST",
    path: "/api/deployment-targets/{project_id}",
    tag,
    summary: "Put a target on the canvas",
    auth: "user",
    status: 201,
    params: InProject,
    body: Type.Object({
      provider: DeployProvider,
      name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
      environment: Type.Optional(DeployEnvironment),
      position_x: Type.Optional(Type.Number()),
      position_y: Type.Optional(Type.Number()),
    }),
    response: DeploymentTarget,
    errors: ["not_found"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/deployment-targets/{project_id}/{target_id}",
    tag,
    summary: "Rename, move or switch a target",
    auth: "user",
    params: InTarget,
    body: Type.Object({
      name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
      environment: Type.Optional(DeployEnvironment),
      position_x: Type.Optional(Type.Number()),
      position_y: Type.Optional(Type.Number()),
    }),
    response: DeploymentTarget,
    errors: ["not_found"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/deployment-targets/{project_id}/{target_id}",
    tag,
    summary: "Take a target off the canvas; what is deployed stays",
    auth: "user",
    status: 204,
    params: InTarget,
    errors: ["not_found"],
  }),
  attach: route({
    method: "PUT",
    path: "/api/deployment-targets/{project_id}/{target_id}/containers/{container_id}",
    tag,
    summary: "Let a container go to a target",
    auth: "user",
    params: Type.Object({ project_id: ProjectRef, target_id: Uuid, container_id: Uuid }),
    response: DeploymentTarget,
    errors: ["not_found", "target_incompatible"],
  }),
  detach: route({
    method: "DELETE",
    path: "/api/deployment-targets/{project_id}/{target_id}/containers/{container_id}",
    tag,
    summary: "Take a container from a target",
    auth: "user",
    status: 204,
    params: Type.Object({ project_id: ProjectRef, target_id: Uuid, container_id: Uuid }),
    errors: ["not_found"],
  }),
  deploy: route({
    method: "POST",
    path: "/api/deployment-targets/{project_id}/{target_id}/deploy",
    tag,
    summary: "Deploy every container of a target",
    auth: "user",
    status: 202,
    params: InTarget,
    body: Type.Object({ env_vars: Maybe(EnvVars) }),
    bodyOptional: true,
    response: Type.Object({ ...taskAnswer, total: Type.Integer(), results: Type.Array(DeployAllResult) }),
    errors: ["not_found", "no_containers", "deployment_credentials_missing", "deployment_running"],
  }),
  history: route({
    method: "GET",
    path: "/api/deployment-targets/{project_id}/{target_id}/history",
    tag,
    summary: "Deployments that went to a target, newest first",
    auth: "user",
    params: InTarget,
    query: Type.Object(pageQuery),
    response: listOf(Deployment),
    errors: ["not_found"],
  }),
};
