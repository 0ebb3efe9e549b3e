import type { EventLog } from "../../../platform/events.ts";
import type { TaskRow } from "../../core/tasks/index.ts";
import { createRunEmitter } from "./events.ts";
import type { RunHandle, RunInput } from "./run.ts";
import type { RunsStore } from "./runs.store.ts";

/** The run of a task, and where its events go. */
export const createHandleOf =
  ({ store, events }: { store: Pick<RunsStore, "storeNotice">; events: EventLog }) =>
  (task: TaskRow): RunHandle => {
    const input = task.input as RunInput;
    const emitter = createRunEmitter({
      events,
      projectId: task.project_id ?? "",
      taskId: task.id,
      storeNotice: (tx, notice) => store.storeNotice(tx, input.message_id, { ...notice, at: new Date().toISOString() }),
    });
    return { task, input, emitter };
  };
