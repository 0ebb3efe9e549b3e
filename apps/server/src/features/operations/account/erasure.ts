import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Mail } from "../../../platform/mail.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { TaskContext, Tasks } from "../../core/tasks/index.ts";
import type { AccountStore } from "./account.store.ts";
import { cancelWork } from "./cancel-work.ts";
import { accountDeletedEmail } from "./emails.ts";

export const erasureType = "account_erasure";

/**
 * Deletes accounts whose grace period has ended: projects with sandboxes and history, files, rows, finally the user. Every step is idempotent, so the
 * next run continues after a crash.
 */
export function createErasure({
  store,
  tasks,
  eraseProject,
  files,
  mail,
  log,
}: {
  store: AccountStore;
  tasks: Tasks;
  /** Starts the deletion of a project. Returns the id of its task. */
  eraseProject(project: ProjectRow): Promise<string>;
  /** What is kept of a user outside of rows and projects. */
  files: { claimFor(userId: string): Promise<void>; forgetUser(userId: string, formerProjectIds: readonly string[]): Promise<void> };
  mail: Pick<Mail, "queue">;
  log: Logger;
}) {
  const hasEnded = async (taskId: string, signal: AbortSignal): Promise<void> => {
    for await (const { data } of tasks.follow(taskId, signal))
      if (data.completed_at && data.status !== "completed") throw new AppError("conflict", data.error ?? "A project could not be deleted.");
    signal.throwIfAborted();
  };

  const erase = async ({ task, signal, progress }: TaskContext) => {
    const userId = task.user_id;
    // Cancelled, or already deleted by another process.
    if (!(await store.isDue(userId))) return null;
    await cancelWork({ store, tasks }, userId, ({ id, type: kind }) => id === task.id || kind === "project_deletion");
    await files.claimFor(userId);
    const owned = await store.projectsOf(userId);
    for (const [at, project] of owned.entries()) {
      await progress(5 + Math.floor((75 * at) / owned.length), "Deleting projects");
      await hasEnded(await eraseProject(project), signal);
    }
    await progress(80, "Deleting history and files");
    await files.forgetUser(userId, await store.formerProjectsOf(userId));
    await progress(90, "Deleting the account");
    const user = await store.find(userId);
    if (user) await store.erase(user, (tx) => mail.queue(tx, accountDeletedEmail(user)));
    log.info({ user_id: userId }, "account deleted");
    return null;
  };
  tasks.define(erasureType, { timeoutMs: 60 * 60_000, run: erase });

  const sweep = async () => {
    for (const id of await store.listDue())
      await tasks.createOnce({ user_id: id, type: erasureType, unique_key: `${erasureType}:${id}`, message: "Waiting to start" });
  };
  return {
    jobHandlers: {
      erase_accounts: sweep,
    },
  };
}
