import type { AgentEvent, ApprovalDecision, ApprovalRequest, FileChange, ModelRetry } from "./events.ts";
import type { ImageStore } from "./images.ts";
import type { LoadedContext } from "./knowledge/knowledge.ts";
import type { ModelUsage, RunModel } from "./model-client.ts";
import type { PreviewState, ProjectInfo } from "./project-info.ts";
import type { RunCommands } from "./run-commands.ts";
import type { TodoStore } from "./todos.ts";
import type { UserAnswer, UserQuestionRequest } from "./user-questions.ts";

/**
 * Hooks of the caller. When one rejects, the run stops its tools, tries to emit `error` and `complete` (`internal_error`) and returns; `runAgent`
 * never rejects.
 */
export interface AgentDeps {
  /**
   * Called one at a time, in the order that `events.ts` describes. The loop continues when the promise resolves, so resolve it after the commit: then nothing is shown or
   * executed that could be lost.
   */
  emit(event: AgentEvent): Promise<void>;
  /**
   * Called after `approval_required` was emitted. The answer may exist already (a resumed run, a quick client). Returns `timeout` after the caller's
   * own time limit. `signal` aborts the wait. The caller stores `allow_all` for later runs; within this run the loop remembers it.
   */
  approve(request: ApprovalRequest, signal: AbortSignal): Promise<{ decision: ApprovalDecision; note?: string }>;
  /** Before each model call; a stop ends the run before it is made. Default: every call is made. */
  beforeModelCall?(call: PlannedCall): Promise<CallVerdict>;
  /**
   * Called after `question_asked` was emitted; the answer may exist already. Returns `timeout` after the caller's own time limit. Without this hook,
   * tools that need a person are not offered.
   */
  ask?(request: UserQuestionRequest, signal: AbortSignal): Promise<UserAnswer>;
  /**
   * Called after `model_retry` was emitted with `waiting`. Resolves when the call may be repeated, with the model to call instead if the person chose one.
   * The wait counts toward the time limit of the run.
   * Rejects with the signal's reason. Default: waits until `until`.
   */
  waitToRetry?(retry: ModelRetry, delayMs: number, signal: AbortSignal): Promise<{ model?: string }>;
  /** Once per model call, also for one that failed after its output started. A stop is ignored when the turn was the final answer. */
  afterModelCall(call: ModelCall): Promise<CallVerdict>;
  /**
   * Steering messages for the next turn, in order; each is returned once. The caller appends them to the conversation (`steeringMessage`) when it takes
   * them, so there is no event for them. Default: none.
   */
  takeSteering?(iteration: number): Promise<string[]>;
  /** Stored per chat by the caller. */
  todos: TodoStore;
  getProjectInfo(): Promise<ProjectInfo>;
  getPreviewState(): Promise<PreviewState>;
  /**
   * Once per batch that changed files, after its calls: what the project's checks find since then, as text for the model. It is added to the result of
   * the last call that changed a file. Must resolve within seconds. Default: nothing is checked.
   */
  diagnose?(changes: FileChange[], signal: AbortSignal): Promise<string | undefined>;
  /** Default: results of tools have no images. */
  images?: ImageStore;
  /** Once per run and sub-agent, at its start: lets a person stop a command. */
  onCommands?(commands: Pick<RunCommands, "stop">): void;
  /** Once, before the first model call: the rules, memory, skills and sub-agents of the run. */
  onContextLoaded?(context: LoadedContext): Promise<void>;
  /** The model that a sub-agent names. Rejects with a message for people when it is not available. Absent: sub-agents use the run's model. */
  modelFor?(id: string): Promise<RunModel>;
  /** Default: the system clock. */
  now?: () => Date;
  /** A monotonic clock in milliseconds. Default: `performance.now`. */
  clock?: () => number;
  /** Ids of approvals and questions. Default: random UUIDs. */
  newId?: () => string;
  /** For the log: errors that the run handled or failed with (a bug of a tool, a rejected hook). Must not throw. */
  onUnexpected?: (error: unknown, where: string) => void;
}

export interface ModelCall extends ModelUsage {
  iteration: number;
  /** `subagent`: any call of a sub-agent; `iteration` is the turn of the run that started it. */
  purpose: "turn" | "compaction" | "subagent";
  /** The model that answered. Absent: the run's own. */
  model?: string;
  /** The provider sent no usage, so the numbers are characters / 4. */
  is_estimated: boolean;
}

export interface PlannedCall {
  iteration: number;
  purpose: ModelCall["purpose"];
  /** Absent: the run's own model. */
  model?: string;
  /** Estimated from the request. */
  tokens_in: number;
}

/** Whether a call may be made, or the run may continue after it. */
export type CallVerdict =
  | {
      ok: true;
      /** Before a call: the longest answer within the cost limit. It is sent to the provider, so the limit also holds in mid-stream. */
      max_output_tokens?: number;
    }
  | { ok: false; stop: "credits_exhausted" | "credit_deduction_failed" | "resource_limit_exceeded"; message: string };
