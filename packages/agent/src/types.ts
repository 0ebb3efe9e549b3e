/**
 * The agent's interface: what the loop needs and what it emits.
 *
 * The package knows no HTTP, no SQL and no container engine. The caller passes a {@link Workspace} (files and processes of the project), a
 * {@link ModelClient} and {@link AgentDeps} (hooks), and calls `runAgent`.
 *
 * Order of events of one run. `·` is a hook call, the rest goes through `emit`:
 *
 * ```
 * ├─ conversation_appended     the person's message with its context; a note when the run is resumed
 * repeat, once per iteration
 * ├─ · takeSteering            steering messages become user turns before the call
 * ├─ conversation_appended?    a compaction, then compacted
 * ├─ · beforeModelCall         may stop the run before the call is made
 * ├─ reasoning_chunk*, text_chunk*   as the model streams, in its order
 * ├─ · afterModelCall          exactly once per model call: the caller charges and publishes credits_used here
 * ├─ tool_started              the batch, before any of it runs, with the model's turn
 * ├─ for each call, in order   (neighbouring read-only calls run at the same time)
 * │  ├─ approval_required?     only in ask mode, one after another
 * │  ├─ · approve              waits for the person
 * │  ├─ question_asked?        a tool with a question for the person
 * │  ├─ · ask                  waits for the person
 * │  └─ file_changed*          after each successful mutation; notice* from tools
 * └─ agent_step                the batch with its results
 * within a model call, before anything of its answer: model_retry* (waiting, retrying), and · waitToRetry between the two
 * at any time: command_started, command_output*, command_ended of the commands that the tools run
 * at the end, whatever happened
 * ├─ reasoning_chunk*, text_chunk*, · afterModelCall
 * ├─ conversation_appended     the answer, or what was received of it and how the run ended
 * ├─ error?                    when the run failed
 * └─ complete                  always last, exactly once
 * ```
 *
 * Everything that a later request will contain is in the conversation before the run continues: as `messages` of `tool_started` and `agent_step`, as
 * `conversation_appended`, or through `takeSteering`. The caller appends it to the record and passes the record to the next run.
 *
 * `task_started` (before) and `done` (after) belong to the caller. Data is snake_case, as in the API.
 */
import type { Static, TObject } from "typebox";
import type { LibrarySubagent } from "./subagents/definitions.ts";
import type { ImagePart, ImageStore, StoredImage, ToolImage } from "./images.ts";
import type { UserQuestion, UserAnswer, UserQuestionRequest } from "./user-questions.ts";
import type { AssistantMessage, Message, ToolMessage } from "./conversation.ts";
import type { ModelClient, ModelUsage, Reasoning } from "./model-client.ts";
import type { ModelErrorKind } from "./model-error.ts";
import type { Outputs } from "./outputs.ts";
import type { AttachedFile } from "./attached-file.ts";
import type { Workspace } from "./workspace.ts";

// -------------------------------------------------------------------------------------------------------------------- tools

export type EditMode = "allow" | "ask" | "plan";

/**
 * A tool: one file in `tools/`, one line in `tools/index.ts`. Arguments are checked against `parameters` before `run` is called.
 * `run` may throw: the loop turns it into a failed result that the model reads.
 */
export interface Tool<P extends TObject = TObject> {
  name: string;
  /** Former names, which stay valid in calls and in the tool lists of agents. `adapt` turns their arguments into those of this tool. */
  aliases?: readonly { name: string; adapt?(given: ToolParameters): ToolParameters }[];
  category:
    | "file_operations"
    | "shell_commands"
    | "project_management"
    | "planning"
    | "conversation"
    | "web"
    | "browser"
    | "graph"
    | "agents"
    | "mcp";
  /** For the model; also `tool_description` of an approval. One or two sentences, because every call pays for it. */
  description: string;
  /** Replaces `description` for the model, not in approvals. */
  modelDescription?: string;
  parameters: P;
  gate: ToolGate;
  /** Works only through `ToolContext.ask`, so it is left out where that is missing. */
  asksUser?: true;
  /** The gate of one call, where it depends on the arguments. Default: `gate`. */
  gateOf?(params: Static<P>): ToolGate;
  /** Timeout of one call. Default `limits.tool_timeout_ms`. */
  timeLimitMs?(params: Static<P>): number;
  run(params: Static<P>, context: ToolContext): Promise<ToolOutput>;
}

