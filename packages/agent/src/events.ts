/**
 * The events of one run, in their order. `·` is an awaited hook of `AgentDeps`, the rest goes through `emit`, which is awaited too: the loop continues
 * when the caller has committed. `+` extends the conversation.
 *
 * ```
 * ├─ + conversation_appended   the person's message with its context; a note when the run is resumed
 * repeat, once per iteration
 * ├─ · + takeSteering          steering messages become user turns before the call
 * ├─ + conversation_appended?  a compaction, then compacted
 * ├─ · beforeModelCall         may stop the run before the call is made
 * ├─ model_retry*              a call that failed before anything of its answer: waiting, then retrying; · waitToRetry between the two
 * ├─ reasoning_chunk*, text_chunk*   as the model streams, in its order
 * ├─ tool_progress*            while the model writes the arguments of a call for longer than 100 ms
 * ├─ · afterModelCall          exactly once per model call: the caller charges and publishes credits_used here
 * ├─ + tool_started            the batch, before any of it runs, with the model's turn
 * ├─ for each call, in order   (neighboring read-only calls run at the same time)
 * │  ├─ approval_required?     only in ask mode, one after another; · approve waits for the person
 * │  ├─ question_asked?        a tool with a question for the person; · ask waits for the answer
 * │  └─ file_changed*          after each successful change; notice* from tools
 * ├─ · diagnose                if the batch changed files
 * └─ + agent_step              the batch with its results
 * at any time: command_started, command_output*, command_ended of the commands that the tools run; subagent_event*
 * at the end, whatever happened
 * ├─ reasoning_chunk*, text_chunk*, · afterModelCall
 * ├─ + conversation_appended   the answer, or what was received of it and how the run ended
 * ├─ error?                    when the run failed
 * └─ complete                  always last, exactly once
 * ```
 *
 * Everything that a later request will contain is in the conversation before the run continues: as `messages` of `tool_started` and `agent_step`, as
 * `conversation_appended`, or through `takeSteering`. The caller appends it to the record and passes the record to the next run.
 *
 * `task_started` (before) and `done` (after) belong to the caller. Data is snake_case, as in the API.
 */
import type { AssistantMessage, Message, ToolMessage } from "./conversation.ts";
import type { ModelErrorKind } from "./model-error.ts";
import type { PendingBatch } from "./pending-batch.ts";
import type { CommandEnding } from "./run-commands.ts";
import type { SubagentEvent } from "./subagents/events.ts";
import type { CallPosition, ToolParameters, ToolResult } from "./tool-call.ts";
import type { UserQuestionRequest } from "./user-questions.ts";

export type AgentEvent =
  /** Deltas are merged while an earlier `emit` is still pending, so a slow caller gets fewer, longer chunks. */
  | { type: "text_chunk"; data: { content: string; iteration: number } }
  /**
   * What the model writes into the arguments of a call, while that takes longer than 100 ms; each replaces the one before it of the same `index`. Not sent
   * with `isStreamed: false`.
   */
  | { type: "tool_progress"; data: ToolCallProgress & { iteration: number; agent_id?: string } }
  /** Visible reasoning, as `text_chunk`. All of an iteration is the `thought` of its step. */
  | { type: "reasoning_chunk"; data: { content: string; iteration: number } }
  /** `messages`: the model's turn, to be appended to the conversation. */
  | {
      type: "tool_started";
      data: { iteration: number; tools: { name: string; parameters: ToolParameters }[]; timestamp: string };
      messages: AssistantMessage[];
    }
  /** What is appended to the conversation without a step. */
  | { type: "conversation_appended"; data: { messages: Message[] } }
  /** Store `pending` with the approval: passed as `RunOptions.pending`, it lets a restarted server keep waiting. */
  | {
      type: "approval_required";
      data: ApprovalRequest;
      /** Null: a restarted server cannot keep waiting. */
      pending: PendingBatch | null;
    }
  /** As `approval_required`, for `AgentDeps.ask`. */
  | { type: "question_asked"; data: UserQuestionRequest; pending: PendingBatch }
  | { type: "subagent_event"; data: SubagentEvent }
  | { type: "file_changed"; data: FileChange }
  /** A command in the background, or one in the foreground that takes longer than a second. `call`: which call started it. */
  | {
      type: "command_started";
      data: { command_id: string; command: string; is_background: boolean; call: CallPosition; agent_id?: string };
    }
  /** Output as the command printed it, with colors, in order; at most 64 KiB per command. */
  | { type: "command_output"; data: { command_id: string; content: string } }
  | { type: "command_ended"; data: { command_id: string; duration_ms: number; is_output_cut: boolean } & CommandEnding }
  | { type: "notice"; data: RunNotice }
  | { type: "compacted"; data: Compacted }
  | { type: "model_retry"; data: ModelRetry }
  /** `messages`: the results, to be appended to the conversation; empty when the batch waits for a person and a resumed run will finish it. */
  | { type: "agent_step"; data: AgentStep; messages: ToolMessage[] }
  | { type: "error"; data: RunError }
  | { type: "complete"; data: RunResult };

