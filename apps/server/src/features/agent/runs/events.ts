import type { AgentEvent } from "@tesslate/agent";
import type { RunEventData, RunEventType } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import type { NewEvent } from "../../../platform/event-table.ts";
import type { EventLog } from "../../../platform/events.ts";

/** Agent events that are stored as they are. The others are handled in `execute.ts`. */
type ForwardedEvent = Exclude<
  AgentEvent,
  {
    type:
      | "complete"
      | "error"
      | "model_retry"
      | "approval_required"
      | "question_asked"
      | "agent_step"
      | "tool_started"
      | "conversation_appended";
  }
>;

/** Appends a run's events to the project's event log in order; each is committed before the next. */
export interface RunEmitter {
  /** Resolves when the event and the text before it are committed. */
  emit<T extends RunEventType>(type: T, data: RunEventData<T>): Promise<void>;
  /** Commits the events that `work` returns in one transaction with the rows that it writes. `work` may be called again after a lost connection. */
  emitWith(work: (tx: Queries) => Promise<NewRunEvent[]>): Promise<void>;
  /** Like `emitWith`, and stores the transcript of the run up to these events in the same transaction: for `done`, and for events after it. */
  emitAtEnd(work: (tx: Queries) => Promise<NewRunEvent[]>): Promise<void>;
  /** Buffers deltas of text or reasoning and commits them with those of other runs. The next `emit` throws what failed. */
  emitText(type: "text_chunk" | "reasoning_chunk", content: string, iteration: number): void;
}

/** An event of a run before it is numbered. */
export type NewRunEvent = { [T in RunEventType]: { type: T; data: RunEventData<T> } }[RunEventType];

/** Text after a pause of this length is committed at once. */
const pauseMs = 150;

export function createRunEmitter({
  events,
  projectId,
  taskId,
  storeNotice,
  archive,
}: {
  events: EventLog;
  projectId: string;
  taskId: string;
  /** Stores a notice in the message too; `iteration` is that of the step after it. */
  storeNotice(tx: Queries, notice: RunEventData<"notice"> & { iteration: number }): Promise<void>;
  /** Stores the transcript of the run up to now. */
  archive(tx: Queries): Promise<void>;
}): RunEmitter {
  let buffered: { type: "text_chunk" | "reasoning_chunk"; data: { content: string; iteration: number } } | undefined;
  let lastFlush = -Infinity;
  let failure: { error: unknown } | undefined;
  let flushed: Promise<void> = Promise.resolve();
  let isFlushing = false;
  let isScheduled = false;
  /** Of the last step that was emitted. */
  let iteration = 0;

  const append = (entries: NewEvent[]) => events.append(projectId, entries);
  const takeBuffered = (): NewEvent[] => {
    const text = buffered;
    buffered = undefined;
    lastFlush = performance.now();
    return text ? [{ ...text, task_id: taskId }] : [];
  };
  const flush = () => {
    isFlushing = true;
    flushed = append(takeBuffered())
      .catch((error: unknown) => void (failure = { error }))
      .finally(() => {
        isFlushing = false;
        if (buffered) schedule();
      });
  };
  /** One row at a time, so that a busy database gets fewer, longer rows. */
  const schedule = () => {
    if (isFlushing || isScheduled) return;
    if (performance.now() - lastFlush > pauseMs) return flush();
    isScheduled = true;
    void events.nextBatch().then(() => {
      isScheduled = false;
      if (buffered && !isFlushing) flush();
    });
  };
  const appendWith = async (work: (tx: Queries) => Promise<NewRunEvent[]>, afterStored?: (tx: Queries) => Promise<void>) => {
    if (buffered) flush();
    await flushed;
    if (failure) throw failure.error;
    const entries = async (tx: Queries) => {
      const given = await work(tx);
      for (const entry of given) if (entry.type === "tool_started") iteration = entry.data.iteration;
      return given.map((entry) => ({ ...entry, task_id: taskId }) as NewEvent);
    };
    await events.appendWith(projectId, entries, afterStored);
  };
  const self: RunEmitter = {
    emit: async (type, data) => {
      if (type === "notice") {
        const notice = data as RunEventData<"notice">;
        return self.emitWith(async (tx) => {
          await storeNotice(tx, { ...notice, iteration: iteration + 1 });
          return [{ type: "notice", data: notice }];
        });
      }
      if (failure) throw failure.error;
      await append([...takeBuffered(), { type, data, task_id: taskId } as NewEvent]);
    },
    emitWith: (work) => appendWith(work),
    emitAtEnd: (work) => appendWith(work, archive),
    emitText(type, content, of) {
      iteration = of;
      if (buffered && (buffered.type !== type || buffered.data.iteration !== of)) flush();
      buffered = { type, data: { content: (buffered?.data.content ?? "") + content, iteration: of } };
      schedule();
    },
  };
  return self;
}

/** Emits an agent event as the contract has it. `etagOf`: the etag of the last write to a path. `branch_id`: where the run works. */
export async function forwardEvent(
  event: ForwardedEvent,
  emitter: RunEmitter,
  { etagOf, branch_id }: { etagOf: (path: string) => string | undefined; branch_id: string | undefined },
): Promise<void> {
  switch (event.type) {
    case "text_chunk":
    case "reasoning_chunk":
      return emitter.emitText(event.type, event.data.content, event.data.iteration);
    case "subagent_event":
      return emitter.emit("subagent_event", event.data);
    case "tool_progress":
      return emitter.emit("tool_progress", event.data);
    case "command_started":
      return emitter.emit("command_started", event.data);
    case "command_output":
      return emitter.emit("command_output", event.data);
    case "command_ended":
      return emitter.emit("command_ended", event.data);
    case "notice":
      return emitter.emit("notice", event.data);
    case "compacted":
      return emitter.emit("compacted", event.data);
    case "file_changed": {
      const etag = event.data.op === "delete" ? undefined : etagOf(event.data.new_path ?? event.data.path);
      return emitter.emit("file_changed", {
        ...event.data,
        by: "agent",
        ...(etag !== undefined && { etag }),
        ...(branch_id !== undefined && { branch_id }),
      });
    }
  }
}
