import type { RunEventData, RunEventType, ToolResult, TranscriptEvent } from "@tesslate/contract";
import { maxAutoFixes } from "@tesslate/contract/app-errors";
import type { AgentStepRow, MessageRow } from "../../../db/schema/agent/chats.ts";
import type { ApprovalRow } from "../../../db/schema/agent/runs.ts";
import { approvalResolved, questionResolved } from "./request-events.ts";
import { answerMetadata, completeData, type AnswerMetadata } from "./transcript-events.ts";

const autoFixStopped = `The app still reports errors after ${maxAutoFixes} automatic fixes. See Problems.`;

type StoredStep = AgentStepRow["step_data"];
type Entry = { [T in RunEventType]: { type: T; data: RunEventData<T>; ts: string } }[RunEventType];

/**
 * The events of a run whose own events were not kept, from its steps, its requests and the metadata of its answer, as one task. It has no partial
 * text, no file changes and no activity of sub-agents except what their results contain.
 */
export function eventsFromSteps(message: MessageRow, steps: readonly StoredStep[], requests: readonly ApprovalRow[]): TranscriptEvent[] {
  const metadata = answerMetadata(message);
  const { created_at: startedAt, id: message_id, chat_id } = message;
  const entries: Entry[] = [
    {
      type: "task_started",
      data: {
        chat_id,
        message_id,
        agent_id: metadata.agent_id ?? null,
        model: metadata.model ?? "",
        ...(metadata.reasoning && { reasoning: metadata.reasoning }),
        ...(metadata.edit_mode && { edit_mode: metadata.edit_mode }),
      },
      ts: startedAt,
    },
  ];
  const asides = asidesOf(metadata);
  const open = [...requests];
  for (const step of steps) {
    const isBefore = (request: ApprovalRow) => Date.parse(request.created_at) <= Date.parse(step.timestamp);
    entries.push(...asides.before(step.iteration), ...stepEvents(step, takeWhile(open, isBefore)));
  }
  entries.push(...asides.before(Infinity), ...open.flatMap(requestEvents));
  const endedAt = steps.at(-1)?.timestamp ?? startedAt;
  const credits = metadata.usage?.credits ?? 0;
  if (credits > 0)
    entries.push({
      type: "credits_used",
      data: { cost_total_cents: 0, credits_deducted: credits, new_balance: null, usage_log_id: null, is_byok: false },
      ts: endedAt,
    });
  for (const data of metadata.evidence ?? []) entries.push({ type: "evidence_added", data, ts: data.created_at });
  entries.push(
    { type: "complete", data: completeData(message, steps.at(-1)?.iteration), ts: endedAt },
    { type: "done", data: {}, ts: endedAt },
  );
  if (metadata.auto_fix_stopped) entries.push({ type: "notice", data: { level: "warning", message: autoFixStopped }, ts: endedAt });
  // A message without a task is named by itself.
  const task_id = metadata.task_id ?? message_id;
  return entries.map((entry, index) => ({ seq: index + 1, task_id, ...entry }));
}

/** Steering messages and notices, each before the step of its iteration. */
function asidesOf({ steered = [], notices = [] }: AnswerMetadata) {
  const all = [
    ...steered.map(({ id, text, iteration, at }) => ({
      iteration,
      entry: { type: "steered", data: { id, message: text, iteration, at }, ts: at } satisfies Entry,
    })),
    ...notices.map(({ level, message, iteration, at }) => ({
      iteration,
      entry: { type: "notice", data: { level, message }, ts: at } satisfies Entry,
    })),
  ].toSorted((a, b) => Date.parse(a.entry.ts) - Date.parse(b.entry.ts));
  return {
    /** Those up to this iteration that were not returned before. */
    before: (iteration: number): Entry[] => takeWhile(all, (one) => one.iteration <= iteration).map(({ entry }) => entry),
  };
}

/** A step; with its requests, its text and its calls come before them, as they were made. */
function stepEvents(step: StoredStep, requests: readonly ApprovalRow[]): Entry[] {
  const { tool_calls, iteration, response_text = "", timestamp } = step;
  const calls = tool_calls.map(({ name, parameters }) => ({ name, parameters }));
  const data: RunEventData<"agent_step"> = {
    ...step,
    response_text,
    tool_calls: calls,
    tool_results: tool_calls.map(({ result }) => (result as ToolResult | null) ?? { success: true }),
  };
  const committed: Entry = { type: "agent_step", data, ts: timestamp };
  const [first] = requests;
  if (!first) return [committed];
  const askedAt = first.created_at;
  return [
    ...(response_text.trim() === ""
      ? []
      : [{ type: "text_chunk", data: { content: response_text, iteration }, ts: askedAt } satisfies Entry]),
    { type: "tool_started", data: { iteration, tools: calls, timestamp: askedAt }, ts: askedAt },
    ...requests.flatMap(requestEvents),
    committed,
  ];
}

function requestEvents(row: ApprovalRow): Entry[] {
  const { id: approval_id, kind, tool_name, tool_parameters, tool_description, response, created_at: ts } = row;
  const answeredAt = row.answered_at ?? ts;
  if (kind === "approval")
    return [
      { type: "approval_required", data: { approval_id, tool_name, tool_parameters, tool_description }, ts },
      ...(response === null ? [] : [{ type: "approval_resolved", data: approvalResolved(row), ts: answeredAt } satisfies Entry]),
    ];
  return [
    // The row has the question as in its event.
    { type: "question_asked", data: tool_parameters as unknown as RunEventData<"question_asked">, ts },
    ...(response === null ? [] : [{ type: "question_resolved", data: questionResolved(row), ts: answeredAt } satisfies Entry]),
  ];
}

/** Removes the first entries that match from the list, and returns them. */
function takeWhile<T>(list: T[], matches: (one: T) => boolean): T[] {
  const end = list.findIndex((one) => !matches(one));
  return list.splice(0, end < 0 ? list.length : end);
}
