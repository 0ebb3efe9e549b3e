import {
  described,
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
  taskFields,
  type Static,
} from "./schema.ts";
import { maxAttachments } from "./attachments.ts";
import { EditMode } from "./edit-mode.ts";
import { Category } from "./marketplace.ts";
import { route } from "./route.ts";
import { ProjectEvent } from "./project-events.ts";
import { AuthenticatedFrame, AuthFrame, ErrorFrame, PingFrame, PongFrame } from "./sockets.ts";
import { SandboxDriver } from "./system.ts";
import { ContainerStatus, StopReason } from "./project-events.ts";

const tag = "projects";

/** Frames that a client sends over the socket of a project's events. */
export const projectEventFrames = {
  subscribe: Type.Object(
    { type: Type.Literal("subscribe"), after_seq: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })) },
    { description: "Sends events after `after_seq`, or from now on. A later `subscribe` repositions the stream" },
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
  "files_missing",
  "deleting",
);
export const RunStatus = Literals("creating", "stopped", "starting", "running", "partial", "stopping", "hibernated", "error");
export type EnvironmentStatus = Static<typeof EnvironmentStatus>;
export type RunStatus = Static<typeof RunStatus>;

export const Project = described(
  "A project. `status` is derived from its containers, `environment_status` is stored.",
  Type.Object({
    id: Uuid,
    name: Type.String(),
    slug: Type.String(),
    description: Nullable(Type.String()),
    owner_id: Uuid,
    network_name: Nullable(Type.String()),
    created_at: Timestamp,
    updated_at: Timestamp,
    environment_status: EnvironmentStatus,
    stop_reason: described("Why the project is stopped; null while it runs and if it never ran", Nullable(StopReason)),
    hibernated_at: Nullable(Timestamp),
    status: RunStatus,
    has_git_repo: Type.Boolean(),
    git_remote_url: Nullable(Type.String()),
    deploy_type: Literals("development", "deployed"),
    branch_of: described("For the project of a branch: the project that it is merged into", Nullable(Uuid)),
    is_deployed: described("Whether the project is always-on; says nothing about its deployments", Type.Boolean()),
    deployed_at: described("When always-on was turned on; null while it is off", Nullable(Timestamp)),
    last_activity: Nullable(Timestamp),
    settings: Nullable(JsonObject),
    template_slug: described("The template that it began with; null if there was none", Nullable(Type.String())),
    pinned_at: described("When it was pinned: lists begin with pinned projects", Nullable(Timestamp)),
    thumbnail: described(
      "Pictures of the running app in light and dark, taken when a run that changed files ended or a deployment went live; null if there are none",
      Nullable(Type.Object({ light: Type.String(), dark: Type.String(), updated_at: Timestamp })),
    ),
  }),
);
export type Project = Static<typeof Project>;

export const CreateProject = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" }),
  is_name_unique: described(
    "Adds a number to `name` if you have a project with that name, such as “Bakery 2”: for names that were derived, not typed",
    Type.Optional(Type.Boolean({ default: false })),
  ),
  description: Maybe(Type.String({ maxLength: 2000 })),
  source_type: Type.Optional(Literals("base", "github", "gitlab", "bitbucket", "git", "template")),
  base_id: described(
    "UUID or slug of a base; with `template` the slug of a bundled one",
    Maybe(Type.String({ minLength: 1, maxLength: 100 })),
  ),
  base_version: Maybe(Type.String({ maxLength: 100 })),
  git_repo_url: Maybe(Type.String({ maxLength: 500 })),
  git_branch: Maybe(Type.String({ maxLength: 255 })),
  git_provider: Maybe(Literals("github", "gitlab", "bitbucket", "gitea")),
  message: described("The first message to the agent. Its run starts when setup ends", Maybe(Type.String({ maxLength: 10_000 }))),
  attachments: described(
    "Ids of attachments uploaded without a project, in display order",
    Maybe(Type.Array(Uuid, { maxItems: maxAttachments })),
  ),
  model: described("Model of the first run, as for `POST /api/chat/stream`", Maybe(Type.String({ maxLength: 200 }))),
  edit_mode: Type.Optional(EditMode),
  agent_id: Maybe(Type.String({ maxLength: 100 })),
});
export type CreateProject = Static<typeof CreateProject>;
export const UpdateProject = Type.Object({
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" })),
  description: Maybe(Type.String({ maxLength: 2000 })),
  is_pinned: Type.Optional(Type.Boolean()),
  settings: described(
    "Free-form; added to the stored ones, at most 64 KiB. The server reads, among others: `model`, `agent_checks` (`off`, `after` or `both`), `agent_diagnostics` and `auto_fix` (on unless false), `commit_runs` (on unless false; projects from a repository start with false), `save_databases` (on if true: running PostgreSQL databases are saved before the first change of each run)",
    Type.Optional(JsonObject),
  ),
});

