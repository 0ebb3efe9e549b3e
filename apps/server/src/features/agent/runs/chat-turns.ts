import type { Queries } from "../../../platform/database.ts";
import type { TaskRow, Tasks } from "../../core/tasks/index.ts";
import type { Agents } from "../agents/index.ts";
import { chatBusy, type ChatStore } from "../chats/index.ts";
import { runType, workingProjectId, type RunInput } from "./run.ts";

/** How long to wait for a run that is stopping. */
export const stopTimeoutMs = 5_000;
/** How long to wait for a run that has emitted its end: its changes are still committed and its terminals closed. */
const endTimeoutMs = 30_000;

/** Resolves when the task has ended or the signal aborts. */
export const waitForEnd = async (tasks: Pick<Tasks, "follow">, taskId: string, signal: AbortSignal): Promise<void> => {
  for await (const _ of tasks.follow(taskId, signal));
};

export type ChatTurns = ReturnType<typeof createChatTurns>;
/** The runs of a chat, of which one is active at a time. */
export function createChatTurns({
  chats,
  tasks,
  agents,
  requireStartable,
}: {
  chats: ChatStore;
  tasks: Pick<Tasks, "follow" | "create">;
  agents: Pick<Agents, "countUse">;
  /**
   * Throws `forbidden` for a deactivated account and `project_busy` while the project's files are being replaced, and prevents both until the
   * transaction ends.
   */
  requireStartable(tx: Queries, userId: string, projectId: string): Promise<void>;
}) {
  return {
    /** Calls `work` when no run is active in the chat; waits for one that is stopping or has emitted its end. Throws `chat_busy`. */
    whenFree: async <T>(chatId: string, isLocked: boolean, work: (tx: Queries) => Promise<T>): Promise<T> => {
      const waits = { stopping: AbortSignal.timeout(stopTimeoutMs), ended: AbortSignal.timeout(endTimeoutMs) };
      for (;;) {
        const outcome = await chats.transaction(async (tx): Promise<{ active: TaskRow; wait: AbortSignal | undefined } | { done: T }> => {
          await chats.lock(tx, `chat:${chatId}`);
          const active = isLocked ? await chats.findActiveRun(chatId, tx) : undefined;
          if (!active) return { done: await work(tx) };
          if (!(await chats.isRunning(tx, chatId))) return { active, wait: waits.ended };
          return { active, wait: active.cancel_requested_at === null ? undefined : waits.stopping };
        });
        if ("done" in outcome) return outcome.done;
        const { active, wait } = outcome;
        if (!wait || wait.aborted) throw chatBusy(active.id);
        await waitForEnd(tasks, active.id, wait);
      }
    },

    /** Stores the task of a run, which then starts. */
    insert: async (tx: Queries, userId: string, input: RunInput, message: string): Promise<TaskRow> => {
      await requireStartable(tx, userId, workingProjectId(input));
      const task = await tasks.create(tx, {
        ...(input.resumes !== null && { continues: input.resumes }),
        user_id: userId,
        type: runType,
        project_id: input.project_id,
        chat_id: input.chat_id,
        unique_key: `chat:${input.chat_id}`,
        input,
        metadata: { project_id: input.project_id, chat_id: input.chat_id, message: message.slice(0, 200) },
        message: "Waiting for the agent",
      });
      await chats.updateChat(tx, input.chat_id, { status: "running" });
      await agents.countUse(tx, input.agent_id);
      return task;
    },
  };
}
