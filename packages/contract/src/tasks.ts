import { JsonObject, Literals, Nullable, Timestamp, Type, Uuid, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "tasks";
export const TaskStatus = Literals("queued", "running", "completed", "failed", "cancelled");

/** A long operation (accounts-projects 1 and 8). `logs` holds the last 50 lines, each `[ISO ts] text`. */
export const Task = Type.Object({
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
  /** Of a failed one, what tells it from others (`errors.ts`); null where nobody named it. */
  error_code: Type.Optional(Nullable(Type.String())),
  logs: Type.Array(Type.String()),
  metadata: JsonObject,
});
export type Task = Static<typeof Task>;

const TaskParams = Type.Object({ task_id: Uuid });
export const TaskEvent = Type.Object({
  seq: Type.Integer({
    description: "Counts the events of this connection. The last event has a greater one, the same in every connection",
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
    summary: "Status of a long operation",
    auth: "user",
    params: TaskParams,
    response: Task,
    errors: ["not_found"],
  }),
  list: route({
    method: "GET",
    path: "/api/tasks",
    tag,
    summary: "The caller's long operations, newest first",
    auth: "user",
    query: Type.Object({ ...pageQuery, status: Type.Optional(TaskStatus), project_id: Type.Optional(Type.String()) }),
    response: listOf(Task),
  }),
  cancel: route({
    method: "DELETE",
    path: "/api/tasks/{task_id}",
    tag,
    summary: "Cancel a long operation",
    auth: "user",
    status: 204,
    params: TaskParams,
    errors: ["not_found", "task_finished"],
  }),
  events: route({
    method: "GET",
    path: "/api/tasks/{task_id}/events",
    tag,
    summary: "Follow a long operation until it ends; 204 when `Last-Event-ID` says that its end was heard",
    auth: "user",
    kind: "sse",
    params: TaskParams,
    events: TaskEvent,
    errors: ["not_found"],
  }),
};
