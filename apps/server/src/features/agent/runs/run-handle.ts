import type { EventLog } from "../../../platform/events.ts";
import type { TaskRow } from "../../core/tasks/index.ts";
import type { TranscriptsStore } from "../chats/index.ts";
import { createRunEmitter } from "./events.ts";
import type { RunHandle, RunInput } from "./run.ts";
import type { RunsStore } from "./runs.store.ts";

/** The run of a task, and where its events go. */
export const createHandleOf =
  ({
    store,
    transcripts,
    events,
  }: {
    store: Pick<RunsStore, "storeNotice">;
    transcripts: Pick<TranscriptsStore, "archive">;
    events: EventLog;
  }) =>
  (task: TaskRow): RunHandle => {
    const input = task.input as RunInput;
    const emitter = createRunEmitter({
      events,
      projectId: task.project_id ?? "",
      taskId: task.id,
      storeNotice: (tx, notice) => store.storeNotice(tx, input.message_id, { ...notice, at: new Date().toISOString() }),
      archive: (tx) => transcripts.archive(tx, { task_id: task.id, message_id: input.message_id }),
    });
    return { task, input, emitter };
  };