/** A call whose arguments the model is writing. */
export interface ToolCallProgress {
  /** Its place among the calls of the answer. */
  index: number;
  name: string;
  /** Known once its value is complete. */
  path?: string;
  /** Size of the text that is written: the newest argument, other than the path, that is a text. */
  lines: number;
  chars: number;
  /** The end of that text, at most 2,000 characters. */
  tail: string;
}

export interface ApprovalRequest {
  approval_id: string;
  tool_name: string;
  /** Exactly what will run. */
  tool_parameters: ToolParameters;
  tool_description: string;
}

export type ApprovalDecision = "allow_once" | "allow_all" | "deny" | "stop" | "timeout";

export interface FileChange {
  path: string;
  op: "add" | "update" | "delete" | "move";
  new_path?: string;
  /** Unified; absent for binary files and for diffs above 40 000 characters. */
  diff?: string;
  /** Bytes after the change. */
  size?: number;
}

/** Something people should know that is not a failure: packages are installed, a fallback model answers. */
export interface RunNotice {
  level: "info" | "warning";
  message: string;
}

/** Older messages of the conversation were replaced by a summary, for the model. */
export interface Compacted {
  /** Messages that the summary replaces, and those after them that stay. */
  replaced: number;
  kept: number;
  /** Of the request, as the provider counted it or estimated. */
  tokens_before: number;
  /** Estimated. */
  tokens_after: number;
  summary: string;
}

/** A call to the model failed before anything of its answer, and is repeated: `waiting`, then `retrying`. */
export interface ModelRetry {
  /** Of the call: the same for all of its attempts. */
  retry_id: string;
  iteration: number;
  status: "waiting" | "retrying";
  /** Of the call to come: 2 for the first retry. */
  attempt: number;
  /** The last attempt. */
  of: number;
  /** When it is repeated. */
  until: string;
  /** What failed, as a sentence. */
  message: string;
  kind?: ModelErrorKind;
  /** The provider's own message, redacted. */
  reason?: string;
  /** Absent: the run's own model. */
  model?: string;
  /** The sub-agent that made the call. */
  agent_id?: string;
}

export interface AgentStep {
  iteration: number;
  /** The provider's visible reasoning. */
  thought: string | null;
  tool_calls: { name: string; parameters: ToolParameters }[];
  /** Aligned with `tool_calls`. A call that a stop, cancel or limit prevented is present with `success: false` and the reason. */
  tool_results: ToolResult[];
  response_text: string;
  timestamp: string;
  /** The run ended with this step. */
  is_complete: boolean;
}

export type CompletionReason =
  | "no_more_actions"
  | "task_complete_signal"
  | "user_stopped"
  | "cancelled"
  | "approval_timeout"
  | "resource_limit_exceeded"
  | "max_iterations"
  | "credits_exhausted"
  | "credit_deduction_failed"
  | "error";

export type RunErrorCode = "insufficient_credits" | "model_error" | "model_auth_failed" | "rate_limited" | "interrupted" | "internal_error";

export interface RunError {
  /** For people, without secrets and internals. */
  message: string;
  code: RunErrorCode;
  /** Set if the model's provider failed. */
  kind?: ModelErrorKind;
  /** `{kind: "loop_detected", tool_name, tool_parameters, tool_error, repeats}` when the loop breaker stopped the run. */
  details?: Record<string, unknown>;
}

export interface RunResult {
  success: boolean;
  iterations: number;
  final_response: string;
  /** Calls that really ran. */
  tool_calls_made: number;
  completion_reason: CompletionReason;
  error?: string;
  error_code?: RunErrorCode;
  /** The caller adds cost. */
  resource_stats: {
    iterations: number;
    iteration_limit: number | null;
    tokens_in: number;
    tokens_out: number;
    tokens_cached: number;
    duration_ms: number;
    /** Tokens of the run's last call including its answer, that is, the size of the conversation. Null before the first call. */
    context_used: number | null;
    context_window: number;
  };
}
