import { AdminReason } from "./admin-projects.ts";
import { route } from "./route.ts";
import { Literals, listOf, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { TaskStatus } from "./tasks.ts";

const tag = "admin";
const Count = Type.Integer({ minimum: 0 });

/** Somebody's long operation. */
export const AdminTask = Type.Object({
  id: Uuid,
  type: Type.String(),
  status: TaskStatus,
  user_id: Uuid,
  username: Type.String(),
  project_id: Nullable(Uuid),
  /** Null: it belongs to no project, or the project is gone. */
  project_name: Nullable(Type.String()),
  /** 0 to 100. */
  percentage: Count,
  message: Type.String(),
  error: Nullable(Type.String()),
  error_code: Nullable(Type.String()),
  created_at: Timestamp,
  started_at: Nullable(Timestamp),
  completed_at: Nullable(Timestamp),
});
export type AdminTask = Static<typeof AdminTask>;

/** `failing`: it failed and is tried again. `dead`: it failed as often as it may, and waits for somebody. */
export const JobState = Literals("waiting", "running", "failing", "dead");
export type JobState = Static<typeof JobState>;
/** A piece of work in the background. What it is about is not shown: it may hold secrets. */
export const AdminJob = Type.Object({
  id: Type.String({ pattern: "^\\d{1,19}$" }),
  name: Type.String(),
  state: JobState,
  attempts: Count,
  max_attempts: Count,
  /** When it is tried next, or was. */
  run_at: Timestamp,
  created_at: Timestamp,
  /** The first line of what went wrong last. */
  last_error: Nullable(Type.String()),
});
export type AdminJob = Static<typeof AdminJob>;
const JobParams = Type.Object({ id: Type.String({ pattern: "^\\d{1,18}$" }) });

/** What goes on in the background (marketplace-billing-admin 13). */
export const adminWorkRoutes = {
  tasks: route({
    method: "GET",
    path: "/api/admin/tasks",
    tag,
    summary: "Everybody's long operations, the newest first",
    auth: "superuser",
    query: Type.Object({
      ...pageQuery,
      status: Type.Optional(TaskStatus),
      type: Type.Optional(Type.String({ maxLength: 60 })),
      user_id: Type.Optional(Uuid),
      project_id: Type.Optional(Uuid),
    }),
    response: listOf(AdminTask),
  }),
  task: route({
    method: "GET",
    path: "/api/admin/tasks/{task_id}",
    tag,
    summary: "One of them",
    auth: "superuser",
    params: Type.Object({ task_id: Uuid }),
    response: AdminTask,
    errors: ["not_found"],
  }),
  cancelTask: route({
    method: "POST",
    path: "/api/admin/tasks/{task_id}/cancel",
    tag,
    summary: "Cancel somebody's long operation",
    auth: "superuser",
    params: Type.Object({ task_id: Uuid }),
    body: AdminReason,
    response: AdminTask,
    errors: ["not_found", "task_finished"],
  }),
  jobs: route({
    method: "GET",
    path: "/api/admin/jobs",
    tag,
    summary: "Work in the background: what waits, runs, failed or gave up",
    auth: "superuser",
    query: Type.Object({ ...pageQuery, state: Type.Optional(JobState), name: Type.Optional(Type.String({ maxLength: 60 })) }),
    response: listOf(AdminJob),
  }),
  retryJob: route({
    method: "POST",
    path: "/api/admin/jobs/{id}/retry",
    tag,
    summary: "Try a job again now, with all its attempts",
    auth: "superuser",
    params: JobParams,
    body: AdminReason,
    response: AdminJob,
    errors: ["not_found", "run_active"],
  }),
  removeJob: route({
    method: "DELETE",
    path: "/api/admin/jobs/{id}",
    tag,
    summary: "Give a job up for good",
    auth: "superuser",
    status: 204,
    params: JobParams,
    body: AdminReason,
    errors: ["not_found", "run_active"],
  }),
};