export interface ToolGate {
  /** Needs an approval in `ask` mode. */
  approval: boolean;
  /** Refused in `plan` mode. */
  plan_blocked: boolean;
  /** Changes nothing, so adjacent calls may run concurrently, and it may be retried after a transient failure. */
  read_only: boolean;
  /** Adjacent calls of this tool may run concurrently although they may change something. */
  parallel?: true;
}

/** How a model describes changes of files: quotations with their replacement (`edit_file`), or patches (`apply_patch`). */
export type EditFormat = "edits" | "patch";

/** How much text the model gets at once: characters and lines. Whichever is reached first counts. */
export interface TextLimits {
  chars: number;
  lines: number;
}

/** The output of a tool. `message` is for people. `success: false` is a failure that the model reads. */
export interface ToolOutput {
  success: boolean;
  message: string;
  suggestion?: string;
  /** For models with vision and for people. Only where `ToolContext.images` is present; never part of a `ToolResult`. */
  images?: readonly ToolImage[];
  [field: string]: unknown;
}

/** `error` is always set on failure. */
export interface ToolResult {
  success: boolean;
  tool: string;
  result?: ToolOutput;
  error?: string;
  images?: StoredImage[];
}

export interface ToolContext {
  workspace: Workspace;
  /** The tree directory that the tools' paths are relative to: "." or the scoped container's directory. */
  root: string;
  editMode: EditMode;
  /** Aborted by cancel, by the run's limits and by the call's own time limit. */
  signal: AbortSignal;
  /** Reports a finished change; resolves when the caller has committed it. */
  fileChanged(change: FileChange): Promise<void>;
  /** Shows a notice during the call. */
  notice(notice: RunNotice): Promise<void>;
  commands: RunCommands;
  seen: SeenFiles;
  /** The text of files that is in the conversation, as opposed to files seen in an earlier run or before a summary. */
  shown: ShownFiles;
  /** Output that was too long for the model. */
  outputs: Outputs;
  /** Absent: results cannot have images. */
  images?: ResultImages;
  /** How much text of one result the model gets. Tools that page their output use it for a page. */
  textLimits: TextLimits;
  todos: TodoStore;
  getProjectInfo(): Promise<ProjectInfo>;
  getPreviewState(): Promise<PreviewState>;
  /**
   * Sends the question to the person and waits; the run's clock is paused. Undefined if there is no person to ask. For tools that are not
   * `read_only`, at most once per call and before it changes anything: a run that is interrupted while waiting executes the call again from its
   * beginning.
   * Rejects with the signal's reason.
   */
  ask?: ((question: UserQuestion) => Promise<UserAnswer>) | undefined;
  now(): Date;
  /** The model's turn, and the index in its batch. */
  call: { iteration: number; index: number };
  /** The batch of the call. */
  batch?: {
    /** The batch to store while an approval is open, with the results before this call. */
    pendingAt(approvalId: string): PendingBatch;
    /** Set when the call resumes a sub-agent that was interrupted while it waited for an approval. */
    resumed?: PendingSubagent | undefined;
  };
  /** Absent inside a sub-agent: they do not nest. */
  subagents?: Subagents;
}

/** The images of a run's results. */
export interface ResultImages {
  /** Stores the images of one call. `problems` has a sentence for each that cannot be shown. */
  keep(images: readonly ToolImage[], signal: AbortSignal): Promise<{ images: StoredImage[]; problems: string[] }>;
  /**
   * The images of each result of a step as the model gets them, in order and without those that do not fit into the context window (tokens). `note` says
   * how many were left out.
   */
  ofStep(results: readonly ToolResult[], window: number): Promise<{ images: ImagePart[]; note: string }[]>;
}

