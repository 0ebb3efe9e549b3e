import {
  adminAgentsRoutes,
  adminDeploymentsRoutes,
  adminHealthRoutes,
  adminProjectsRoutes,
  adminRunsRoutes,
  adminSandboxesRoutes,
  adminServersRoutes,
  adminSetupRoutes,
  adminWorkRoutes,
  type AdminDeployment,
  type AdminProject,
  type AdminRun,
} from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { AdminAgents } from "./agents.service.ts";
import { actorOf } from "../../accounts/audit/index.ts";
import type { AdminHealthService } from "./health.service.ts";
import type { AdminProjects } from "./projects.service.ts";
import type { AdminRuns } from "./runs.service.ts";
import type { SetupSteps } from "./setup-steps.ts";
import { sendCsv } from "./send-csv.ts";
import type { AdminSandboxes } from "./sandboxes.service.ts";
import type { AdminServersService } from "./servers.service.ts";
import type { AdminWork } from "./work.service.ts";

const projectColumns: (keyof AdminProject)[] = [
  "id",
  "name",
  "slug",
  "owner_id",
  "owner_username",
  "owner_email",
  "environment_status",
  "stop_reason",
  "is_deployed",
  "has_git_repo",
  "container_count",
  "disk_bytes",
  "copied_until",
  "copy_due_since",
  "last_activity",
  "created_at",
];
const runColumns: (keyof AdminRun)[] = [
  "id",
  "created_at",
  "status",
  "user_id",
  "username",
  "project_id",
  "project_name",
  "model",
  "model_calls",
  "credits",
  "cost_cents",
  "duration_ms",
  "error_code",
  "error",
];
const deploymentColumns: (keyof AdminDeployment)[] = [
  "id",
  "created_at",
  "status",
  "is_live",
  "environment",
  "provider",
  "version",
  "user_id",
  "username",
  "project_id",
  "project_name",
  "container_name",
  "deployment_url",
  "files",
  "bytes",
  "error",
];

/** Routes for administering projects, runs, deployments, agents, sandboxes, tasks, jobs and health. */
export function mountAdminOperations(
  mount: Mount,
  {
    projects,
    runs,
    setup,
    agents,
    sandboxes,
    servers,
    work,
    health,
  }: {
    projects: AdminProjects;
    runs: AdminRuns;
    setup: SetupSteps;
    agents: AdminAgents;
    sandboxes: AdminSandboxes;
    servers: AdminServersService;
    work: AdminWork;
    health: AdminHealthService;
  },
): void {
  mount("adminProjects", adminProjectsRoutes, {
    list: (_, { query }) => projects.list(query),
    export: (context, { query }, http) => sendCsv(context, http, "projects", projectColumns, projects.pages(query)),
    get: (_, { params }) => projects.get(params.id),
    restoreFiles: (context, { body }) => projects.restoreFiles(actorOf(context), body.reason),
    stop: (context, { params, body }) => projects.stop(actorOf(context), params.id, body.reason),
    remove: (context, { params, body }) => projects.remove(actorOf(context), params.id, body.reason),
  });
  mount("adminSetup", adminSetupRoutes, { get: () => setup.get() });
  mount("adminRuns", adminRunsRoutes, {
    list: (_, { query }) => runs.runs(query),
    export: (context, { query }, http) => sendCsv(context, http, "runs", runColumns, runs.runPages(query)),
  });
  mount("adminDeployments", adminDeploymentsRoutes, {
    list: (_, { query }) => runs.deployments(query),
    export: (context, { query }, http) => sendCsv(context, http, "deployments", deploymentColumns, runs.deploymentPages(query)),
  });
  mount("adminAgents", adminAgentsRoutes, {
    list: (_, { query }) => agents.list(query),
    update: (context, { params, body }) => agents.update(actorOf(context), params.id, body),
  });
  mount("adminSandboxes", adminSandboxesRoutes, {
    list: (_, { query }) => sandboxes.list(query),
    events: async ({ user, signal }) => sandboxes.follow(user.id, signal),
  });
  mount("adminServers", adminServersRoutes, {
    get: () => servers.get(),
    events: async ({ user, signal }) => servers.follow(user.id, signal),
  });
  mount("adminWork", adminWorkRoutes, {
    tasks: (_, { query }) => work.tasks(query),
    task: (_, { params }) => work.task(params.task_id),
    cancelTask: (context, { params, body }) => work.cancelTask(actorOf(context), params.task_id, body.reason),
    jobs: (_, { query }) => work.jobs(query),
    retryJob: (context, { params, body }) => work.retryJob(actorOf(context), params.id, body.reason),
    removeJob: (context, { params, body }) => work.removeJob(actorOf(context), params.id, body.reason),
  });
  mount("adminHealth", adminHealthRoutes, {
    get: () => health.get(),
    tryProvider: (_, { params }) => health.tryProvider(params.provider),
    tryMail: (context) => health.tryMail(actorOf(context)),
  });
}
