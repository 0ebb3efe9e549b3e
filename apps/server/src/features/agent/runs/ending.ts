import type { RunResult } from "@tesslate/agent";
import type { CompletionReason, RunEventData } from "@tesslate/contract";
import { AppError } from "../../../platform/errors.ts";
import type { TaskRow } from "../../core/tasks/index.ts";
import type { NewRunEvent } from "./events.ts";
import { workingProjectId, type RunCheckpoints, type RunHandle, type RunInput } from "./run.ts";
import { approvalResolved, questionResolved, type ChatStore } from "../chats/index.ts";
import type { RunsStore } from "./runs.store.ts";
import type { RunLedger } from "./usage.ts";

/** The codes of `error` events. */
const errorEventCodes = [
  "insufficient_credits",
  "model_error",
  "model_auth_failed",
  "rate_limited",
  "interrupted",
  "internal_error",
] as const;

/** How a run ended. */
export interface RunEnd {
  completion_reason: CompletionReason;
  success: boolean;
  final_response: string;
  iterations: number;
  tool_calls_made: number;
  error?: string;
  /** Whole credits charged. */
  credits?: number;
  resource_stats?: RunEventData<"complete">["resource_stats"];
}

export type RunEndings = ReturnType<typeof createRunEndings>;
/** Ends runs: the assistant's message is finished once, with the event `complete`; `done` follows when the task has ended. */
export function createRunEndings({ store, chats, checkpoints }: { store: RunsStore; chats: ChatStore; checkpoints: RunCheckpoints }) {
  const cancelRequests = async ({ task, input, emitter }: RunHandle, response: "expired" | "cancelled" = "cancelled"): Promise<void> => {
    const taskIds = input.resumes === null ? [task.id] : [task.id, input.resumes];
    await emitter.emitWith(async (tx) =>
      (await store.closeApprovals(tx, taskIds, response)).map((row): NewRunEvent =>
        row.kind === "approval"
          ? { type: "approval_resolved", data: approvalResolved(row) }
          : { type: "question_resolved", data: questionResolved(row) },
      ),
    );
  };

  const finish = async (run: RunHandle, end: RunEnd, error?: RunEventData<"error">): Promise<void> => {
    const { task, input, emitter } = run;
    const { resource_stats: stats } = end;
    // A run that resumes an interrupted one asks the open question again.
    if (end.completion_reason !== "interrupted") await cancelRequests(run);
    const changes = await checkpoints.after({
      task_id: task.id,
      project_id: workingProjectId(input),
      chat_id: input.chat_id,
      message_id: input.user_message_id,
      isResumed: input.resumes !== null,
      toolCalls: end.tool_calls_made,
    });
    await emitter.emitWith(async (tx) => {
      const finished = await store.finishMessage(tx, task.id, input.message_id, {
        content: end.final_response,
        status: end.success ? "completed" : "active",
        metadata: {
          completion_reason: end.completion_reason,
          iterations: end.iterations,
          tool_calls_made: end.tool_calls_made,
          session_id: input.chat_id,
          trajectory_path: null,
          usage: {
            tokens_in: stats?.tokens_in ?? 0,
            tokens_out: stats?.tokens_out ?? 0,
            credits: end.credits ?? 0,
            ...(stats && {
              cost_cents: stats.cost_cents,
              cost_limit_cents: stats.cost_limit_cents,
              ...(stats.own_key_cents !== undefined && { own_key_cents: stats.own_key_cents }),
              tokens_cached: stats.tokens_cached,
              context_used: stats.context_used,
              context_window: stats.context_window,
            }),
          },
          ...(end.error !== undefined && { error: end.error.slice(0, 500) }),
          ...(changes && { changes }),
          ...(stats && { cost_cents: stats.cost_cents, duration_ms: stats.duration_ms }),
        },
      });
      if (!finished) return [];
      const { credits: _, ...data } = end;
      const complete: NewRunEvent = { type: "complete", data: { ...data, session_id: input.chat_id, ...(changes && { changes }) } };
      return error ? [{ type: "error", data: error }, complete] : [complete];
    });
  };

  return {
    /** Of these tasks, those whose stream has not ended. */
    listUnfinished: async (tasks: TaskRow[]): Promise<TaskRow[]> => {
      const done = await store.listDone(tasks.map(({ id }) => id));
      return tasks.filter(({ id, project_id }) => project_id !== null && !done.has(id));
    },
    /** Whether the run waits for a person. */
    isWaiting: async ({ task, input }: RunHandle): Promise<boolean> => (await store.findWaiting(task.id, input.resumes)) !== undefined,
    /** Stores the end in the message and emits it; does nothing when the message has ended already. */
    finish,
    /** Closes open approvals and questions. */
    cancelRequests,
    /** The end of a run that has no result of the agent: its counts come from the stored steps. */
    endFromSteps: async (messageId: string, reason: "cancelled" | "error" | "interrupted", message: string): Promise<RunEnd> => {
      const steps = (await store.listSteps(messageId)).map((row) => row.step_data);
      return {
        completion_reason: reason,
        success: false,
        final_response: message,
        iterations: steps.at(-1)?.iteration ?? 0,
        tool_calls_made: steps.reduce((sum, step) => sum + step.tool_calls.length, 0),
        error: message,
      };
    },
    /** Ends the stream with `done`. `missingEnd` supplies the end of a run that stored none, because its process or its database was gone. */
    close: async (run: RunHandle, missingEnd: () => Promise<{ end: RunEnd; error?: RunEventData<"error"> }>): Promise<void> => {
      const { task, input, emitter } = run;
      const metadata = (await chats.findMessage(input.message_id))?.message_metadata;
      if (metadata?.["task_id"] === task.id && metadata["completion_reason"] === "in_progress") {
        // Cancelled before it started: clients still need `task_started`.
        if (task.event_seq === 0) await emitter.emit("task_started", startedEvent(input));
        const { end, error } = await missingEnd();
        await finish(run, end, error);
      }
      const done = task.status === "failed" && task.error ? { error: task.error } : {};
      await emitter.emitAtEnd(async () => [{ type: "done", data: done }]);
    },
  };
}