/** Sub-agents have their own conversation and end with the run. */
export interface Subagents {
  /** Runs a task to its end; at most ten at a time, the others wait. Failures are outputs, as a tool's. */
  invoke(request: { name: string; task: string; context?: string; resume_id?: string }, context: ToolContext): Promise<ToolOutput>;
}

/**
 * Etags of the files that the agent read or wrote, by path. A file with another etag was changed by another writer and must be read again before it
 * is replaced. A `Map` satisfies this.
 */
export interface SeenFiles {
  get(path: string): string | undefined;
  set(path: string, etag: string): unknown;
  delete(path: string): unknown;
}

/** What the conversation has of the text of files, by path: all of it, or lines of it, without blanks at their end. */
export type ShownFiles = Map<string, "all" | Set<string>>;

/** The commands of this run. Those in the background end with it. */
export interface RunCommands {
  /**
   * Shows a command in the foreground: its output goes to events, and `signal` aborts when a person stops it. `end` resolves when its last event is
   * sent, with who stopped it.
   */
  follow(
    command: string,
    call: ToolContext["call"],
  ): { signal: AbortSignal; output(text: string): void; end(ending: CommandEnding): Promise<"person" | "agent" | undefined> };
  /** Starts `command` with /bin/sh in the background, on a terminal. Returns its id. */
  start(command: string, options: { cwd: string; call: ToolContext["call"] }): Promise<string>;
  /** A command in the background, also when it has ended. */
  get(id: string): BackgroundCommand | undefined;
  /** Ends its processes. False when it does not run. */
  stop(id: string, by: "agent" | "person"): Promise<boolean>;
  /** Those that run in the background. */
  list(): { command_id: string; command: string }[];
  /** Names those that run in the next note, because the model may have forgotten them. */
  remind(): void;
  /** What the model must be told of commands in the background, once: which of them ended since the last note. */
  takeNote(): string | undefined;
}
export interface BackgroundCommand {
  command: string;
  /** Undefined while it runs. */
  ending: CommandEnding | undefined;
  write(text: string): void;
  /** Output since the last `read`, at most the newest 256 KiB of it; `dropped` characters before it are lost. */
  read(): { text: string; dropped: number };
  /** Resolves after `ms`, when `until` is in the unread output (without colors), at the command's end, or on abort: whether `until` is there. */
  wait(options: { ms: number; until?: string | undefined; signal: AbortSignal }): Promise<boolean>;
}
export interface CommandEnding {
  /** Null when the command was stopped. */
  exit_code: number | null;
  reason: "exited" | "timed_out" | "stopped" | "stopped_by_person" | "run_ended";
}

/** Commands of the project that run before and after tools, and at the end of a run. They run in the sandbox, as everything of the project. */
export interface Hooks {
  /** The reason why the call may not be made; undefined: it may. Never rejects. */
  beforeTool(call: { name: string; parameters: ToolParameters }, signal: AbortSignal): Promise<string | undefined>;
  /** What the model should read beside the result. Never rejects. */
  afterTool(call: { name: string; parameters: ToolParameters }, result: ToolResult, signal: AbortSignal): Promise<string | undefined>;
  /** Never rejects. */
  atEnd(run: { completion_reason: string }, signal: AbortSignal): Promise<void>;
}

// ------------------------------------------------------------------------------------------------------------------- events

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
      data: { command_id: string; command: string; is_background: boolean; call: ToolContext["call"]; agent_id?: string };
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

/** Arguments as shown to people and stored; `{}` when the model's JSON could not be read. */
export type ToolParameters = Record<string, unknown>;

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

/**
 * Activity of a sub-agent: `started`, then per turn `text`* → `tool_started` → `step`, at last `finished`. Its file changes, approvals and model
 * calls are events of the run. Parameters are truncated, and the total size is bounded.
 */
