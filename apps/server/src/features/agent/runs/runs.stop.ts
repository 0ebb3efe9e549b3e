import { badRequest, invalid } from "../../../platform/errors.ts";
import type { TaskRow, Tasks } from "../../core/tasks/index.ts";
import type { ChatStore } from "../chats/index.ts";
import { stopTimeoutMs, waitForEnd } from "./chat-turns.ts";
import type { RunAccess } from "./runs.access.ts";

export type RunStops = ReturnType<typeof createRunStops>;
/** Stops runs. */
export function createRunStops({
  chats,
  tasks,
  access: { ownChat, ownRun },
}: {
  chats: Pick<ChatStore, "findActiveRun" | "listActiveRuns">;
  tasks: Pick<Tasks, "follow" | "requestCancel">;
  access: Pick<RunAccess, "ownChat" | "ownRun">;
}) {
  /** Cancels runs until none is left; waits at most five seconds. */
  const stopAll = async (list: () => Promise<TaskRow[]>): Promise<void> => {
    const timeout = AbortSignal.timeout(stopTimeoutMs);
    for (let active = await list(); active.length > 0 && !timeout.aborted; active = await list())
      await Promise.all(
        active.map(async (run) => {
          if (!run.cancel_requested_at) await tasks.requestCancel(run.id);
          await waitForEnd(tasks, run.id, timeout);
        }),
      );
  };

  return {
    /** Requests that a run stops. Idempotent. */
    cancel: async (userId: string, { task_id, chat_id }: { task_id?: string | null; chat_id?: string | null }) => {
      if (!task_id && !chat_id) throw invalid(["body", "task_id"], "Give task_id or chat_id", "missing");
      const task = task_id ? await ownRun(userId, task_id) : undefined;
      const chat = chat_id ? await ownChat(userId, chat_id) : undefined;
      if (task && chat && task.chat_id !== chat.id) throw badRequest("This run belongs to another chat.");
      const run = task ?? (chat && (await chats.findActiveRun(chat.id)));
      if (!run) return { status: "not_running" as const, task_id: null };
      const isRequested = await tasks.requestCancel(run.id);
      return { status: isRequested ? ("cancellation_requested" as const) : ("not_running" as const), task_id: run.id };
    },

    /** Stops the runs of a project that is about to be deleted. */
    stopRunsOf: (projectId: string): Promise<void> => stopAll(() => chats.listActiveRuns(projectId)),
    /** Stops the run of a chat that is about to be deleted. */
    stopRunOfChat: (chatId: string): Promise<void> =>
      stopAll(async () => [await chats.findActiveRun(chatId)].filter((run) => run !== undefined)),
  };
}
