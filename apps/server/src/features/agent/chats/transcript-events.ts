import type { Reasoning, RunEventData, TranscriptEvent } from "@tesslate/contract";
import type { MessageRow } from "../../../db/schema/agent/chats.ts";

/** Events after which nothing is left of the progress of earlier calls. */
const endsProgress: ReadonlySet<string> = new Set(["tool_started", "agent_step", "complete", "error", "done"]);
/** The same for the calls of a sub-agent. */
const endsSubagentProgress: ReadonlySet<string> = new Set(["tool_started", "step", "finished"]);

/** Without the progress of calls that a later event replaces: a later one of the same call, the start of its batch, or the end of its run. */
export function withoutReplacedProgress(events: readonly TranscriptEvent[]): TranscriptEvent[] {
  /** Calls with later progress, and sub-agents whose calls have started. */
  const replaced = new Set<string>();
  let isAllReplaced = false;
  const kept: TranscriptEvent[] = [];
  for (const event of events.toReversed()) {
    if (event.type === "tool_progress") {
      const { agent_id = "", index } = event.data;
      if (isAllReplaced || replaced.has(agent_id) || replaced.has(`${agent_id}/${index}`)) continue;
      replaced.add(`${agent_id}/${index}`);
    } else if (event.type === "subagent_event" && endsSubagentProgress.has(event.data.kind)) replaced.add(event.data.agent_id);
    else isAllReplaced ||= endsProgress.has(event.type);
    kept.push(event);
  }
  return kept.toReversed();
}

/**
 * Joins consecutive pieces of text or of reasoning of a step, and those of each sub-agent, to one event with the `seq` and `ts` of the first. Events of other
 * sub-agents may be in between, because they say nothing of this one.
 */
export function joinText(events: readonly TranscriptEvent[]): TranscriptEvent[] {
  const joined: TranscriptEvent[] = [];
  /** Where the text of each sub-agent continues. */
  let textOf = new Map<string, number>();
  for (const event of events) {
    const last = joined.at(-1);
    if (isPiece(event) && last?.type === event.type && isPiece(last) && last.data.iteration === event.data.iteration) {
      joined[joined.length - 1] = { ...last, data: { ...last.data, content: last.data.content + event.data.content } };
      continue;
    }
    if (event.type !== "subagent_event") {
      textOf = new Map();
      joined.push(event);
      continue;
    }
    const { agent_id, kind } = event.data;
    const at = textOf.get(agent_id);
    const before = at === undefined ? undefined : joined[at];
    if (kind === "text" && at !== undefined && before?.type === "subagent_event") {
      joined[at] = { ...before, data: { ...before.data, content: `${before.data.content ?? ""}${event.data.content ?? ""}` } };
      continue;
    }
    if (kind === "text") textOf.set(agent_id, joined.length);
    else textOf.delete(agent_id);
    joined.push(event);
  }
  return joined;
}

const isPiece = (event: TranscriptEvent): event is Extract<TranscriptEvent, { type: "text_chunk" | "reasoning_chunk" }> =>
  event.type === "text_chunk" || event.type === "reasoning_chunk";

/** The events with the ids of this message: a fork has those of the chat that it was copied from. */
export const withIdsOf = ({ id: message_id, chat_id }: MessageRow, events: readonly TranscriptEvent[]): TranscriptEvent[] =>
  events.map((event) => {
    switch (event.type) {
      case "task_started":
        return { ...event, data: { ...event.data, chat_id, message_id } };
      case "evidence_added":
        return { ...event, data: { ...event.data, message_id } };
      case "complete":
        return { ...event, data: { ...event.data, ...(event.data.session_id !== undefined && { session_id: chat_id }) } };
      default:
        return event;
    }
  });

/** Metadata of an answer that describes its run. */
export interface AnswerMetadata {
  task_id?: string;
  agent_id?: string;
  model?: string;
  edit_mode?: RunEventData<"task_started">["edit_mode"];
  reasoning?: Reasoning;
  completion_reason?: RunEventData<"complete">["completion_reason"];
  iterations?: number;
  tool_calls_made?: number;
  error?: string;
  steered?: { id: string; text: string; iteration: number; at: string }[];
  notices?: (RunEventData<"notice"> & { iteration: number; at: string })[];
  evidence?: RunEventData<"evidence_added">[];
  changes?: RunEventData<"complete">["changes"];
  cost_cents?: number;
  duration_ms?: number;
  auto_fix_stopped?: boolean;
  usage?: {
    tokens_in?: number;
    tokens_out?: number;
    tokens_cached?: number;
    credits?: number;
    cost_cents?: number;
    cost_limit_cents?: number | null;
    own_key_cents?: number;
    context_used?: number | null;
    context_window?: number;
  };
}
export const answerMetadata = (message: MessageRow): AnswerMetadata => (message.message_metadata ?? {}) as AnswerMetadata;

const successes: ReadonlySet<string> = new Set(["no_more_actions", "task_complete_signal"]);

/** The `complete` event of an ended run, from the metadata of its answer. `steps`: the number of its steps, if the metadata has none. */
export function completeData(message: MessageRow, steps = 0): RunEventData<"complete"> {
  const {
    completion_reason: reason = "no_more_actions",
    iterations = steps,
    tool_calls_made = 0,
    usage,
    ...metadata
  } = answerMetadata(message);
  return {
    success: successes.has(reason),
    iterations,
    final_response: message.content,
    tool_calls_made,
    completion_reason: reason,
    session_id: message.chat_id,
    ...(metadata.error !== undefined && { error: metadata.error }),
    ...(metadata.changes && { changes: metadata.changes }),
    ...(usage && {
      resource_stats: {
        cost_cents: metadata.cost_cents ?? usage.cost_cents ?? 0,
        cost_limit_cents: usage.cost_limit_cents ?? null,
        ...(usage.own_key_cents !== undefined && { own_key_cents: usage.own_key_cents }),
        iterations,
        iteration_limit: null,
        tokens_in: usage.tokens_in ?? 0,
        tokens_out: usage.tokens_out ?? 0,
        duration_ms: metadata.duration_ms ?? 0,
        ...(usage.tokens_cached !== undefined && { tokens_cached: usage.tokens_cached }),
        ...(usage.context_used !== undefined && { context_used: usage.context_used }),
        ...(usage.context_window !== undefined && { context_window: usage.context_window }),
      },
    }),
  };
}
