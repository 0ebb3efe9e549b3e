import {
  JsonObject,
  Literals,
  Maybe,
  Nullable,
  ProjectParams,
  Timestamp,
  Type,
  Uuid,
  extend,
  listOf,
  pageQuery,
  taskAnswer,
  type Static,
} from "./schema.ts";
import { maxAttachments } from "./attachments.ts";
import { EditMode } from "./edit-mode.ts";
import { route } from "./route.ts";
import { ProjectEvent } from "./events.ts";
import { AuthenticatedFrame, AuthFrame, ErrorFrame, PingFrame, PongFrame } from "./sockets.ts";
import { DeploymentMode } from "./system.ts";
import { ContainerStatus, StopReason } from "./events.ts";

const tag = "projects";

/** What a client sends over the socket of a project's events. */
export const projectEventFrames = {
  subscribe: Type.Object(
    { type: Type.Literal("subscribe"), after_seq: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })) },
    { description: "Resumes after the event of this `seq`, or from now on; a later one moves the stream" },
  ),
  ping: PingFrame,
};

export const EnvironmentStatus = Literals(
  "provisioning",
  "setup_failed",
  "active",
  "stopped",
  "starting",
  "stopping",
  "hibernating",
  "hibernated",
  "corrupted",
  "deleting",
);
export const RunStatus = Literals("creating", "stopped", "starting", "running", "partial", "stopping", "hibernated", "error");
export type EnvironmentStatus = Static<typeof EnvironmentStatus>;
export type RunStatus = Static<typeof RunStatus>;

/** accounts-projects 1, Project. `status` is derived, `environment_status` is stored. */
export const Project = Type.Object({
  id: Uuid,
  name: Type.String(),
  slug: Type.String(),
  description: Nullable(Type.String()),
  owner_id: Uuid,
  network_name: Nullable(Type.String()),
  created_at: Timestamp,
  updated_at: Timestamp,
  environment_status: EnvironmentStatus,
  /** Why it is stopped; null while it runs and when it never ran. */
  stop_reason: Nullable(StopReason),
  hibernated_at: Nullable(Timestamp),
  status: RunStatus,
  has_git_repo: Type.Boolean(),
  git_remote_url: Nullable(Type.String()),
  deploy_type: Literals("development", "deployed"),
  is_deployed: Type.Boolean(),
  deployed_at: Nullable(Timestamp),
  last_activity: Nullable(Timestamp),
  settings: Nullable(JsonObject),
});
export type Project = Static<typeof Project>;

export const CreateProject = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" }),
  description: Maybe(Type.String({ maxLength: 2000 })),
  source_type: Type.Optional(Literals("base", "github", "gitlab", "bitbucket", "git", "template")),
  /** UUID or slug of a base; with `template` the slug of a bundled one. */
  base_id: Maybe(Type.String({ minLength: 1, maxLength: 100 })),
  base_version: Maybe(Type.String({ maxLength: 100 })),
  git_repo_url: Maybe(Type.String({ maxLength: 500 })),
  git_branch: Maybe(Type.String({ maxLength: 255 })),
  git_provider: Maybe(Literals("github", "gitlab", "bitbucket", "gitea")),
  /** The first message to the agent. Its run starts when the project is set up, whoever is watching. */
  message: Maybe(Type.String({ maxLength: 10_000 })),
  /** Ids of attachments that were uploaded without a project, in the order they are shown. */
  attachments: Maybe(Type.Array(Uuid, { maxItems: maxAttachments })),
  /** The model, edit mode and agent of the first run, as for `POST /api/chat/stream`. */
  model: Maybe(Type.String({ maxLength: 200 })),
  edit_mode: Type.Optional(EditMode),
  agent_id: Maybe(Type.String({ maxLength: 100 })),
});
export type CreateProject = Static<typeof CreateProject>;
export const UpdateProject = Type.Object({
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" })),
  description: Maybe(Type.String({ maxLength: 2000 })),
  settings: Type.Optional(JsonObject),
});

/** A bundled project template. */
export const Template = Type.Object({
  slug: Type.String(),
  name: Type.String(),
  description: Type.String(),
  stack: Type.Array(Type.String()),
  is_default: Type.Boolean(),
  starter_prompts: Type.Array(Type.String()),
});
export type Template = Static<typeof Template>;

const StatusBody = Type.Object({
  project_id: Uuid,
  project_slug: Type.String(),
  status: RunStatus,
  environment_status: EnvironmentStatus,
  stop_reason: Nullable(StopReason),
  deployment_mode: DeploymentMode,
  namespace: Nullable(Type.String()),
  hibernated_at: Nullable(Timestamp),
  last_activity: Nullable(Timestamp),
  error: Type.Optional(Type.String()),
  containers: Type.Record(
    Type.String(),
    Type.Object({
      container_id: Uuid,
      name: Type.String(),
      status: ContainerStatus,
      running: Type.Boolean(),
      ready: Type.Boolean(),
      url: Nullable(Type.String()),
      service: Type.Boolean(),
      /** Of a failed one: why, with its last log lines (at most 20), how often it was started again and when the next time is. */
      message: Nullable(Type.String()),
      last_lines: Type.Array(Type.String()),
      restarts: Type.Integer(),
      restart_at: Nullable(Timestamp),
    }),
  ),
});
export type ProjectStatus = Static<typeof StatusBody>;
const StartAnswer = Type.Object({
  ...taskAnswer,
  project_slug: Type.String(),
  deployment_mode: DeploymentMode,
  containers: Type.Record(Type.String(), Nullable(Type.String())),
});

