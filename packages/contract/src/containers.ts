import { DeployProvider } from "./deployments.ts";
import {
  Literals,
  Maybe,
  Nullable,
  ProjectRef,
  Timestamp,
  Type,
  Uuid,
  extend,
  listOf,
  pageQuery,
  taskAnswer,
  type Static,
} from "./schema.ts";
import { route } from "./route.ts";
import { ContainerStatus } from "./events.ts";

const tag = "containers";
export { ContainerStatus };

/** accounts-projects 1, Container. Values of variables are write-only: only their keys are told. */
export const Container = Type.Object({
  id: Uuid,
  project_id: Uuid,
  base_id: Nullable(Uuid),
  name: Type.String(),
  directory: Type.String(),
  container_name: Type.String(),
  port: Nullable(Type.Integer()),
  internal_port: Nullable(Type.Integer()),
  env_var_keys: Type.Array(Type.String()),
  env_vars_count: Type.Integer(),
  container_type: Literals("base", "service"),
  service_slug: Nullable(Type.String()),
  deployment_mode: Literals("container", "external"),
  external_endpoint: Nullable(Type.String()),
  credentials_id: Nullable(Uuid),
  injected_env_vars: Nullable(
    Type.Array(Type.Object({ key: Type.String(), source_container_name: Type.String(), source_container_id: Uuid })),
  ),
  service_outputs: Nullable(Type.Record(Type.String(), Type.String())),
  deployment_provider: Nullable(DeployProvider),
  position_x: Type.Number(),
  position_y: Type.Number(),
  status: ContainerStatus,
  status_message: Nullable(Type.String({ description: "Why it failed, as a sentence; null while it did not" })),
  exit_code: Nullable(Type.Integer({ description: "What its process ended with; null while it did not fail, or when it is unknown" })),
  url: Nullable(Type.String()),
  last_started_at: Nullable(Timestamp),
  needs_restart: Type.Boolean(),
  created_at: Timestamp,
});
export type Container = Static<typeof Container>;

const Params = Type.Object({ id: ProjectRef, container_id: Uuid });
const ProjectOnly = Type.Object({ id: ProjectRef });
const EnvVars = Type.Record(Type.String(), Type.String({ maxLength: 32_768 }));

export const CreateContainer = Type.Object({
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  container_type: Type.Optional(Literals("base", "service")),
  base_id: Maybe(Type.String({ minLength: 1, maxLength: 100 })),
  service_slug: Maybe(Type.String({ maxLength: 100 })),
  deployment_mode: Type.Optional(Literals("container", "external")),
  external_endpoint: Maybe(Type.String({ maxLength: 500 })),
  credentials: Maybe(EnvVars),
  position_x: Type.Optional(Type.Number()),
  position_y: Type.Optional(Type.Number()),
});
export const UpdateContainer = Type.Object({
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  position_x: Type.Optional(Type.Number()),
  position_y: Type.Optional(Type.Number()),
  port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
  env_vars_to_set: Type.Optional(EnvVars),
  env_vars_to_delete: Type.Optional(Type.Array(Type.String())),
  external_endpoint: Maybe(Type.String({ maxLength: 500 })),
  deployment_mode: Type.Optional(Literals("container", "external")),
  deployment_provider: Maybe(DeployProvider),
});

export const LogEvent = Type.Object({
  seq: Type.Integer(),
  type: Type.Literal("log"),
  data: Type.Object({ line: Type.String(), stream: Literals("stdout", "stderr", "system"), ts: Timestamp }),
});
export type LogEvent = Static<typeof LogEvent>;

/** One entry of the service catalogue. A value `{generate}` of `default_env` is made fresh for each container. */
export const Service = Type.Object({
  slug: Type.String(),
  name: Type.String(),
  category: Literals(
    "database",
    "cache",
    "queue",
    "search",
    "storage",
    "proxy",
    "monitoring",
    "automation",
    "ai",
    "payments",
    "email",
    "auth",
  ),
  /** `hybrid`: as a container or external. */
  kind: Literals("container", "hybrid", "external"),
  description: Type.String(),
  ports: Type.Array(Type.Integer()),
  default_env: Type.Record(Type.String(), Type.String()),
  credential_fields: Type.Array(
    Type.Object({
      key: Type.String(),
      label: Type.String(),
      is_secret: Type.Boolean(),
      is_required: Type.Boolean(),
      /** May be given as the container's `external_endpoint` instead. */
      is_endpoint: Type.Boolean(),
    }),
  ),
  /** Name → meaning of the variables that connected containers get. */
  outputs: Type.Record(Type.String(), Type.String()),
  /** Whether this server can run it as a container; if not, what is missing. External services always can be connected. */
  available: Type.Object({ runs: Type.Boolean(), reason: Nullable(Type.String()) }),
});
export type Service = Static<typeof Service>;

