import { DeployProvider } from "./deployments.ts";
import {
  described,
  NewName,
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
  taskFields,
  type Static,
} from "./schema.ts";
import { maxLogLines } from "./limits.ts";
import { AuthenticatedFrame, AuthFrame, ErrorFrame, PingFrame, PongFrame } from "./sockets.ts";
import { route } from "./route.ts";
import { ContainerStatus } from "./project-events.ts";

const tag = "containers";
export { ContainerStatus };

export const ContainerMode = described(
  "`container`: it runs in the project; `external`: a service elsewhere, which is only connected.",
  Literals("container", "external"),
);

export const Container = described(
  "An app or a service of a project. Values of its variables are write-only: only their names are returned.",
  Type.Object({
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
    framework: Nullable(
      Type.String({ description: "What an app is built with, such as `vite` or `nextjs`; null for services and if unknown" }),
    ),
    service_slug: Nullable(Type.String()),
    deployment_mode: ContainerMode,
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
    status_message: Nullable(Type.String({ description: "Why it failed, in a sentence; null if it did not" })),
    exit_code: Nullable(Type.Integer({ description: "Exit code of its process; null if it did not fail or the code is unknown" })),
    url: Nullable(Type.String()),
    last_started_at: Nullable(Timestamp),
    needs_restart: Type.Boolean(),
    created_at: Timestamp,
  }),
);
export type Container = Static<typeof Container>;
export const ContainerWithTask = extend(Container, { task_id: Nullable(Uuid), status_url: Nullable(Type.String()) });
export const StartedContainer = Type.Object({ ...taskFields, container_name: Type.String(), url: Nullable(Type.String()) });

const Params = Type.Object({ id: ProjectRef, container_id: Uuid });
const ProjectOnly = Type.Object({ id: ProjectRef });
const EnvVars = Type.Record(Type.String(), Type.String({ maxLength: 32_768 }));

export const CreateContainer = Type.Object({
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  container_type: Type.Optional(Literals("base", "service")),
  base_id: Maybe(Type.String({ minLength: 1, maxLength: 100 })),
  service_slug: Maybe(Type.String({ maxLength: 100 })),
  deployment_mode: Type.Optional(ContainerMode),
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
  deployment_mode: Type.Optional(ContainerMode),
  deployment_provider: Maybe(DeployProvider),
});

export const LogEvent = Type.Object({
  seq: Type.Integer(),
  type: Type.Literal("log"),
  data: Type.Object({ line: Type.String(), stream: Literals("stdout", "stderr", "system"), ts: Timestamp }),
});
export type LogEvent = Static<typeof LogEvent>;

export const Service = described(
  "An entry of the service catalogue. A value `{generate}` in `default_env` is generated for each container.",
  Type.Object({
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
    kind: described("`hybrid`: runs as a container or is external", Literals("container", "hybrid", "external")),
    description: Type.String(),
    ports: Type.Array(Type.Integer()),
    default_env: Type.Record(Type.String(), Type.String()),
    credential_fields: Type.Array(
      Type.Object({
        key: Type.String(),
        label: Type.String(),
        is_secret: Type.Boolean(),
        is_required: Type.Boolean(),
        is_endpoint: described("Can be given as the container's `external_endpoint` instead", Type.Boolean()),
      }),
    ),
    outputs: described("Variables that connected containers get, with their meaning", Type.Record(Type.String(), Type.String())),
    available: described(
      "Whether this server can run it as a container, or what is missing. External services can always be connected",
      Type.Object({ runs: Type.Boolean(), reason: Nullable(Type.String()) }),
    ),
  }),
);
export type Service = Static<typeof Service>;

export const ContainerUsage = Type.Object({
  container_id: Uuid,
  memory_bytes: Type.Integer({ minimum: 0 }),
  cpu_percent: described(
    "Of one core since the measurement before: two busy cores are 200. Null in the first one",
    Nullable(Type.Number({ minimum: 0 })),
  ),
  processes: Type.Integer({ minimum: 0 }),
});
export type ContainerUsage = Static<typeof ContainerUsage>;

export const ProjectUsage = described(
  "One measurement of the running containers of a project. A container that this server cannot measure is left out.",
  Type.Object({
    measured_at: Timestamp,
    containers: Type.Array(ContainerUsage),
    limits: described(
      "What all containers of the project may use together; null if this server enforces no limit or none of them runs",
      Nullable(Type.Object({ memory_bytes: Type.Integer({ minimum: 0 }), cpus: Type.Number({ minimum: 0 }) })),
    ),
  }),
);
export type ProjectUsage = Static<typeof ProjectUsage>;

export const UsageFrame = Type.Object({ type: Type.Literal("usage"), data: ProjectUsage });
export type UsageFrame = Static<typeof UsageFrame>;
export const usageFrames = { ping: PingFrame };

