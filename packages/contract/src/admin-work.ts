import { AdminReason } from "./admin-projects.ts";
import { route } from "./route.ts";
import { described, Literals, listOf, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { TaskStatus } from "./tasks.ts";

const tag = "admin-operations";
const Count = Type.Integer({ minimum: 0 });

export const AdminTask = described(
  "A long operation of any user.",
  Type.Object({
    id: Uuid,
    type: Type.String(),
    status: TaskStatus,
    user_id: Uuid,
    username: Type.String(),
    project_id: Nullable(Uuid),
    project_name: described("Null: it belongs to no project, or the project was deleted", Nullable(Type.String())),
    percentage: described("0 to 100", Count),
    message: Type.String(),
    error: Nullable(Type.String()),
    error_code: Nullable(Type.String()),
    created_at: Timestamp,
    started_at: Nullable(Timestamp),
    completed_at: Nullable(Timestamp),
  }),
);
export type AdminTask = Static<typeof AdminTask>;

/** `failing`: failed and will be retried. `dead`: out of attempts, needs an administrator. */
export const JobState = Literals("waiting", "running", "failing", "dead");
export type JobState = Static<typeof JobState>;
export const AdminJob = described(
  "A background job of the server. Its payload is not shown: it may contain secrets.",
  Type.Object({
    id: Type.String({ pattern: "^\\d{1,19}$" }),
    name: Type.String(),
    state: JobState,
    attempts: Count,
    max_attempts: Count,
    run_at: described("The next attempt, or the last one", Timestamp),
    created_at: Timestamp,
    last_error: described("The first line of the last error", Nullable(Type.String())),
  }),
);
export type AdminJob = Static<typeof AdminJob>;
const JobParams = Type.Object({ id: Type.String({ pattern: "^\\d{1,18}$" }) });

export const adminWorkRoutes = {
  tasks: route({
    method: "GET",
    path: "/api/admin/tasks",
    tag,
    summary: "List tasks (admin)",
    description: "Long operations of all users, newest first.",
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
    summary: "Get task (admin)",
    description: "One long operation of any user.",
    auth: "superuser",
    params: Type.Object({ task_id: Uuid }),
    response: AdminTask,
    errors: ["not_found"],
  }),
  cancelTask: route({
    method: "POST",
    path: "/api/admin/tasks/{task_id}/cancel",
    tag,
    summary: "Cancel task (admin)",
    description: "Cancels a long operation of any user. Writes to the audit log.",
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
    summary: "List jobs",
    description: "Background jobs of the server: waiting, running, failing and dead ones.",
    auth: "superuser",
    query: Type.Object({ ...pageQuery, state: Type.Optional(JobState), name: Type.Optional(Type.String({ maxLength: 60 })) }),
    response: listOf(AdminJob),
  }),
  retryJob: route({
    method: "POST",
    path: "/api/admin/jobs/{id}/retry",
    tag,
    summary: "Retry job",
    description: "Runs a job now, with all its attempts. Writes to the audit log.",
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
    summary: "Delete job",
    description: "Deletes a job; it will not run. Writes to the audit log.",
    auth: "superuser",
    status: 204,
    params: JobParams,
    body: AdminReason,
    errors: ["not_found", "run_active"],
  }),
};
