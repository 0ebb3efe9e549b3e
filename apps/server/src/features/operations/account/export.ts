import type { Readable } from "node:stream";
import { exportHours, type AccountExport } from "@tesslate/contract";
import type { UserRow } from "../../../db/schema/accounts.ts";
import { notFound } from "../../../platform/errors.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import { taskLinks, type TaskContext, type Tasks } from "../../core/tasks/index.ts";
import type { AccountStore } from "./account.store.ts";
import type { ExportArchives } from "./export-archives.ts";

const type = "account_export";
const perDay = 5;

export type AccountExports = ReturnType<typeof createAccountExports>;
/** Exports all data of a user. */
export function createAccountExports({
  archives,
  store,
  tasks,
  limits,
  notifyReady,
}: {
  archives: ExportArchives;
  store: AccountStore;
  tasks: Tasks;
  limits: RateLimiter;
  /** Emails the user that the archive can be downloaded. */
  notifyReady(user: UserRow): Promise<void>;
}) {
  const run = async (context: TaskContext) => {
    const { task } = context;
    const user = await store.find(task.user_id);
    if (!user) throw notFound("User");
    const size_bytes = await archives.write(user, context);
    for (const id of await store.taskIdsOf(user.id, type)) if (id !== task.id) await archives.drop(id);
    await notifyReady(user);
    return { size_bytes };
  };
  tasks.define(type, {
    timeoutMs: 60 * 60_000,
    run,
    ended: async (task) => {
      if (task.status !== "completed") await archives.drop(task.id);
    },
    interrupted: (task) => archives.drop(task.id),
  });

  return {
    /** Starts an export, or returns the one in progress. Throws `rate_limited` after five per day. */
    start: async (userId: string) => {
      const unique_key = `${type}:${userId}`;
      const known = await tasks.findUnfinished(unique_key);
      if (known) return { ...taskLinks(known), already_started: true };
      await limits.count({ key: `export:${userId}`, max: perDay, windowSeconds: 86_400 });
      const { row, isNew } = await tasks.createOnce({ user_id: userId, type, unique_key, message: "Waiting to start" });
      return { ...taskLinks(row), ...(!isNew && { already_started: true }) };
    },
    last: async (userId: string): Promise<AccountExport> => {
      const row = await store.lastTask(userId, type);
      const size = row?.status === "completed" ? await archives.sizeOf(row.id) : undefined;
      const isOver = row?.status === "completed" && size === undefined;
      return {
        task: row && !isOver ? await tasks.get(userId, row.id) : null,
        download_url: row && size !== undefined ? `/api/users/me/export/${row.id}` : null,
        size_bytes: size ?? null,
        expires_at:
          row?.completed_at && size !== undefined ? new Date(Date.parse(row.completed_at) + exportHours * 3_600_000).toISOString() : null,
      };
    },
    /** Throws `not_found` when the export does not exist, is not ready, has expired or belongs to another user. */
    open: async (userId: string, taskId: string): Promise<{ size: number; data: Readable }> => {
      const task = await tasks.require(userId, taskId).catch(() => undefined);
      const isFresh = task?.type === type && task.completed_at && Date.parse(task.completed_at) > Date.now() - exportHours * 3_600_000;
      const found = isFresh ? await archives.open(taskId) : undefined;
      if (!found) throw notFound("Export");
      return { size: found.bytes, data: found.data };
    },
    forgetUser: async (userId: string): Promise<void> => {
      for (const id of await store.taskIdsOf(userId, type)) await archives.drop(id);
    },
    jobHandlers: {
      /** Deletes expired archives and leftovers of crashes. */
      prune_exports: async () => {
        await archives.prune(await store.livingTasks(type, exportHours));
      },
    },
  };
}
