import { adminAgentsRoutes, adminHealthRoutes, adminProjectsRoutes, adminSandboxesRoutes, adminWorkRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { AdminAgents } from "./agents.service.ts";
import { actorOf } from "../../accounts/audit/index.ts";
import type { AdminHealthService } from "./health.service.ts";
import type { AdminProjects } from "./projects.service.ts";
import type { AdminSandboxes } from "./sandboxes.service.ts";
import type { AdminWork } from "./work.service.ts";

/** Routes for administering projects, agents, sandboxes, tasks, jobs and health. */
export function mountAdminOperations(
  mount: Mount,
  {
    projects,
    agents,
    sandboxes,
    work,
    health,
  }: { projects: AdminProjects; agents: AdminAgents; sandboxes: AdminSandboxes; work: AdminWork; health: AdminHealthService },
): void {
  mount("adminProjects", adminProjectsRoutes, {
    list: (_, { query }) => projects.list(query),
    get: (_, { params }) => projects.get(params.id),
    stop: (context, { params, body }) => projects.stop(actorOf(context), params.id, body.reason),
    remove: (context, { params, body }) => projects.remove(actorOf(context), params.id, body.reason),
  });
  mount("adminAgents", adminAgentsRoutes, {
    list: (_, { query }) => agents.list(query),
    update: (context, { params, body }) => agents.update(actorOf(context), params.id, body),
  });
  mount("adminSandboxes", adminSandboxesRoutes, {
    list: (_, { query }) => sandboxes.list(query),
    events: async ({ user, signal }) => sandboxes.follow(user.id, signal),
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