export const containersRoutes = {
  services: route({
    method: "GET",
    path: "/api/marketplace/services",
    tag,
    summary: "List services",
    description: "The catalogue of databases, caches and other services that can be added to a project.",
    auth: "user",
    query: Type.Object(pageQuery),
    response: listOf(Service),
  }),
  list: route({
    method: "GET",
    path: "/api/projects/{id}/containers",
    tag,
    summary: "List containers",
    description: "The project's containers, with their status and address.",
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
    summary: "Create container",
    description:
      "Adds an app from a base, or a service from the catalogue. Services start in a task (`task_id`); external ones take `credentials` and start nothing.",
    auth: "user",
    status: 201,
    params: ProjectOnly,
    body: CreateContainer,
    response: ContainerWithTask,
    errors: ["not_found", "bad_request", "conflict", "project_busy"],
  }),
  get: route({
    method: "GET",
    path: "/api/projects/{id}/containers/{container_id}",
    tag,
    summary: "Get container",
    description: "One container, with the variables that its connections inject.",
    auth: "user",
    params: Params,
    response: Container,
    errors: ["not_found"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/projects/{id}/containers/{container_id}",
    tag,
    summary: "Update container",
    description:
      "Changes name, position, port, environment variables, endpoint or mode. Running containers see new variables after a restart (`needs_restart`).",
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
    summary: "Rename container",
    description: "Renames a container together with its folder, host name and address. A running one restarts in a task.",
    auth: "user",
    params: Params,
    body: NewName,
    response: ContainerWithTask,
    errors: ["not_found", "bad_request", "conflict", "project_busy"],
  }),
  setCredentials: route({
    method: "PUT",
    path: "/api/projects/{id}/containers/{container_id}/credentials",
    tag,
    summary: "Set service credentials",
    description: "Replaces the credentials of an external service. Values are stored encrypted and never returned.",
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
    summary: "Delete container",
    description:
      "Removes a container. Its folder stays (header `Kept-Directory`) unless `delete_files` is true. `Checkpoint-Id` and `Snapshot-Id` name what restores deleted files and the rows of a database.",
    responseHeaders: ["Kept-Directory", "Checkpoint-Id", "Snapshot-Id"],
    auth: "user",
    status: 204,
    params: Params,
    query: Type.Object({
      delete_files: described(
        "Also delete its folder, unless another container's folder is inside it",
        Type.Optional(Type.Boolean({ default: false })),
      ),
    }),
    errors: ["not_found"],
  }),
  start: route({
    method: "POST",
    path: "/api/projects/{id}/containers/{container_id}/start",
    tag,
    summary: "Start container",
    description: "Starts one container in a task. External services cannot be started.",
    auth: "user",
    status: 202,
    params: Params,
    response: StartedContainer,
    errors: ["not_found", "external_service", "project_busy", "running_limit_reached"],
  }),
  stop: route({
    method: "POST",
    path: "/api/projects/{id}/containers/{container_id}/stop",
    tag,
    summary: "Stop container",
    description: "Stops one container.",
    auth: "user",
    params: Params,
    response: Type.Object({ message: Type.String(), container_id: Uuid, container_name: Type.String() }),
    errors: ["not_found"],
  }),
  restart: route({
    method: "POST",
    path: "/api/projects/{id}/containers/{container_id}/restart",
    tag,
    summary: "Restart container",
    description: "Stops, then starts one container in a task.",
    auth: "user",
    status: 202,
    params: Params,
    response: StartedContainer,
    errors: ["not_found", "external_service", "project_busy", "running_limit_reached"],
  }),
  health: route({
    method: "GET",
    path: "/api/projects/{id}/containers/{container_id}/health",
    tag,
    summary: "Check container health",
    description: "Requests the container's port over HTTP, for at most 5 seconds.",
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
    summary: "Stream container logs",
    description: "The last `tail` lines, then live ones, as server-sent events. Resume with `Last-Event-ID`.",
    requestHeaders: ["Last-Event-ID"],
    auth: "user",
    kind: "sse",
    params: Params,
    query: Type.Object({
      tail: Type.Optional(Type.Integer({ minimum: 0, maximum: maxLogLines, default: 100 })),
      last_event_id: Type.Optional(Type.Integer({ minimum: 0 })),
    }),
    events: LogEvent,
    errors: ["not_found"],
  }),
  usage: route({
    method: "WS",
    path: "/api/projects/{id}/usage/ws",
    tag,
    summary: "Stream container usage (WebSocket)",
    description:
      "Memory and CPU of the running containers, every 2 s. They are measured while a socket is open, so the first frames can be measurements of the last 2 minutes for another one.",
    auth: "user",
    readsOnly: true,
    kind: "socket",
    params: ProjectOnly,
    events: Type.Union([UsageFrame, PongFrame, AuthenticatedFrame, ErrorFrame]),
    frames: Type.Union([AuthFrame, ...Object.values(usageFrames)]),
  }),
};
