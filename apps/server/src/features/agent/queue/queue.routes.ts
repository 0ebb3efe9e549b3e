import { queueRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import { taskLinks, type TaskRow } from "../../core/tasks/index.ts";
import type { MessageQueue } from "./queue.service.ts";

const presentStart = (task: TaskRow | undefined) => (task ? taskLinks(task) : { task_id: null, status_url: null });

/** Messages sent while a run is active. */
export function mountQueue(mount: Mount, { queue }: { queue: MessageQueue }): void {
  mount("queue", queueRoutes, {
    list: ({ user }, { params }) => queue.list(user.id, params.chat_id),
    add: async ({ user }, { params, body }) => {
      const { item, task } = await queue.add(user, params.chat_id, body);
      return { ...item, ...presentStart(task) };
    },
    update: ({ user }, { params, body }) => queue.update(user, params.chat_id, params.item_id, body),
    remove: ({ user }, { params }) => queue.remove(user.id, params.chat_id, params.item_id),
    steerNow: async ({ user }, { params }) => presentStart(await queue.steerNow(user, params.chat_id, params.item_id)),
    resume: async ({ user }, { params }) => presentStart(await queue.resume(user.id, params.chat_id)),
    steer: async ({ user }, { params, body }) => {
      const { id, task } = await queue.steer(user, params.chat_id, body);
      return { id, ...presentStart(task) };
    },
  });
}