export type SubagentEvent = {
  agent_id: string;
  name: string;
  /** The call of `invoke_subagent`: the run's turn, and the index in its batch. */
  call: { iteration: number; index: number };
} & (
  | { kind: "started"; task: string; is_resumed: boolean }
  | { kind: "text"; content: string }
  | { kind: "tool_started"; iteration: number; tools: { name: string; parameters: ToolParameters }[] }
  | ({ kind: "step" } & SubagentStep)
  | { kind: "finished"; success: boolean; message: string; iterations: number; tool_calls_made: number; duration_ms: number }
);

/** One turn of a sub-agent as it is shown and stored. */
export interface SubagentStep {
  iteration: number;
  text: string;
  tool_calls: { name: string; parameters: ToolParameters; success: boolean; message: string }[];
}

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

// -------------------------------------------------------------------------------------------------------------------- hooks

/**
 * Hooks of the caller. When one rejects, the run stops its tools, tries to emit `error` and `complete` (`internal_error`) and returns; `runAgent`
 * never rejects.
 */
export interface AgentDeps {
  /**
   * Called one at a time, in the order above. The loop continues when the promise resolves, so resolve it after the commit: then nothing is shown or
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
  modelFor?(id: string): Promise<RunOptions["model"]>;
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

export interface Todo {
  id: string;
  content: string;
  status: "pending" | "in_progress" | "completed";
  priority: "high" | "medium" | "low";
  created_at: string;
}
export interface TodoStore {
  read(): Promise<Todo[]>;
  /** Replaces the list. */
  write(todos: Todo[]): Promise<void>;
}

export interface ProjectInfo {
  id: string;
  name: string;
  description: string;
  owner_id: string;
  created_at: string;
  updated_at: string;
  containers: {
    name: string;
    directory: string;
    framework?: string | null;
    status: string;
    port?: number | null;
    url?: string | null;
    env_names?: string[];
  }[];
  /** `source` gets the address of `target`, for example through environment variables. */
  connections?: { source: string; target: string; type: string }[];
  git?: {
    branch: string;
    remote_url?: string | null;
    changed_files?: number;
    ahead?: number;
    behind?: number;
    last_commit?: string | null;
    auto_push?: boolean;
  } | null;
}

/** What a run loaded from the project. Sizes in characters; `is_cut`: only its beginning and end. */
export interface LoadedContext {
  rules: { path: string; chars: number; is_cut: boolean }[];
  memory: { path: string; chars: number; is_cut: boolean } | null;
  /** `path` null: built in. */
  skills: { name: string; description: string; path: string | null }[];
  subagents: { name: string; description: string; path: string | null }[];
}

/** The preview pane as text. */
export interface PreviewState {
  url: string | null;
  status: string;
  /** Newest last. */
  console_errors: string[];
  failed_requests?: string[];
  last_logs: string[];
}

// ---------------------------------------------------------------------------------------------------------------------- run

export interface RunLimits {
  /** Model turns; null = unlimited. Default 200. */
  max_iterations: number | null;
  /** Without waiting for people. Default 600 000. */
  max_run_ms: number;
  /** Input and output of this run; null = unlimited. Default null. */
  max_tokens: number | null;
  /** Per tool call, unless the tool sets its own. Default 120 000. */
  tool_timeout_ms: number;
  /** Without output of the model, after which the call counts as lost. Default 120 000. */
  model_idle_ms: number;
}

/** `text`, `react`: calls are JSON in the reply (Iterative, ReAct). `files`: one reply whose marked code blocks are saved (StreamAgent). */
export type AgentProtocol = "text" | "react" | "files";

