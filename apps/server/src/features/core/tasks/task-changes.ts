import type { TaskEvent } from "@tesslate/contract";
import type { TaskRow } from "../../../db/schema/core.ts";
import type { Bus } from "../../../platform/bus.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import { presentTask } from "./present-task.ts";
import type { TasksStore } from "./tasks.store.ts";

/** Carries the id of a changed task; with `cancel`, a request to the process that runs it; with `start`, one to the owner of its project. */
export const taskChannel = "task_changes";
export interface TaskNotification {
  id: string;
  cancel?: boolean;
  start?: boolean;
}

export type TaskChanges = ReturnType<typeof createTaskChanges>;
/** Publishes changes of tasks and follows them, in any process. */
export function createTaskChanges({
  store,
  events,
  bus,
  isShared,
  log,
}: {
  store: Pick<TasksStore, "find">;
  events: Pick<EventLog, "append">;
  bus: Bus;
  isShared: boolean;
  log: Logger;
}) {
  const listeners = new Map<string, Set<() => void>>();
  const wake = (id: string) => {
    for (const listener of listeners.get(id) ?? []) listener();
  };
  bus.listen<TaskNotification>(taskChannel, ({ id }) => wake(id));
  bus.onReconnect(() => {
    for (const id of listeners.keys()) wake(id);
  });
  /** The `seq` of the last event: the end time in ms, larger than any count before it. A client that resumes with it has seen everything. */
  const endSeqOf = ({ completed_at }: Pick<TaskRow, "completed_at">): number =>
    completed_at === null ? Infinity : Date.parse(completed_at);

  return {
    endSeqOf,
    /** Notifies followers of the task and of its project. */
    publish: async (row: TaskRow): Promise<void> => {
      wake(row.id);
      if (isShared) await bus.notify(taskChannel, { id: row.id }).catch((err: unknown) => log.warn({ err }, "task change not notified"));
      if (row.project_id) await events.append(row.project_id, { type: "task_update", data: presentTask(row) });
    },
    /** Yields the task now and after each change, until it has ended. */
    async *follow(id: string, signal: AbortSignal): AsyncIterable<TaskEvent> {
      let resolve: (() => void) | undefined;
      let hasChanged = true;
      const listener = () => {
        hasChanged = true;
        resolve?.();
      };
      const set = listeners.get(id) ?? new Set();
      listeners.set(id, set.add(listener));
      signal.addEventListener("abort", listener);
      try {
        for (let seq = 1; !signal.aborted;) {
          if (!hasChanged) await new Promise<void>((done) => (resolve = done));
          if (signal.aborted) return;
          hasChanged = false;
          const row = await store.find(id);
          if (!row) return;
          yield { seq: row.completed_at ? endSeqOf(row) : seq++, type: "task_update", data: presentTask(row) };
          if (row.completed_at) return;
        }
      } finally {
        signal.removeEventListener("abort", listener);
        set.delete(listener);
        if (set.size === 0) listeners.delete(id);
      }
    },
  };
}
