import type { RunResult } from "@tesslate/agent";
import type { CompletionReason, RunEventData } from "@tesslate/contract";
import { AppError } from "../../../platform/errors.ts";
import type { TaskRow } from "../../core/tasks/index.ts";
import type { RunVoice, Utterance } from "./events.ts";
import type { RunInput } from "./run-task.ts";
import { resolvedOf } from "./questions.ts";
import type { ChatStore } from "../chats/index.ts";
import type { RunsStore } from "./runs.store.ts";
import type { RunLedger } from "./usage.ts";

const inStreamCodes = [
  "insufficient_credits",
  "model_error",
  "model_auth_failed",
  "rate_limited",
  "interrupted",
  "internal_error",
] as const;

/** The end of a run, however it came about. */
export interface RunEnd {
  completion_reason: CompletionReason;
  success: boolean;
  final_response: string;
  iterations: number;
  tool_calls_made: number;
  error?: string;
  /** Whole credits it took. */
  credits?: number;
  resource_stats?: RunEventData<"complete">["resource_stats"];
}
/** A run that tells something. */
export interface TellingRun {
  task: TaskRow;
  input: RunInput;
  voice: RunVoice;
}

/** Keeps the files as a run leaves them; what it changed, where that is known. Never throws, and may be called again. */
export type AfterTurn = (run: {
  task_id: string;
  project_id: string;
  chat_id: string;
  /** The user's. */
  message_id: string;
  isResumed: boolean;
  toolCalls: number;
}) => Promise<{ files: number; additions: number; deletions: number } | undefined>;

export type RunEndings = ReturnType<typeof createRunEndings>;
/** How runs end: the message is finished once, then `complete` is said, and `done` when the task is over (agent-git-deploy 3.7, 4.15). */
export function createRunEndings({ store, chats, afterTurn }: { store: RunsStore; chats: ChatStore; afterTurn: AfterTurn }) {
  const tell = async ({ task, input, voice }: TellingRun, end: RunEnd, error?: RunEventData<"error">): Promise<void> => {
    const { resource_stats: stats } = end;
    const changes = await afterTurn({
      task_id: task.id,
      project_id: input.project_id,
      chat_id: input.chat_id,
      message_id: input.user_message_id,
      isResumed: input.resumes !== null,
      toolCalls: end.tool_calls_made,
    });
    await voice.sayWith(async (tx) => {
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
      const { credits: _, ...said } = end;
      const complete: Utterance = { type: "complete", data: { ...said, session_id: input.chat_id, ...(changes && { changes }) } };
      return error ? [{ type: "error", data: error }, complete] : [complete];
    });
  };

  return {
    /** Stores and tells the end, once per message. */
    tell,
    /** Questions nobody will answer any more. */
    dropApprovals: async ({ task, input, voice }: TellingRun, response: "expired" | "cancelled" = "cancelled"): Promise<void> => {
      await voice.sayWith(async (tx) =>
        (await store.closeApprovals(tx, input.resumes === null ? [task.id] : [task.id, input.resumes], response)).map((row): Utterance =>
          row.kind === "approval"
            ? {
                type: "approval_resolved",
                data: { approval_id: row.id, response, note: null, by: null, at: row.answered_at ?? new Date().toISOString() },
              }
            : { type: "question_resolved", data: resolvedOf(row) },
        ),
      );
    },
    /** The end of a run that could not tell it itself; what it did stands in its steps. */
    lostEnd: async (messageId: string, reason: "cancelled" | "error" | "interrupted", message: string): Promise<RunEnd> => {
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
    /** The stream's last word. What the run could not say any more is said here: `lost` makes the end of one that had none. */
    close: async (run: TellingRun, lost: () => Promise<{ end: RunEnd; error?: RunEventData<"error"> }>): Promise<void> => {
      const { task, input, voice } = run;
      const metadata = (await chats.findMessage(input.message_id))?.message_metadata;
      if (metadata?.["task_id"] === task.id && metadata["completion_reason"] === "in_progress") {
        // Stopped before it was begun with: whoever follows it hears what it was.
        if (task.event_seq === 0) await voice.say("task_started", startedOf(input));
        const { end, error } = await lost();
        await tell(run, end, error);
      }
      await voice.say("done", task.status === "failed" && task.error ? { error: task.error } : {});
    },
  };
}

/** A run's first word. */
export const startedOf = (input: RunInput): RunEventData<"task_started"> => ({
  chat_id: input.chat_id,
  message_id: input.message_id,
  agent_id: input.agent_id,
  model: input.model_id,
  ...(input.earlier && { goes_on_after: input.earlier.after_iteration }),
});

/** The agent's own account of the end, with what it cost; together with what was done of the same message before. */
export function endOf(
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

/** In a stream only a few codes are known (3.7); the sentence says the rest. */
export const errorOf = (code: string, message: string | undefined): RunEventData<"error"> => ({
  code: inStreamCodes.find((c) => c === code) ?? "internal_error",
  message: message ?? "The run failed.",
});

/** The sentence of an error that was made for people. */
export const tellable = (error: unknown): string | undefined =>
  error instanceof AppError || (error instanceof Error && error.name === "RuntimeError") ? error.message : undefined;
