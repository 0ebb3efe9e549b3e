import { described, Literals, Nullable, Timestamp, Type, Uuid, type Static, type TSchema } from "./schema.ts";
import { DeploymentStatus, DeploymentStep } from "./deployments.ts";
import { eventUnion, type EventFrame } from "./event-frame.ts";
import type { projectEventTypes } from "./project-event-types.ts";
import { runEventData } from "./run-events.ts";
import { Task } from "./tasks.ts";

export const PreviewReport = described(
  "What the preview bridge saw in the running app. Untrusted text: do not render as HTML.",
  Type.Object({
    container_id: Uuid,
    kind: Literals("navigation", "error", "console", "request"),
    url: Type.Optional(Type.String()),
    level: Type.Optional(Literals("log", "info", "warn", "error", "debug")),
    message: Type.Optional(Type.String()),
    stack: Type.Optional(Type.String()),
    source: Type.Optional(Type.String()),
    line: Type.Optional(Type.Integer()),
    column: Type.Optional(Type.Integer()),
    method: Type.Optional(Type.String()),
    status: Type.Optional(Type.Integer()),
    duration_ms: Type.Optional(Type.Integer()),
  }),
);
export type PreviewReport = Static<typeof PreviewReport>;

/** Why a project was stopped: by its owner, for idleness, for lack of memory, by the limit of running projects, or by an administrator. */
export const StopReason = Literals("user", "idle", "memory", "limit", "admin");
export type StopReason = Static<typeof StopReason>;

export const ContainerStatus = Literals("stopped", "starting", "running", "frozen", "failed", "connected");
/** Events of a project that are not events of a run; their types are in `project-event-types.ts`. */
export const projectEventData = {
  container_status: Type.Object({
    container_id: Uuid,
    name: Type.String(),
    status: ContainerStatus,
    url: Nullable(Type.String()),
    port: Type.Optional(Type.Integer()),
    exit_code: Type.Optional(Nullable(Type.Integer())),
    message: Type.Optional(Type.String()),
    last_lines: Type.Optional(Type.Array(Type.String())),
    restarts: described("Restarts since it last ran for a while", Type.Optional(Type.Integer())),
    restart_at: described("When it restarts automatically; absent: it does not", Type.Optional(Timestamp)),
  }),
  project_status: Type.Object({
    environment_status: Type.String(),
    name: Type.Optional(Type.String()),
    stop_reason: Type.Optional(Nullable(StopReason)),
    is_deployed: Type.Optional(Type.Boolean()),
  }),
  picture_changed: described(
    "New pictures of the running app",
    Type.Object({ thumbnail: Type.Object({ light: Type.String(), dark: Type.String(), updated_at: Timestamp }) }),
  ),
  secrets_changed: described(
    "Names only. Running containers see the change after a restart",
    Type.Object({ keys: Type.Array(Type.String()) }),
  ),
  preview_report: PreviewReport,
  log_problem: described(
    "An error of a build or program in a container's output; `place` is `path:line:column`. Untrusted text: do not render as HTML",
    Type.Object({
      container_id: Uuid,
      message: Type.String(),
      place: Type.Optional(Type.String()),
      lines: Type.Array(Type.String()),
    }),
  ),
  graph_changed: described(
    "A container, connection or preview was added, changed or deleted: read it again",
    Type.Object({
      part: Literals("container", "connection", "preview"),
      op: Literals("add", "update", "delete"),
      id: Uuid,
    }),
  ),
  positions_changed: described(
    "Items on the canvas were moved or resized",
    Type.Object({
      containers: Type.Array(Type.Object({ id: Uuid, position_x: Type.Number(), position_y: Type.Number() })),
      previews: Type.Array(
        Type.Object({
          id: Uuid,
          position_x: Type.Number(),
          position_y: Type.Number(),
          width: Nullable(Type.Number()),
          height: Nullable(Type.Number()),
        }),
      ),
    }),
  ),
  task_update: Task,
  board_changed: described(
    "The board changed: read it again",
    Type.Object({
      subject: Literals("column", "card", "comment"),
      id: Uuid,
      op: Literals("created", "updated", "moved", "deleted"),
      card_id: described("The card of a comment", Type.Optional(Uuid)),
      user_id: Nullable(Uuid),
    }),
  ),
  queue_changed: described("The queue of the chat changed: read it again", Type.Object({ chat_id: Uuid })),
  git_changed: described(
    "The repository changed through the API: read its status again",
    Type.Object({
      not_committed: described("Changes of a run or a restore could not be committed; gives the reason", Type.Optional(Type.String())),
    }),
  ),
  files_replaced: described(
    "A person's restore, undo, redo, clone or git operation replaced files: read what depends on them again",
    Type.Object({}),
  ),
  deployment_changed: described(
    "A deployment started, progressed, ended or was deleted. Its log has its own stream",
    Type.Object({
      id: Uuid,
      op: Literals("add", "update", "delete"),
      status: Type.Optional(DeploymentStatus),
      step: described('Title of the step that started, e.g. "Build"', Type.Optional(Type.String())),
      step_key: described("The step that started, as in `metadata.failure.step`", Type.Optional(DeploymentStep)),
    }),
  ),
  target_changed: Type.Object({ id: Uuid, op: Literals("add", "update", "delete") }),
  site_changed: described("The addresses of a deployed app changed: read its site again", Type.Object({ container_id: Uuid })),
  chat_title: described("The model gave the chat a title", Type.Object({ chat_id: Uuid, title: Type.String() })),
  notes_changed: Type.Object({ etag: Type.String(), user_id: Nullable(Uuid) }),
  branch_changed: described(
    "A branch was created, changed by a run, merged or discarded: read the list again. `expiring`: it is deleted soon because it is not used; `expired`: it was",
    Type.Object({
      branch_id: Uuid,
      chat_id: Nullable(Uuid),
      op: Literals("created", "updated", "merged", "discarded", "expiring", "expired"),
    }),
  ),
  snapshot_changed: described(
    "A snapshot or checkpoint was added, changed or deleted: read the lists again",
    Type.Object({ kind: Literals("snapshot", "checkpoint"), op: Literals("add", "update", "delete"), id: Uuid }),
  ),
  data_changed: described(
    "Rows or tables of a database were changed through the API or by the agent (`task_id`): read them again",
    Type.Object({
      database_id: Type.String(),
      name: described("Name of the database", Type.String()),
      op: described(
        "`rows`: rows were edited; `sql`: statements ran; `import`: a CSV file was imported",
        Literals("rows", "sql", "import"),
      ),
      tables: described("The changed tables, as `schema.table`; empty if unknown", Type.Array(Type.String())),
      user_id: Nullable(Uuid),
    }),
  ),
} satisfies Record<(typeof projectEventTypes)[number], TSchema>;

/** One event of a project's stream: `seq` grows per project; events of runs carry their `task_id` and `task_seq`. */
export type ProjectEvent = EventFrame<
  typeof projectEventData & typeof runEventData,
  { seq: number; ts: string; task_id?: string; task_seq?: number }
>;
export type ProjectEventType = ProjectEvent["type"];
export type ProjectEventData<T extends keyof (typeof projectEventData & typeof runEventData)> = Static<
  (typeof projectEventData & typeof runEventData)[T]
>;
export const ProjectEvent = eventUnion(
  { ...projectEventData, ...runEventData },
  {
    seq: Type.Integer(),
    ts: Timestamp,
    task_id: Uuid,
    task_seq: Type.Integer(),
  },
) as TSchema as ReturnType<typeof Type.Unsafe<ProjectEvent>>;
