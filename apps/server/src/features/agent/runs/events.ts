import type { AgentEvent } from "@tesslate/agent";
import type { RunEventData, RunEventType } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import type { EventLog, NewEvent } from "../../../platform/events.ts";

/** The agent's own events that are shown as they are; what else people see of a run is decided in `chat.run.ts`. */
type ShownAgentEvent = Exclude<AgentEvent, { type: "complete" | "error" | "approval_required" | "question_asked" | "agent_step" }>;

/** A run's voice: puts its events into the project's log, in order, each committed before the next is said. */
export interface RunVoice {
  /** Resolves when committed, together with the text that came before. */
  say<T extends RunEventType>(type: T, data: RunEventData<T>): Promise<void>;
  /** As `say`, several and in one transaction with the rows that `work` writes: a crash leaves both or neither. */
  sayWith(work: (tx: Queries) => Promise<Utterance[]>): Promise<void>;
  /** Gathers deltas and commits them about every 30 ms. A failure is told by the next `say`. */
  text(content: string, iteration: number): void;
}

/** One event of a run. */
export type Utterance = { [T in RunEventType]: { type: T; data: RunEventData<T> } }[RunEventType];

const gatherMs = 30;

export function createRunVoice({
  events,
  projectId,
  taskId,
  keepNotice,
}: {
  events: EventLog;
  projectId: string;
  taskId: string;
  /** Notices stay with the message: `iteration` is that of the first turn behind it. */
  keepNotice(tx: Queries, notice: RunEventData<"notice"> & { iteration: number }): Promise<void>;
}): RunVoice {
  let gathered: { content: string; iteration: number } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let lastFlush = 0;
  let failure: { error: unknown } | undefined;
  let flushed: Promise<void> = Promise.resolve();
  let isFlushing = false;
  /** Of the last turn that was told of. */
  let iteration = 0;

  const append = (entries: NewEvent[]) => events.append(projectId, entries);
  const taken = (): NewEvent[] => {
    clearTimeout(timer);
    timer = undefined;
    const text = gathered;
    gathered = undefined;
    lastFlush = performance.now();
    return text ? [{ type: "text_chunk", data: text, task_id: taskId }] : [];
  };
  const flush = () => {
    isFlushing = true;
    flushed = append(taken())
      .catch((error: unknown) => void (failure = { error }))
      .finally(() => {
        isFlushing = false;
        if (gathered) schedule();
      });
  };
  /** The first words go out at once; then one row per interval, and one at a time: a busy database gets fewer, longer ones. */
  const schedule = () => {
    if (!isFlushing) timer ??= setTimeout(flush, Math.max(0, gatherMs - (performance.now() - lastFlush)));
  };
  const self: RunVoice = {
    say: async (type, data) => {
      if (type === "tool_started") iteration = (data as RunEventData<"tool_started">).iteration;
      if (type === "notice") {
        const notice = data as RunEventData<"notice">;
        return self.sayWith(async (tx) => {
          await keepNotice(tx, { ...notice, iteration: iteration + 1 });
          return [{ type: "notice", data: notice }];
        });
      }
      if (failure) throw failure.error;
      await append([...taken(), { type, data, task_id: taskId } as NewEvent]);
    },
    sayWith: async (work) => {
      if (gathered) flush();
      await flushed;
      if (failure) throw failure.error;
      await events.appendWith(projectId, async (tx) => (await work(tx)).map((entry) => ({ ...entry, task_id: taskId }) as NewEvent));
    },
    text(content, of) {
      iteration = of;
      if (gathered && gathered.iteration !== of) flush();
      gathered = { content: (gathered?.content ?? "") + content, iteration: of };
      schedule();
    },
  };
  return self;
}

/** Agent events as the contract spells them (agent-git-deploy 3.7). `etag` is that of the last write to a path. */
export async function relay(event: ShownAgentEvent, voice: RunVoice, etagOf: (path: string) => string | undefined): Promise<void> {
  switch (event.type) {
    case "text_chunk":
      return voice.text(event.data.content, event.data.iteration);
    case "tool_started":
      return voice.say("tool_started", event.data);
    case "subagent_event":
      return voice.say("subagent_event", event.data);
    case "notice":
      return voice.say("notice", event.data);
    case "file_changed": {
      const etag = event.data.op === "delete" ? undefined : etagOf(event.data.new_path ?? event.data.path);
      return voice.say("file_changed", { ...event.data, by: "agent", ...(etag !== undefined && { etag }) });
    }
  }
}
