import { Reason } from "./admin.ts";
import { ContainerStatus, StopReason } from "./events.ts";
import { EnvironmentStatus } from "./projects.ts";
import { route } from "./route.ts";
import { extend, Literals, listOf, Nullable, pageQuery, ProjectParams, Timestamp, Type, Uuid, type Static } from "./schema.ts";

const tag = "admin";
const Count = Type.Integer({ minimum: 0 });

/** marketplace-billing-admin 6.5. */
export const AdminProject = Type.Object({
  id: Uuid,
  name: Type.String(),
  slug: Type.String(),
  description: Nullable(Type.String()),
  owner_id: Uuid,
  owner_username: Type.String(),
  owner_email: Type.String(),
  environment_status: EnvironmentStatus,
  /** Why it is stopped; null while it runs and when it never ran. */
  stop_reason: Nullable(StopReason),
  is_deployed: Type.Boolean(),
  deploy_type: Literals("development", "deployed"),
  has_git_repo: Type.Boolean(),
  /** Containers of it that go to a hosting provider. */
  deployment_count: Count,
  container_count: Count,
  /** Files, home folder and volumes, when it was last looked at: at its last stop, or when an administrator opened it. Null: never. */
  disk_bytes: Nullable(Count),
  last_activity: Nullable(Timestamp),
  hibernated_at: Nullable(Timestamp),
  created_at: Timestamp,
});
export type AdminProject = Static<typeof AdminProject>;

export const AdminProjectDetail = extend(AdminProject, {
  template_slug: Nullable(Type.String()),
  updated_at: Timestamp,
  chat_count: Count,
  /** Runs of the agent that have not ended. */
  active_runs: Count,
  containers: Type.Array(
    Type.Object({
      id: Uuid,
      name: Type.String(),
      framework: Nullable(Type.String()),
      container_type: Literals("base", "service"),
      status: ContainerStatus,
      status_message: Nullable(Type.String()),
    }),
  ),
});
export type AdminProjectDetail = Static<typeof AdminProjectDetail>;

export const AdminReason = Type.Object({ reason: Reason });
const SortBy = Literals("created_at", "last_activity", "name", "container_count", "disk_bytes");

export const adminProjectsRoutes = {
  list: route({
    method: "GET",
    path: "/api/admin/projects",
    tag,
    summary: "Everybody's projects",
    auth: "superuser",
    query: Type.Object({
      ...pageQuery,
      search: Type.Optional(Type.String({ maxLength: 200, description: "Part of the name or the slug" })),
      owner_id: Type.Optional(Uuid),
      status: Type.Optional(EnvironmentStatus),
      deployment_status: Type.Optional(Literals("deployed", "development")),
      has_git: Type.Optional(Type.Boolean()),
      has_containers: Type.Optional(Type.Boolean()),
      created_after: Type.Optional(Timestamp),
      created_before: Type.Optional(Timestamp),
      sort_by: Type.Optional(SortBy),
      sort_order: Type.Optional(Literals("asc", "desc")),
    }),
    response: listOf(AdminProject),
  }),
  get: route({
    method: "GET",
    path: "/api/admin/projects/{id}",
    tag,
    summary: "One project, with its size as it is now",
    auth: "superuser",
    params: ProjectParams,
    response: AdminProjectDetail,
    errors: ["not_found"],
  }),
  stop: route({
    method: "POST",
    path: "/api/admin/projects/{id}/stop",
    tag,
    summary: "Stop everything that runs in a project, the agent included; files are kept",
    auth: "superuser",
    params: ProjectParams,
    body: AdminReason,
    response: AdminProjectDetail,
    errors: ["not_found"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/admin/projects/{id}",
    tag,
    summary: "Delete somebody's project with everything in it",
    auth: "superuser",
    status: 202,
    params: ProjectParams,
    body: AdminReason,
    response: Type.Object({ task_id: Uuid, status_url: Type.String(), project_id: Uuid, project_slug: Type.String() }),
    errors: ["not_found"],
  }),
};