/** accounts-projects 4.2 and 9. */
export const containersRoutes = {
  services: route({
    method: "GET",
    path: "/api/marketplace/services",
    tag,
    summary: "The services that can be added to a project",
    auth: "user",
    query: Type.Object(pageQuery),
    response: listOf(Service),
  }),
  list: route({
    method: "GET",
    path: "/api/projects/{id}/containers",
    tag,
    summary: "The project's containers",
    auth: "user",
    params: ProjectOnly,
    query: Type.Object(pageQuery),
    response: listOf(Container),
    errors: ["not_found"],
  }),
  create: route({
    method: "POST",
    path: "/api/projects/{id}/containers",
    tag,
    summary: "Add a container",
    auth: "user",
    status: 201,
    params: ProjectOnly,
    body: CreateContainer,
    response: extend(Container, { task_id: Nullable(Uuid), status_url: Nullable(Type.String()) }),
    errors: ["not_found", "bad_request", "conflict", "project_busy"],
  }),
  get: route({
    method: "GET",
    path: "/api/projects/{id}/containers/{container_id}",
    tag,
    summary: "One container, with the variables injected into it",
    auth: "user",
    params: Params,
    response: Container,
    errors: ["not_found"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/projects/{id}/containers/{container_id}",
    tag,
    summary: "Change name, position, port, environment, endpoint or mode",
    auth: "user",
    params: Params,
    body: UpdateContainer,
    response: Container,
    errors: ["not_found", "bad_request", "conflict"],
  }),
  rename: route({
    method: "POST",
    path: "/api/projects/{id}/containers/{container_id}/rename",
    tag,
    summary: "Rename a container with its folder, host name and address; what ran starts again",
    auth: "user",
    params: Params,
    body: Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) }),
    response: extend(Container, { task_id: Nullable(Uuid), status_url: Nullable(Type.String()) }),
    errors: ["not_found", "bad_request", "conflict", "project_busy"],
  }),
  setCredentials: route({
    method: "PUT",
    path: "/api/projects/{id}/containers/{container_id}/credentials",
    tag,
    summary: "Enter an external service's credentials anew; they are never shown again",
    auth: "user",
    impersonation: false,
    status: [201, 200],
    params: Params,
    body: Type.Object({ credentials: EnvVars, external_endpoint: Maybe(Type.String({ maxLength: 500 })) }),
    response: Container,
    errors: ["not_found", "bad_request"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/projects/{id}/containers/{container_id}",
    tag,
    summary:
      "Remove a container. Its folder stays (header Kept-Directory) unless delete_files is true; Checkpoint-Id names what has the deleted files, Snapshot-Id what has the rows of a database",
    auth: "user",
    status: 204,
    params: Params,
    query: Type.Object({
      /** Also deletes its folder, unless another container has its own in it. */
      delete_files: Type.Optional(Type.Boolean({ default: false })),
    }),
    errors: ["not_found"],
  }),
  start: route({
    method: "POST",
    path: "/api/projects/{id}/containers/{container_id}/start",
    tag,
    summary: "Start one container",
    auth: "user",
    status: 202,
    params: Params,
    response: Type.Object({ ...taskAnswer, container_name: Type.String(), url: Nullable(Type.String()) }),
    errors: ["not_found", "external_service", "project_busy", "running_limit_reached"],
  }),
  stop: route({
    method: "POST",
    path: "/api/projects/{id}/containers/{container_id}/stop",
    tag,
    summary: "Stop one container",
    auth: "user",
    params: Params,
    response: Type.Object({ message: Type.String(), container_id: Uuid, container_name: Type.String() }),
    errors: ["not_found"],
  }),
  restart: route({
    method: "POST",
    path: "/api/projects/{id}/containers/{container_id}/restart",
    tag,
    summary: "Restart one container",
    auth: "user",
    status: 202,
    params: Params,
    response: Type.Object({ ...taskAnswer, container_name: Type.String(), url: Nullable(Type.String()) }),
    errors: ["not_found", "external_service", "project_busy", "running_limit_reached"],
  }),
  health: route({
    method: "GET",
    path: "/api/projects/{id}/containers/{container_id}/health",
    tag,
    summary: "Probe the container over HTTP (5 s)",
    auth: "user",
    params: Params,
    response: Type.Object({
      healthy: Type.Boolean(),
      status_code: Type.Optional(Type.Integer()),
      url: Nullable(Type.String()),
      error: Type.Optional(Type.String()),
    }),
    errors: ["not_found"],
  }),
  logs: route({
    method: "GET",
    path: "/api/projects/{id}/containers/{container_id}/logs",
    tag,
    summary: "The last lines, then live ones",
    auth: "user",
    kind: "sse",
    params: Params,
    query: Type.Object({
      tail: Type.Optional(Type.Integer({ minimum: 0, maximum: 5000, default: 100 })),
      last_event_id: Type.Optional(Type.Integer({ minimum: 0 })),
    }),
    events: LogEvent,
    errors: ["not_found"],
  }),
};