export const ProjectPoint = described(
  "A point in the history of a project: a run of the agent, a snapshot that a person saved, or a deployment.",
  Type.Object({
    id: Uuid,
    kind: Literals("run", "snapshot", "deployment"),
    status: described("`waiting`: for an approval or an answer of a person", Literals("running", "waiting", "done", "failed")),
    at: described("When it started", Timestamp),
  }),
);
export type ProjectPoint = Static<typeof ProjectPoint>;
export const ProjectHistory = Type.Object({
  project_id: Uuid,
  run: described(
    "What the agent does: `waiting` if a run needs an approval or an answer, else `running` if one runs, else null",
    Nullable(Literals("running", "waiting")),
  ),
  live_version: described("The newest version that is live; null if none is", Nullable(Type.Integer())),
  points: described("The latest points, oldest first, at most five", Type.Array(ProjectPoint)),
});
export type ProjectHistory = Static<typeof ProjectHistory>;
/** As many projects as a page of cards may have. */
export const maxHistories = 50;

export const Template = described(
  "A bundled project template.",
  Type.Object({
    slug: Type.String(),
    name: Type.String(),
    description: Type.String(),
    stack: Type.Array(Type.String()),
    category: Category,
    features: described("What a project has from the start, in a few words each", Type.Array(Type.String())),
    is_default: Type.Boolean(),
    starter_prompts: Type.Array(Type.String()),
    containers: described(
      "The containers that a project gets, the app at the root of its files first. `service_slug` is null for apps",
      Type.Array(Type.Object({ name: Type.String(), service_slug: Nullable(Type.String()) })),
    ),
    pictures: described(
      "Addresses of pictures of its first page, WebP, 640 × 400 pixels. The addresses change when the pictures do",
      Nullable(Type.Object({ light: Type.String(), dark: Type.String() })),
    ),
  }),
);
export type Template = Static<typeof Template>;

export const ProjectDeletion = described(
  "The task that deletes a project.",
  Type.Object({ task_id: Uuid, status_url: Type.String(), project_id: Uuid, project_slug: Type.String() }),
);

export const ProjectStatus = Type.Object({
  project_id: Uuid,
  project_slug: Type.String(),
  status: RunStatus,
  environment_status: EnvironmentStatus,
  stop_reason: Nullable(StopReason),
  deployment_mode: SandboxDriver,
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
      message: described(
        "Why a failed container failed, with its last log lines (at most 20), restarts and next attempt",
        Nullable(Type.String()),
      ),
      last_lines: Type.Array(Type.String()),
      restarts: Type.Integer(),
      restart_at: Nullable(Timestamp),
    }),
  ),
});
export type ProjectStatus = Static<typeof ProjectStatus>;
const StartResult = Type.Object({
  ...taskFields,
  project_slug: Type.String(),
  deployment_mode: SandboxDriver,
  containers: Type.Record(Type.String(), Nullable(Type.String())),
});

