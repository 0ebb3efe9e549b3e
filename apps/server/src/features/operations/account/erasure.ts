import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Mail } from "../../../platform/mail.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { TaskContext, Tasks } from "../../core/tasks/index.ts";
import type { AccountStore } from "./account.store.ts";
import { accountDeletedEmail } from "./emails.ts";

const type = "account_erasure";

/**
 * Deletes accounts whose grace period has ended: projects with sandboxes and history, files, rows, finally the user. Every step is idempotent, so the
 * next run continues after a crash.
 */
export function createErasure({
  store,
  tasks,
  projects,
  snapshots,
  exports,
  deployed,
  mail,
  log,
}: {
  store: AccountStore;
  tasks: Tasks;
  projects: { erase(project: ProjectRow): Promise<string>; stopUnattended(projectId: string, reason: "user"): Promise<void> };
  snapshots: { claimFor(userId: string): Promise<void>; forgetPerson(userId: string, projectIds: readonly string[]): Promise<void> };
  exports: { forgetPerson(userId: string): Promise<void> };
  /** Deployments of a user on this server. */
  deployed: { suspend(userId: string): Promise<void>; resume(userId: string): Promise<void> };
  mail: Mail;
  log: Logger;
}) {
  const cancelWork = async (userId: string, isSpared: (task: { id: string; type: string }) => boolean) => {
    for (const task of await store.unfinishedTasksOf(userId)) {
      if (isSpared(task)) continue;
      await tasks.requestCancel(task.id);
      await tasks.settled(task.id);
    }
  };
  const hasEnded = async (taskId: string, signal: AbortSignal): Promise<void> => {
    for await (const { data } of tasks.follow(taskId, signal))
      if (data.completed_at && data.status !== "completed") throw new AppError("conflict", data.error ?? "A project could not be deleted.");
    signal.throwIfAborted();
  };

  const erase = async ({ task, signal, progress }: TaskContext) => {
    const userId = task.user_id;
    // Cancelled, or already deleted by another process.
    if (!(await store.isDue(userId))) return null;
    await cancelWork(userId, ({ id, type: kind }) => id === task.id || kind === "project_deletion");
    await snapshots.claimFor(userId);
    const owned = await store.projectsOf(userId);
    for (const [at, project] of owned.entries()) {
      await progress(5 + Math.floor((75 * at) / owned.length), "Deleting projects");
      await hasEnded(await projects.erase(project), signal);
    }
    await progress(80, "Deleting history and files");
    await snapshots.forgetPerson(userId, await store.formerProjectsOf(userId));
    await exports.forgetPerson(userId);
    await progress(90, "Deleting the account");
    const user = await store.find(userId);
    if (user) await store.erase(user, (tx) => mail.queue(tx, accountDeletedEmail(user)));
    log.info({ user_id: userId }, "account deleted");
    return null;
  };
  tasks.define(type, { timeoutMs: 60 * 60_000, run: erase });

  const sweep = async () => {
    for (const id of await store.listDue())
      await tasks.createOnce({ user_id: id, type, unique_key: `${type}:${id}`, message: "Waiting to start" });
  };
  return {
    jobHandlers: {
      /** Stops everything of a closed account; restarts its deployments if the deletion was cancelled. */
      quiet_account: async (payload: unknown) => {
        const { user_id } = payload as { user_id: string };
        const user = await store.find(user_id);
        if (!user) return;
        if (!user.is_deleted) return deployed.resume(user_id);
        await cancelWork(user_id, ({ type: kind }) => kind === "project_deletion" || kind === type);
        await deployed.suspend(user_id);
        for (const { id } of await store.projectsOf(user_id))
          await projects
            .stopUnattended(id, "user")
            .catch((err: unknown) => log.warn({ err, project_id: id }, "project of closed account not stopped"));
      },
      erase_accounts: sweep,
    },
  };
}