/** accounts-projects 4.1, 4.2 (project verbs) and README rule 14. */
export const projectsRoutes = {
  list: route({
    method: "GET",
    path: "/api/projects",
    tag,
    summary: "The caller's projects, last changed first",
    auth: "user",
    query: Type.Object({ ...pageQuery, q: Type.Optional(Type.String({ maxLength: 200 })), status: Type.Optional(RunStatus) }),
    response: listOf(Project),
  }),
  create: route({
    method: "POST",
    path: "/api/projects",
    tag,
    summary: "Create a project",
    auth: "user",
    status: 201,
    body: CreateProject,
    /** `chat_id`: the chat in which the first message waits; null without one. */
    response: extend(Project, { task_id: Uuid, status_url: Type.String(), chat_id: Nullable(Uuid) }),
    errors: [
      "project_limit_reached",
      "not_found",
      "scope_missing",
      "insufficient_credits",
      "agent_not_owned",
      "closed_source",
      "agent_not_runnable",
      "unknown_model",
      "model_not_configured",
      "vision_not_supported",
    ],
  }),
  retrySetup: route({
    method: "POST",
    path: "/api/projects/{id}/setup",
    tag,
    summary: "Set up a project again whose setup failed; its first message is kept and runs afterwards",
    auth: "user",
    status: 202,
    params: ProjectParams,
    response: Type.Object({ task_id: Uuid, status_url: Type.String(), project_slug: Type.String() }),
    errors: ["not_found", "setup_not_failed", "setup_not_repeatable"],
  }),
  get: route({
    method: "GET",
    path: "/api/projects/{id}",
    tag,
    summary: "One project",
    auth: "user",
    params: ProjectParams,
    response: Project,
    errors: ["not_found"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/projects/{id}",
    tag,
    summary: "Change name, description or settings",
    auth: "user",
    params: ProjectParams,
    body: UpdateProject,
    response: Project,
    errors: ["not_found"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/projects/{id}",
    tag,
    summary: "Delete a project and everything of it",
    auth: "user",
    status: 202,
    params: ProjectParams,
    response: Type.Object({ task_id: Uuid, status_url: Type.String(), project_id: Uuid, project_slug: Type.String() }),
    errors: ["not_found"],
  }),
  status: route({
    method: "GET",
    path: "/api/projects/{id}/status",
    tag,
    summary: "What runs, asked of the runtime",
    auth: "user",
    params: ProjectParams,
    response: StatusBody,
    errors: ["not_found"],
  }),
  start: route({
    method: "POST",
    path: "/api/projects/{id}/start",
    tag,
    summary: "Start all containers",
    auth: "user",
    status: 202,
    params: ProjectParams,
    response: StartAnswer,
    errors: ["not_found", "no_containers", "project_busy", "running_limit_reached"],
  }),
  stop: route({
    method: "POST",
    path: "/api/projects/{id}/stop",
    tag,
    summary: "Stop all containers; files are kept",
    auth: "user",
    params: ProjectParams,
    response: Type.Object({ message: Type.String(), deployment_mode: DeploymentMode }),
    errors: ["not_found"],
  }),
  restart: route({
    method: "POST",
    path: "/api/projects/{id}/restart",
    tag,
    summary: "Stop, then start all containers",
    auth: "user",
    status: 202,
    params: ProjectParams,
    response: Type.Object({ ...taskAnswer, project_slug: Type.String(), deployment_mode: DeploymentMode }),
    errors: ["not_found", "no_containers", "project_busy", "running_limit_reached"],
  }),
  activity: route({
    method: "POST",
    path: "/api/projects/{id}/activity",
    tag,
    summary: "Somebody works in the project: it does not fall asleep, and wakes if it was frozen",
    auth: "user",
    status: 204,
    params: ProjectParams,
    errors: ["not_found"],
  }),
  events: route({
    method: "GET",
    path: "/api/projects/{id}/events",
    tag,
    summary: "The project's one event stream, resumable by Last-Event-ID",
    auth: "user",
    kind: "sse",
    params: ProjectParams,
    query: Type.Object({ last_event_id: Type.Optional(Type.Integer({ minimum: 0 })) }),
    events: ProjectEvent,
    errors: ["not_found"],
  }),
  eventsSocket: route({
    method: "WS",
    path: "/api/projects/{id}/events/ws",
    tag,
    summary: "The same events over a socket; a first frame {type: subscribe, after_seq} resumes",
    auth: "user",
    kind: "socket",
    params: ProjectParams,
    events: Type.Union([ProjectEvent, PongFrame, AuthenticatedFrame, ErrorFrame]),
    frames: Type.Union([AuthFrame, ...Object.values(projectEventFrames)]),
  }),
  templates: route({
    method: "GET",
    path: "/api/projects/templates",
    tag,
    summary: "The bundled templates a project can start from",
    auth: "user",
    query: Type.Object(pageQuery),
    response: listOf(Template),
  }),
};
