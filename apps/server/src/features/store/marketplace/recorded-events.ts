import type { RunEventType, TranscriptEvent } from "@tesslate/contract";
import { findKeys } from "@tesslate/contract/known-keys";

/** What a recorded run shows. Everything else is about its chat or the person: approvals, questions, pictures, costs, messages during the run. */
const shown: ReadonlySet<RunEventType> = new Set([
  "task_started",
  "text_chunk",
  "reasoning_chunk",
  "tool_started",
  "file_changed",
  "command_started",
  "command_output",
  "command_ended",
  "agent_step",
  "subagent_event",
  "todo_updated",
  "complete",
  "done",
]);
const noId = "00000000-0000-4000-8000-000000000000";
/** Longer texts are cut: nobody reads an output of this length. */
const maxTextLength = 20_000;

/** Events of a run without what only its project has: ids, pictures, costs of the account, and the rest of long texts. */
export function recordedEvents(events: readonly TranscriptEvent[]): TranscriptEvent[] {
  const kept = events
    .filter(({ type }) => shown.has(type))
    .map((event) => shortened({ ...withoutIds(event), task_id: noId }) as TranscriptEvent);
  return kept.map((event, index) => ({ ...event, seq: index + 1 }));
}

function withoutIds(event: TranscriptEvent): TranscriptEvent {
  switch (event.type) {
    case "task_started": {
      const { model, edit_mode, reasoning } = event.data;
      return {
        ...event,
        data: {
          chat_id: noId,
          message_id: noId,
          agent_id: null,
          model,
          ...(edit_mode && { edit_mode }),
          ...(reasoning && { reasoning }),
        },
      };
    }
    case "file_changed": {
      const { path, op, new_path, diff, size } = event.data;
      return {
        ...event,
        data: {
          path,
          op,
          ...(new_path !== undefined && { new_path }),
          ...(diff !== undefined && { diff }),
          ...(size !== undefined && { size }),
        },
      };
    }
    case "agent_step":
      return { ...event, data: { ...event.data, tool_results: event.data.tool_results.map(({ images: _images, ...result }) => result) } };
    case "complete": {
      const { session_id: _session, resource_stats: _stats, ...data } = event.data;
      return { ...event, data };
    }
    default:
      return event;
  }
}

const shortened = (value: unknown): unknown =>
  typeof value === "string"
    ? value.length > maxTextLength
      ? `${value.slice(0, maxTextLength)}…`
      : value
    : Array.isArray(value)
      ? value.map(shortened)
      : typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shortened(inner)]))
        : value;

/** The kind of a key in these events, as in "a GitHub token". */
export function keyIn(events: readonly TranscriptEvent[], message: string): string | undefined {
  const texts: string[] = [message];
  const collect = (value: unknown): void => {
    if (typeof value === "string") texts.push(value);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(collect);
  };
  collect(events);
  return texts.flatMap((text) => findKeys(text))[0]?.what;
}
