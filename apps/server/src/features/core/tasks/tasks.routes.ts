import { tasksRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { Tasks } from "./tasks.service.ts";

/** `resolveProject` resolves a slug or id of the caller's project to its id. */
export function mountTasks(
  mount: Mount,
  { tasks, resolveProject }: { tasks: Tasks; resolveProject: (userId: string, ref: string) => Promise<string> },
): void {
  mount("tasks", tasksRoutes, {
    get: ({ user }, { params }) => tasks.get(user.id, params.task_id),
    list: async ({ user }, { query }) =>
      tasks.list(user.id, { ...query, ...(query.project_id && { project_id: await resolveProject(user.id, query.project_id) }) }),
    cancel: ({ user }, { params }) => tasks.cancel(user.id, params.task_id),
    events: async ({ user, signal, headers }, { params }) => {
      const task = await tasks.require(user.id, params.task_id);
      const last = Number(headers["last-event-id"]);
      return Number.isSafeInteger(last) && tasks.endSeqOf(task) <= last ? undefined : tasks.follow(params.task_id, signal);
    },
  });
}
