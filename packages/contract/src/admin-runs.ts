import { DeployEnvironment, DeploymentStatus, DeployProvider } from "./deployments.ts";
import { route } from "./route.ts";
import { described, listOf, Literals, ModelCost, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { TaskStatus } from "./tasks.ts";

const tag = "admin-operations";
const Count = Type.Integer({ minimum: 0 });
const period = { created_after: Type.Optional(Timestamp), created_before: Type.Optional(Timestamp) };
const order = { sort_order: Type.Optional(Literals("asc", "desc")) };

export const AdminRun = described(
  "A run of the agent as administrators see it: what it cost and how it ended, not what was said.",
  Type.Object({
    id: Uuid,
    status: TaskStatus,
    user_id: Uuid,
    username: Type.String(),
    project_id: Nullable(Uuid),
    project_name: described("Null: the project was deleted", Nullable(Type.String())),
    model: Nullable(Type.String()),
    model_calls: Count,
    credits: Count,
    cost_cents: described("At list prices", ModelCost),
    error: Nullable(Type.String()),
    error_code: Nullable(Type.String()),
    created_at: Timestamp,
    completed_at: Nullable(Timestamp),
    duration_ms: described("From its start to its end, also while it waited for a person. Null until it has ended", Nullable(Count)),
  }),
);
export type AdminRun = Static<typeof AdminRun>;

const runFilter = {
  search: Type.Optional(Type.String({ maxLength: 200, description: "Matches part of the username or the project's name, or the id" })),
  status: Type.Optional(TaskStatus),
  user_id: Type.Optional(Uuid),
  project_id: Type.Optional(Uuid),
  error_code: Type.Optional(Type.String({ maxLength: 60 })),
  ...period,
};
const AdminRunFilter = Type.Object(runFilter);
export type AdminRunFilter = Static<typeof AdminRunFilter>;

export const adminRunsRoutes = {
  list: route({
    method: "GET",
    path: "/api/admin/runs",
    tag,
    summary: "List runs (admin)",
    description: "Runs of the agent in all projects, newest first. Runs that ended more than 30 days ago are deleted.",
    auth: "superuser",
    query: Type.Object({ ...pageQuery, ...runFilter, ...order }),
    response: listOf(AdminRun),
  }),
  export: route({
    method: "GET",
    path: "/api/admin/runs/export",
    tag,
    summary: "Export runs",
    description: "The filtered list of runs as CSV, newest first.",
    responseHeaders: ["Content-Disposition"],
    auth: "superuser",
    kind: "raw",
    contentType: "text/csv",
    query: AdminRunFilter,
  }),
};

export const AdminDeployment = described(
  "A version of a container at a provider, as administrators see it.",
  Type.Object({
    id: Uuid,
    version: Type.Integer(),
    status: DeploymentStatus,
    provider: DeployProvider,
    environment: DeployEnvironment,
    is_live: Type.Boolean(),
    user_id: Uuid,
    username: Type.String(),
    project_id: Uuid,
    project_name: Type.String(),
    container_name: Type.String(),
    deployment_url: Nullable(Type.String()),
    files: Nullable(Count),
    bytes: Nullable(Count),
    error: Nullable(Type.String()),
    created_at: Timestamp,
    completed_at: Nullable(Timestamp),
  }),
);
export type AdminDeployment = Static<typeof AdminDeployment>;

const deploymentFilter = {
  search: Type.Optional(
    Type.String({ maxLength: 200, description: "Matches part of the username, the project's name or the URL, or the id" }),
  ),
  status: Type.Optional(DeploymentStatus),
  provider: Type.Optional(DeployProvider),
  environment: Type.Optional(DeployEnvironment),
  is_live: Type.Optional(Type.Boolean()),
  user_id: Type.Optional(Uuid),
  project_id: Type.Optional(Uuid),
  ...period,
};
const AdminDeploymentFilter = Type.Object(deploymentFilter);
export type AdminDeploymentFilter = Static<typeof AdminDeploymentFilter>;

export const adminDeploymentsRoutes = {
  list: route({
    method: "GET",
    path: "/api/admin/deployments",
    tag,
    summary: "List deployments (admin)",
    description: "Versions of all projects at all providers, newest first.",
    auth: "superuser",
    query: Type.Object({ ...pageQuery, ...deploymentFilter, ...order }),
    response: listOf(AdminDeployment),
  }),
  export: route({
    method: "GET",
    path: "/api/admin/deployments/export",
    tag,
    summary: "Export deployments",
    description: "The filtered list of deployments as CSV, newest first.",
    responseHeaders: ["Content-Disposition"],
    auth: "superuser",
    kind: "raw",
    contentType: "text/csv",
    query: AdminDeploymentFilter,
  }),
};
