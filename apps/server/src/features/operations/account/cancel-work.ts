import type { Tasks } from "../../core/tasks/index.ts";
import type { AccountStore } from "./account.store.ts";

/** Cancels the unfinished tasks of a user and waits for their end. */
export const cancelWork = async (
  { store, tasks }: { store: Pick<AccountStore, "unfinishedTasksOf">; tasks: Pick<Tasks, "requestCancel" | "ended"> },
  userId: string,
  isSpared: (task: { id: string; type: string }) => boolean,
): Promise<void> => {
  for (const task of await store.unfinishedTasksOf(userId)) {
    if (isSpared(task)) continue;
    await tasks.requestCancel(task.id);
    await tasks.ended(task.id);
  }
};
