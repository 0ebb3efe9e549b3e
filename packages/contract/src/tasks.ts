import { described, JsonObject, Literals, Nullable, Timestamp, Type, Uuid, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "tasks";
export const TaskStatus = Literals("queued", "running", "completed", "failed", "cancelled");

export const Task = described(
  "A long operation. `logs` holds the last 50 lines, each `[ISO time] text`.",
  Type.Object({
    id: Uuid,
    user_id: Uuid,
    type: Type.String(),
    status: TaskStatus,
    created_at: Timestamp,
    started_at: Nullable(Timestamp),
    completed_at: Nullable(Timestamp),
    progress: Type.Object({ current: Type.Integer(), total: Type.Integer(), percentage: Type.Integer(), message: Type.String() }),
    result: Nullable(Type.Unknown()),
    error: Nullable(Type.String()),
    error_code: described("Code of the error of a failed task; null if it has none", Type.Optional(Nullable(Type.String()))),
    logs: Type.Array(Type.String()),
    metadata: JsonObject,
  }),
);
export type Task = Static<typeof Task>;

const TaskParams = Type.Object({ task_id: Uuid });
export const TaskEvent = Type.Object({
  seq: Type.Integer({
    description: "Counts the events of this connection. The last event has a greater number that is the same in every connection",
  }),
  type: Type.Literal("task_update"),
  data: Task,
});
export type TaskEvent = Static<typeof TaskEvent>;

export const tasksRoutes = {
  get: route({
    method: "GET",
    path: "/api/tasks/{task_id}",
    tag,
    summary: "Get task",
    description: "Status, progress, result and latest log lines of a long operation.",
    auth: "user",
    params: TaskParams,
    response: Task,
    errors: ["not_found"],
  }),
  list: route({
    method: "GET",
    path: "/api/tasks",
    tag,
    summary: "List tasks",
    description: "Your long operations, newest first.",
    auth: "user",
    query: Type.Object({ ...pageQuery, status: Type.Optional(TaskStatus), project_id: Type.Optional(Type.String()) }),
    response: listOf(Task),
    errors: ["not_found"],
  }),
  cancel: route({
    method: "DELETE",
    path: "/api/tasks/{task_id}",
    tag,
    summary: "Cancel task",
    description: "Requests that a task stops.",
    auth: "user",
    status: 204,
    params: TaskParams,
    errors: ["not_found", "task_finished"],
  }),
  events: route({
    method: "GET",
    path: "/api/tasks/{task_id}/events",
    tag,
    summary: "Stream task events",
    description:
      "The task whenever it changes, as server-sent events until it ends. Answers 204 if the client already received the end, according to `Last-Event-ID`.",
    requestHeaders: ["Last-Event-ID"],
    hasEnd: true,
    auth: "user",
    kind: "sse",
    params: TaskParams,
    events: TaskEvent,
    errors: ["not_found"],
  }),
};
