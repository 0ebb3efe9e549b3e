import { queueRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import { taskLinks, type TaskRow } from "../../core/tasks/index.ts";
import type { Queue } from "./queue.service.ts";

const started = (task: TaskRow | undefined) => (task ? taskLinks(task) : { task_id: null, status_url: null });

/** agent-git-deploy 10: messages sent while a run goes on. */
export function mountQueue(mount: Mount, { queue }: { queue: Queue }): void {
  mount("queue", queueRoutes, {
    list: ({ user }, { params }) => queue.list(user.id, params.chat_id),
    add: async ({ user }, { params, body }) => {
      const { item, task } = await queue.add(user, params.chat_id, body);
      return { ...item, ...started(task) };
    },
    update: ({ user }, { params, body }) => queue.update(user, params.chat_id, params.item_id, body),
    remove: ({ user }, { params }) => queue.remove(user.id, params.chat_id, params.item_id),
    steerNow: async ({ user }, { params }) => started(await queue.steerNow(user, params.chat_id, params.item_id)),
    resume: async ({ user }, { params }) => started(await queue.resume(user.id, params.chat_id)),
    steer: async ({ user }, { params, body }) => {
      const { id, task } = await queue.steer(user, params.chat_id, body);
      return { id, ...started(task) };
    },
  });
}