export interface RunOptions {
  agent: {
    /** With the placeholders of `systemPrompt`. `defaultSystemPrompt` is the bundled one. */
    system_prompt: string;
    /** Names; null = all. */
    tools: string[] | null;
    /** Its own sub-agents, beside the built-in ones and the project's. */
    subagents?: readonly LibrarySubagent[];
    /** Of an older agent type, whatever its model can do. Default: function calling. */
    protocol?: AgentProtocol;
  };
  model: {
    /** With function calling, or `withTextTools` for a model that has none. */
    client: ModelClient;
    /** Which of the edit tools it is offered. Default `edits`; `editFormatOf(model_id)` knows the others. */
    edit_format?: EditFormat;
    /** Tokens; `contextWindowOf(model_id)` knows the common ones. Default 128 000. */
    context_window?: number;
    max_output_tokens?: number;
    /** Default: the provider's. */
    reasoning?: Reasoning;
  };
  /** Names the conversation to prompt caches; the chat's id. */
  cacheKey?: string;
  /** The user's text of this turn; may be empty when something is attached. */
  message: string;
  /** Images of the message; only for models with vision. */
  images?: ImagePart[];
  /** Attachments including images: named, and texts quoted within limits. */
  attached?: readonly AttachedFile[];
  /** Files and folders that the message mentions, relative to the project's root; quoted within limits, missing ones named. */
  mentions?: readonly string[];
  /** The record of the chat, with the data of its images. In a resumed run it includes what the run appended before. */
  conversation: readonly Message[];
  /** For a resumed run: its message is in the conversation, so `message` and what belongs to it are not read again. */
  resumes?: ResumedRun | undefined;
  /** For a resumed run that waited for a person: its batch, as emitted with `approval_required`. Its model call is not repeated. */
  pending?: PendingBatch | null;
  editMode: EditMode;
  /** Tools that were answered with allow_all in this chat. */
  allowedTools?: Iterable<string>;
  workspace: Workspace;
  /** The scoped container's directory; default ".". */
  root?: string;
  /** Display name, for the prompt. */
  userName?: string;
  /** Lines for the environment part of the context block, e.g. `Container: web (running)`. */
  environment?: string[];
  limits?: Partial<RunLimits>;
  /** Cancels at once: model stream, waiting approval, running tool. Abort with a `RunInterrupted` reason when the server goes down. */
  signal: AbortSignal;
  deps: AgentDeps;
  /** Default: all of `tools/index.ts`. */
  tools?: readonly Tool[];
  /** Wraps each executed call, to observe or replace it (cassettes). Must not reject. */
  interceptTool?: ToolInterceptor;
  /** Commands of the project before and after tools and at the run's end; sub-agents call them too. Default: none. */
  hooks?: Hooks;
  /** False: the text of a turn is emitted at once when the turn is complete. Default true. */
  isStreamed?: boolean;
  /** Tools that this run does not have, with what to use instead. */
  replacedTools?: Readonly<Record<string, string>>;
  /** Files that earlier runs of the chat saw; updated by this run. Only those whose text is in the conversation may be replaced. Default: none. */
  seen?: SeenFiles;
}

export type ToolInterceptor = (
  call: { tool: Tool; parameters: ToolParameters },
  context: ToolContext,
  run: (context: ToolContext) => Promise<ToolResult>,
) => Promise<ToolResult>;

/** What a run had done before it was resumed. */
export interface ResumedRun {
  /** Its last step; 0: none. */
  iteration: number;
  /** Calls that really ran. */
  tool_calls_made: number;
  /** `paused`: at a limit. `failed`: by an error. In both cases a person lets it continue. */
  reason: "interrupted" | "paused" | "failed";
  /** What else the model must know of the interruption, a sentence each. */
  facts?: readonly string[];
}

/** A batch that waits for a person, as JSON to be stored and passed back. */
export interface PendingBatch {
  /** Absent: an approval. `subagent`: an approval for the sub-agent in `nested`. */
  kind?: "question" | "subagent";
  iteration: number;
  /** Of the approval or the question. */
  approval_id: string;
  message: AssistantMessage;
  /** Results of the calls before the waiting one, in order. */
  results: ToolResult[];
  nested?: PendingSubagent;
}

/** A sub-agent that waits within its own batch, as JSON. */
export interface PendingSubagent {
  /** The index of its call in the run's batch. */
  index: number;
  agent_id: string;
  name: string;
  task: string;
  /** Its conversation up to the waiting batch, without the data of images. */
  messages: Message[];
  steps: SubagentStep[];
  pending: PendingBatch;
}

/** Abort reason for `RunOptions.signal`: the run ends as `error`/`interrupted` (resumable) instead of `cancelled`. */
export class RunInterrupted extends Error {
  override readonly name = "RunInterrupted";
}