/** The first event of a run. */
export const startedEvent = (input: RunInput): RunEventData<"task_started"> => ({
  chat_id: input.chat_id,
  message_id: input.message_id,
  agent_id: input.agent_id,
  model: input.model_id,
  edit_mode: input.edit_mode,
  ...(input.reasoning && { reasoning: input.reasoning }),
  ...(input.branch_id !== undefined && { branch_id: input.branch_id }),
  ...(input.earlier && { goes_on_after: input.earlier.after_iteration }),
});

/** The agent's result with its cost, added to that of earlier runs of the same message. */
export function endFromResult(
  result: RunResult,
  ledger: Pick<RunLedger, "totalCents" | "ownKeyCents" | "limitCents" | "credits" | "earlier">,
  before: { duration_ms: number } | undefined,
): RunEnd {
  const { duration_ms, tokens_in, tokens_out, tokens_cached, ...stats } = result.resource_stats;
  const { earlier } = ledger;
  const own_key_cents = ledger.ownKeyCents();
  return {
    success: result.success,
    iterations: result.iterations,
    final_response: result.final_response,
    tool_calls_made: result.tool_calls_made,
    completion_reason: result.error_code === "interrupted" ? "interrupted" : result.completion_reason,
    ...(result.error !== undefined && { error: result.error }),
    credits: ledger.credits(),
    resource_stats: {
      cost_cents: Number(ledger.totalCents()),
      cost_limit_cents: ledger.limitCents(),
      ...(own_key_cents !== undefined && { own_key_cents }),
      tokens_in: tokens_in + earlier.tokens_in,
      tokens_out: tokens_out + earlier.tokens_out,
      tokens_cached: tokens_cached + earlier.tokens_cached,
      ...stats,
      duration_ms: Math.round(duration_ms) + (before?.duration_ms ?? 0),
    },
  };
}

/** Codes that streams do not have become `internal_error`. */
export const errorEvent = (code: string, message: string | undefined): RunEventData<"error"> => ({
  code: errorEventCodes.find((c) => c === code) ?? "internal_error",
  message: message ?? "The run failed.",
});

/** The message of an error that is meant for people. */
export const publicMessage = (error: unknown): string | undefined =>
  error instanceof AppError || (error instanceof Error && error.name === "RuntimeError") ? error.message : undefined;
