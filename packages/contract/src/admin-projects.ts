import { Reason } from "./admin.ts";
import { ContainerStatus, StopReason } from "./project-events.ts";
import { ProjectDeletion, EnvironmentStatus } from "./projects.ts";
import { route } from "./route.ts";
import { described, extend, Literals, listOf, Nullable, pageQuery, ProjectParams, Timestamp, Type, Uuid, type Static } from "./schema.ts";

const tag = "admin-content";
const Count = Type.Integer({ minimum: 0 });

export const AdminProject = described(
  "A project as administrators see it.",
  Type.Object({
    id: Uuid,
    name: Type.String(),
    slug: Type.String(),
    description: Nullable(Type.String()),
    owner_id: Uuid,
    owner_username: Type.String(),
    owner_email: Type.String(),
    environment_status: EnvironmentStatus,
    stop_reason: described("Why the project is stopped; null while it runs and if it never ran", Nullable(StopReason)),
    is_deployed: Type.Boolean(),
    deploy_type: Literals("development", "deployed"),
    has_git_repo: Type.Boolean(),
    deployment_count: described("Number of its containers with a deployment provider", Count),
    container_count: Count,
    disk_bytes: described(
      "Files, home folder and volumes, measured at the last stop or when an administrator opened the project; null: never measured",
      Nullable(Count),
    ),
    copied_until: described(
      "All changes until then are in a copy in the server's file storage. Null: there is none. Copies of older states may exist",
      Nullable(Timestamp),
    ),
    copy_due_since: described("Since when its next copy is due. Null: it is not, or copies are off", Nullable(Timestamp)),
    last_activity: Nullable(Timestamp),
    hibernated_at: Nullable(Timestamp),
    created_at: Timestamp,
  }),
);
export type AdminProject = Static<typeof AdminProject>;

export const AdminProjectDetail = extend(AdminProject, {
  template_slug: Nullable(Type.String()),
  updated_at: Timestamp,
  chat_count: Count,
  active_runs: described("Runs that have not ended", Count),
  copy_error: described("Why the last attempt to make the copy that is due failed", Nullable(Type.String())),
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

export const FilesRestoreStart = described(
  "What became of the projects with missing files.",
  Type.Object({
    started: described("Their restore has started", Count),
    restoring: described("They were being restored already", Count),
    without_copy: described("There is nothing to restore them from", Count),
    present: described("Their files are there again", Count),
  }),
);
export type FilesRestoreStart = Static<typeof FilesRestoreStart>;

export const AdminReason = Type.Object({ reason: Reason });
const SortBy = Literals("created_at", "last_activity", "name", "container_count", "disk_bytes", "copy_due_since");

const projectFilter = {
  search: Type.Optional(Type.String({ maxLength: 200, description: "Matches part of the name or slug" })),
  owner_id: Type.Optional(Uuid),
  status: Type.Optional(EnvironmentStatus),
  deployment_status: Type.Optional(Literals("deployed", "development")),
  has_git: Type.Optional(Type.Boolean()),
  has_containers: Type.Optional(Type.Boolean()),
  created_after: Type.Optional(Timestamp),
  created_before: Type.Optional(Timestamp),
};

export const adminProjectsRoutes = {
  list: route({
    method: "GET",
    path: "/api/admin/projects",
    tag,
    summary: "List projects (admin)",
    description: "Projects of all users, with filters and sorting.",
    auth: "superuser",
    query: Type.Object({
      ...pageQuery,
      ...projectFilter,
      sort_by: Type.Optional(SortBy),
      sort_order: Type.Optional(Literals("asc", "desc")),
    }),
    response: listOf(AdminProject),
  }),
  export: route({
    method: "GET",
    path: "/api/admin/projects/export",
    tag,
    summary: "Export projects",
    description: "The filtered list of projects as CSV, ordered by id.",
    responseHeaders: ["Content-Disposition"],
    auth: "superuser",
    kind: "raw",
    contentType: "text/csv",
    query: Type.Object(projectFilter),
  }),
  restoreFiles: route({
    method: "POST",
    path: "/api/admin/projects/restore-files",
    tag,
    summary: "Restore missing files",
    description:
      "Looks for projects whose files the runtime does not have, and starts to restore each from its newest copy (`POST /api/projects/{id}/restore-files`). Call it again to see what is left. Writes to the audit log.",
    auth: "superuser",
    status: 202,
    body: AdminReason,
    response: FilesRestoreStart,
  }),
  get: route({
    method: "GET",
    path: "/api/admin/projects/{id}",
    tag,
    summary: "Get project (admin)",
    description: "One project with its current size on disk.",
    auth: "superuser",
    params: ProjectParams,
    response: AdminProjectDetail,
    errors: ["not_found"],
  }),
  stop: route({
    method: "POST",
    path: "/api/admin/projects/{id}/stop",
    tag,
    summary: "Stop project (admin)",
    description: "Stops everything in a project, the agent included. Files stay. Writes to the audit log.",
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
    summary: "Delete project (admin)",
    description: "Starts a task that deletes a project with everything in it. Writes to the audit log.",
    auth: "superuser",
    status: 202,
    params: ProjectParams,
    body: AdminReason,
    response: ProjectDeletion,
    errors: ["not_found"],
  }),
};