export const projectsRoutes = {
  list: route({
    method: "GET",
    path: "/api/projects",
    tag,
    summary: "List projects",
    description: "Your projects, last changed first.",
    auth: "user",
    query: Type.Object({ ...pageQuery, q: Type.Optional(Type.String({ maxLength: 200 })), status: Type.Optional(RunStatus) }),
    response: listOf(Project),
  }),
  create: route({
    method: "POST",
    path: "/api/projects",
    tag,
    summary: "Create project",
    description:
      "Creates a project from a template, a base of your library, or a Git repository, and starts a task that sets it up. With `message` the first run belongs to the creation and starts when setup ends, whether or not a client is connected. The number of projects is limited by the plan (`project_limit_reached`).",
    auth: "user",
    status: 201,
    body: CreateProject,
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
    summary: "Retry project setup",
    description: "Runs the setup of a project again after it failed. Its first message is kept and runs afterwards.",
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
    summary: "Get project",
    description: "One project by id or slug.",
    auth: "user",
    params: ProjectParams,
    response: Project,
    errors: ["not_found"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/projects/{id}",
    tag,
    summary: "Update project",
    description: "Changes the name, description or settings. Absent fields stay.",
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
    summary: "Delete project",
    description:
      "Stops the project and starts a task that deletes it with files, databases, chats and snapshots. This cannot be undone; deployments at remote providers stay.",
    auth: "user",
    status: 202,
    params: ProjectParams,
    response: ProjectDeletion,
    errors: ["not_found"],
  }),
  status: route({
    method: "GET",
    path: "/api/projects/{id}/status",
    tag,
    summary: "Get project status",
    description: "What the runtime reports for the project and each container right now.",
    auth: "user",
    params: ProjectParams,
    response: ProjectStatus,
    errors: ["not_found"],
  }),
  start: route({
    method: "POST",
    path: "/api/projects/{id}/start",
    tag,
    summary: "Start project",
    description:
      "Starts all containers and answers at once; follow the task, or the project's event stream. Already running containers are left alone (`already_started`). The plan limits how many projects run at once.",
    auth: "user",
    status: 202,
    params: ProjectParams,
    response: StartResult,
    errors: ["not_found", "no_containers", "project_busy", "running_limit_reached"],
  }),
  stop: route({
    method: "POST",
    path: "/api/projects/{id}/stop",
    tag,
    summary: "Stop project",
    description:
      "Stops all containers. Files stay. The project stays stopped until a person or the agent starts it; previews do not wake it.",
    auth: "user",
    params: ProjectParams,
    response: Type.Object({ message: Type.String(), deployment_mode: SandboxDriver }),
    errors: ["not_found"],
  }),
  restart: route({
    method: "POST",
    path: "/api/projects/{id}/restart",
    tag,
    summary: "Restart project",
    description: "Stops, then starts all containers.",
    auth: "user",
    status: 202,
    params: ProjectParams,
    response: Type.Object({ ...taskFields, project_slug: Type.String(), deployment_mode: SandboxDriver }),
    errors: ["not_found", "no_containers", "project_busy", "running_limit_reached"],
  }),
  activity: route({
    method: "POST",
    path: "/api/projects/{id}/activity",
    tag,
    summary: "Report activity",
    description:
      "Reports that a person is working in the project, so that it does not go to sleep. Wakes a project that was frozen for idleness.",
    auth: "user",
    status: 204,
    params: ProjectParams,
    errors: ["not_found"],
  }),
  events: route({
    method: "GET",
    path: "/api/projects/{id}/events",
    tag,
    summary: "Stream project events",
    description:
      "Server-sent events of everything in the project: files, containers, tasks, runs, board, Git. Resume with `Last-Event-ID` (or `last_event_id`); without either, the stream starts now.",
    requestHeaders: ["Last-Event-ID"],
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
    summary: "Stream project events (WebSocket)",
    description:
      'The events of `GET /api/projects/{id}/events` over a socket. A first frame `{"type": "subscribe", "after_seq": N}` resumes after event `N`.',
    auth: "user",
    keys: "read",
    kind: "socket",
    params: ProjectParams,
    events: Type.Union([ProjectEvent, PongFrame, AuthenticatedFrame, ErrorFrame]),
    frames: Type.Union([AuthFrame, ...Object.values(projectEventFrames)]),
  }),
  histories: route({
    method: "GET",
    path: "/api/projects/histories",
    tag,
    summary: "List project histories",
    description:
      "What the agent does in some of your projects, which version is live, and their latest runs, snapshots and deployments. Ids that are not yours are left out.",
    auth: "user",
    query: Type.Object({
      ids: Type.String({
        pattern: `^[0-9a-fA-F-]{36}(,[0-9a-fA-F-]{36}){0,${maxHistories - 1}}$`,
        maxLength: maxHistories * 37,
        description: `UUIDs of projects, separated by commas, at most ${maxHistories}`,
      }),
    }),
    response: Type.Object({ items: Type.Array(ProjectHistory) }),
  }),
  templates: route({
    method: "GET",
    path: "/api/projects/templates",
    tag,
    summary: "List templates",
    description: "The bundled templates that a project can start from.",
    auth: "none",
    query: Type.Object(pageQuery),
    response: listOf(Template),
  }),
  picture: route({
    method: "GET",
    path: "/api/projects/{id}/pictures/{theme}",
    tag,
    summary: "Download project picture",
    description:
      "The latest picture of the project's running app in light or dark, at most 40 kB. Its pixels come from the project's code. Browsers keep it for a year when `v` is given.",
    auth: "user",
    kind: "raw",
    contentType: "image/webp",
    params: Type.Object({ ...ProjectParams.properties, theme: Literals("light", "dark") }),
    query: Type.Object({ v: Type.Optional(Type.String({ maxLength: 64, description: "The version, as in `thumbnail` of the project" })) }),
    errors: ["not_found"],
  }),
  templatePicture: route({
    method: "GET",
    path: "/api/projects/templates/{slug}/pictures/{theme}",
    tag,
    summary: "Download template picture",
    description: "A picture of a template's first page in light or dark. Browsers keep it for a year when `v` is given.",
    auth: "none",
    kind: "raw",
    contentType: "image/webp",
    params: Type.Object({ slug: Type.String({ maxLength: 63 }), theme: Type.String({ maxLength: 63, description: "`light` or `dark`" }) }),
    query: Type.Object({ v: Type.Optional(Type.String({ maxLength: 64, description: "The version, as in `pictures` of the template" })) }),
    errors: ["not_found"],
  }),
};
