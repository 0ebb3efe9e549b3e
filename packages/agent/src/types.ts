/**
 * The agent's seam: everything the loop needs from outside and everything it tells the outside.
 *
 * The package knows no HTTP, no SQL and no container engine. The caller hands in a {@link Workspace} (where the project's
 * files and processes are), a {@link ModelClient} (who is asked) and {@link AgentDeps} (who is told), and calls `runAgent`.
 *
 * Order of events of one run (contract agent-git-deploy 3.7). `·` is a hook call, the rest goes through `emit`:
 *
 * ```
 * repeat, once per iteration
 * ├─ · takeSteering            what the person said meanwhile becomes a user turn before the call
 * ├─ · beforeModelCall         may stop the run before the call is made
 * ├─ text_chunk*               as the model streams
 * ├─ · afterModelCall          exactly once per model call: the caller charges and publishes credits_used here
 * ├─ tool_started              the batch, before any of it runs
 * ├─ for each call, in order   (neighbouring read-only calls run at the same time)
 * │  ├─ approval_required?     only in ask mode, one after another
 * │  ├─ · approve              waits for the person
 * │  ├─ question_asked?        a tool that asks the person
 * │  ├─ · ask                  waits for the person
 * │  └─ file_changed*          after each successful mutation; notice* where a tool tells something
 * └─ agent_step                the batch with its results
 * at the end, whatever happened
 * ├─ text_chunk*, · afterModelCall
 * ├─ error?                    when the run failed
 * └─ complete                  always last, exactly once
 * ```
 *
 * `task_started` (before) and `done` (after) belong to the caller. Data is spelled as on the wire (snake_case).
 */
import type { Static, TObject } from "typebox";
import type { LibrarySubagent } from "./subagents/definitions.ts";
import type { ImagePart } from "./images.ts";
import type { Inquiry, InquiryAnswer, InquiryRequest } from "./inquiry.ts";
import type { AssistantMessage, Message, ModelClient, ModelUsage } from "./model-client.ts";
import type { Outputs } from "./outputs.ts";
import type { SteeredText } from "./steering.ts";
import type { Attached } from "./material.ts";
import type { Workspace } from "./workspace.ts";

// -------------------------------------------------------------------------------------------------------------------- tools

export type EditMode = "allow" | "ask" | "plan";

/**
 * A tool: one file in `tools/`, one line in `tools/index.ts`. Arguments are checked against `parameters` before `run` is called.
 * `run` may throw: the loop turns it into a failed result that the model reads.
 */
export interface Tool<P extends TObject = TObject> {
  name: string;
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
  /** For the model; also `tool_description` of an approval. One or two sentences: every word is paid on every call. */
  description: string;
  /** What the model is told instead; a person who is asked reads `description`. */
  modelDescription?: string;
  parameters: P;
  gate: ToolGate;
  /** It works by `ToolContext.ask` alone, so it is left out where nobody can be asked. */
  asksPerson?: true;
  /** The gate of one call, where it depends on the arguments. Default: `gate`. */
  gateOf?(params: Static<P>): ToolGate;
  /** Hard end of one call. Default `limits.tool_timeout_ms`. */
  timeLimitMs?(params: Static<P>): number;
  run(params: Static<P>, context: ToolContext): Promise<ToolOutput>;
}

export interface ToolGate {
  /** Asks the person in `ask` mode (contract 4.7 column A). */
  approval: boolean;
  /** Refused in `plan` mode (P✗). */
  plan_blocked: boolean;
  /** Changes nothing, so neighbours may run at the same time, and it may be tried again after a transient failure. */
  read_only: boolean;
  /** Neighbouring calls of this same tool may run at the same time although they may change something. */
  parallel?: true;
}

/** What a tool answers: `message` for people, other fields as contract 4.7 names them. `success: false` is a failure the model should read. */
export interface ToolOutput {
  success: boolean;
  message: string;
  suggestion?: string;
  [field: string]: unknown;
}

/** The one envelope (4.6). `error` is always set on failure. */
export interface ToolResult {
  success: boolean;
  tool: string;
  result?: ToolOutput;
  error?: string;
}

export interface ToolContext {
  workspace: Workspace;
  /** The tree directory that the tools' paths are relative to: "." or the scoped container's directory. */
  root: string;
  editMode: EditMode;
  /** Aborted by cancel, by the run's limits and by the call's own time limit. */
  signal: AbortSignal;
  /** Reports a finished mutation; resolves when the caller has it committed. */
  fileChanged(change: FileChange): Promise<void>;
  /** Tells people something in the middle of a call. */
  notice(notice: RunNotice): Promise<void>;
  shells: ShellSessions;
  seen: SeenFiles;
  /** Files whose text stands in the conversation, by path in the tree. One that was seen in an earlier run, or before a summary, does not. */
  inConversation: Set<string>;
  /** What was too long to be told. */
  outputs: Outputs;
  todos: TodoStore;
  getProjectInfo(): Promise<ProjectInfo>;
  getPreviewState(): Promise<PreviewState>;
  /**
   * Asks the person and waits; the clock of the run stands still meanwhile. Undefined where nobody can be asked. For tools that are not `read_only`,
   * once per call and before the call changes anything: a run that was interrupted while it waited plays the call again from its beginning.
   * Rejects with the signal's reason.
   */
  ask?: ((inquiry: Inquiry) => Promise<InquiryAnswer>) | undefined;
  now(): Date;
  /** Where in the run the call stands: the model's turn, and the place in its batch. */
  call: { iteration: number; index: number };
  /** Of the batch that the call stands in. */
  batch?: {
    /** As it is stored while somebody is asked; `results` are those before the call. */
    waitingFor(approvalId: string): PendingBatch;
    /** The call is a sub-agent that was interrupted while it waited for an approval: it goes on there. */
    goesOn?: PendingSubagent | undefined;
  };
  /** Absent inside a sub-agent: they do not nest. */
  subagents?: Subagents;
}

/** Helpers with a conversation of their own (4.13). They live as long as the run. */
export interface Subagents {
  /** Runs a task to its end; at most ten at the same time, the others wait for their turn. Failures are outputs, as a tool's. */
  invoke(request: { name: string; task: string; context?: string; resume_id?: string }, context: ToolContext): Promise<ToolOutput>;
}

/**
 * Etags of the files that the agent read or wrote, by path in the tree. A file with another etag was changed by somebody else, and is read
 * again before it is replaced. A `Map` will do.
 */
export interface SeenFiles {
  get(path: string): string | undefined;
  set(path: string, etag: string): unknown;
  delete(path: string): unknown;
}

/** Terminals opened by this run; all of them end with it. */
export interface ShellSessions {
  /** `command` is run by /bin/sh. Answers the session's id. */
  open(command: string, cwd: string): Promise<string>;
  get(sessionId: string): ShellSession | undefined;
  close(sessionId: string): Promise<boolean>;
  list(): { session_id: string; command: string }[];
}
export interface ShellSession {
  command: string;
  write(data: string): void;
  /** Output since the last `drain`, at most the newest 64 KiB of it. */
  drain(): string;
  isEof(): boolean;
  /** Resolves after `ms`, at the program's end or on abort. */
  settle(ms: number, signal: AbortSignal): Promise<void>;
}

// ------------------------------------------------------------------------------------------------------------------- events

export type AgentEvent =
  /** Deltas are merged while an earlier `emit` is still pending, so a slow caller gets fewer, longer chunks. */
  | { type: "text_chunk"; data: { content: string; iteration: number } }
  | { type: "tool_started"; data: { iteration: number; tools: { name: string; parameters: ToolParameters }[]; timestamp: string } }
  /** `data` is the wire's. Store `pending` with the approval: given back as `RunOptions.pending` it lets a restarted server go on waiting. */
  | {
      type: "approval_required";
      data: ApprovalRequest;
      /** Null: a restarted server cannot go on waiting. */
      pending: PendingBatch | null;
    }
  /** As `approval_required`, for `AgentDeps.ask`. */
  | { type: "question_asked"; data: InquiryRequest; pending: PendingBatch }
  | { type: "subagent_event"; data: SubagentEvent }
  | { type: "file_changed"; data: FileChange }
  | { type: "notice"; data: RunNotice }
  | { type: "agent_step"; data: AgentStep }
  | { type: "error"; data: RunError }
  | { type: "complete"; data: RunResult };

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

/** Something people should know that is no failure: packages are installed, another model answers. */
export interface RunNotice {
  level: "info" | "warning";
  message: string;
}

export interface AgentStep {
  iteration: number;
  /** The provider's visible reasoning. */
  thought: string | null;
  tool_calls: { name: string; parameters: ToolParameters }[];
  /** Aligned with `tool_calls`. A call that a stop, cancel or limit prevented is present with `success: false` and says so. */
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
 * What a sub-agent does, told beside the events of its run: `started`, then per turn `text`* → `tool_started` → `step`, at last `finished`.
 * Its file changes, approvals and model calls come as the run's own. Parameters are shortened; all of it together is bounded.
 */
export type SubagentEvent = {
  agent_id: string;
  name: string;
  /** The call of `invoke_subagent` that it answers: the run's turn, and the place in its batch. */
  call: { iteration: number; index: number };
} & (
  | { kind: "started"; task: string; is_resumed: boolean }
  | { kind: "text"; content: string }
  | { kind: "tool_started"; iteration: number; tools: { name: string; parameters: ToolParameters }[] }
  | ({ kind: "step" } & SubagentStep)
  | { kind: "finished"; success: boolean; message: string; iterations: number; tool_calls_made: number; duration_ms: number }
);

/** One turn of a sub-agent as it is shown and stored: what it said, what it called, how that went. */
export interface SubagentStep {
  iteration: number;
  text: string;
  tool_calls: { name: string; parameters: ToolParameters; success: boolean; message: string }[];
}

export interface RunError {
  /** A sentence for a person, free of secrets and internals. */
  message: string;
  code: RunErrorCode;
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
    /** Tokens of the run's last call, its answer included: what the conversation takes of the window. Null before the first call. */
    context_used: number | null;
    context_window: number;
  };
}

// -------------------------------------------------------------------------------------------------------------------- hooks

/**
 * What the run asks of its caller. Hooks may reject: the run then stops its tools, tries to emit `error` and `complete`
 * (`internal_error`) and returns; nothing is thrown outward.
 */
export interface AgentDeps {
  /**
   * Called one at a time, in the order drawn above. The loop goes on when the promise resolves, so resolve after the commit:
   * nothing is ever shown, run or built upon that could be lost.
   */
  emit(event: AgentEvent): Promise<void>;
  /**
   * Called after `approval_required` was emitted. The answer may be there already (a resumed run, a quick client): look first, then wait.
   * Answers `timeout` by its own clock (300 s). Aborting `signal` means nobody waits any more. Remembering `allow_all` for later runs is the
   * caller's part; within this run the loop remembers.
   */
  approve(request: ApprovalRequest, signal: AbortSignal): Promise<{ decision: ApprovalDecision; note?: string }>;
  /** Before each model call; a stop ends the run before it is made. Default: every call is made. */
  beforeModelCall?(call: PlannedCall): Promise<AfterModelCall>;
  /**
   * Called after `question_asked` was emitted; the answer may be there already. Answers `timeout` by its own clock. Without it nobody can be asked,
   * and tools that only ask are not offered.
   */
  ask?(request: InquiryRequest, signal: AbortSignal): Promise<InquiryAnswer>;
  /** Once per model call, also for a call that broke off after output began. A stop is ignored when the turn was the finished answer (4.18). */
  afterModelCall(call: ModelCall): Promise<AfterModelCall>;
  /**
   * Before each turn: what the person wants heard now, in order; each text is given once. The caller keeps what it gives
   * (with the iteration), so that a resumed run hears it again through `RunOptions.steered`. Default: nothing.
   */
  takeSteering?(iteration: number): Promise<string[]>;
  /** Kept per chat by the caller. */
  todos: TodoStore;
  getProjectInfo(): Promise<ProjectInfo>;
  getPreviewState(): Promise<PreviewState>;
  /** Once, before the first model call: what of the project's own words the run is told. */
  contextRead?(inForce: ContextInForce): Promise<void>;
  /** A model that a sub-agent names. Rejects with a sentence for people when it cannot be had. Absent: they all use the run's. */
  modelFor?(id: string): Promise<RunOptions["model"]>;
  /** The provider refused tools: this run goes on with calls as text (`auto`). Worth remembering for the next one. */
  onTextProtocol?: () => void;
  /** The model has made its first call by itself (`auto`): from then on its text is text. Worth remembering for the next run. */
  onNativeTools?: () => void;
  /** Default: the system clock. */
  now?: () => Date;
  /** Milliseconds that only grow, for durations. Default: `performance.now`. */
  clock?: () => number;
  /** Ids of approvals and questions. Default: random UUIDs. */
  newId?: () => string;
  /** Told of breakage the run coped with or ended by (a tool's bug, a hook's rejection), for the log. Must not throw. */
  onUnexpected?: (error: unknown, where: string) => void;
}

export interface ModelCall extends ModelUsage {
  iteration: number;
  /** `subagent`: any call of a sub-agent; `iteration` is the turn of the run that started it. */
  purpose: "turn" | "compaction" | "subagent";
  /** Absent: the run's own model. */
  model?: string;
  /** The provider sent no usage: the numbers are characters / 4. */
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

export type AfterModelCall =
  | {
      ok: true;
      /** Before a call: longer answers are not affordable. The provider is told, so that the cap holds in the middle of a stream. */
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
  /** `source` gets `target`'s address through environment variables and the like. */
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

/** What a run is told by the project itself (ui.md 49). Sizes in characters; `is_cut`: only its beginning and end. */
export interface ContextInForce {
  rules: { path: string; chars: number; is_cut: boolean }[];
  memory: { path: string; chars: number; is_cut: boolean } | null;
  /** `path` null: built in. */
  skills: { name: string; description: string; path: string | null }[];
  subagents: { name: string; description: string; path: string | null }[];
}

/** What a person sees in the preview pane, in words. */
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
  /** Work, approvals not counted. Default 600 000. */
  max_run_ms: number;
  /** Input + output of this run; null = unlimited. Default null. */
  max_tokens: number | null;
  /** One tool call, unless the tool sets its own. Default 120 000. */
  tool_timeout_ms: number;
  /** Silence of the model before the call counts as lost. Default 120 000. */
  model_idle_ms: number;
}

/**
 * `native`: function calling. `auto`: the same, and what a weaker model writes as text counts too; a provider that refuses tools is spoken to by `text`.
 * `text`, `react`: calls are JSON in the reply (Iterative, ReAct). `files`: one reply whose marked code blocks are saved (StreamAgent).
 */
export type AgentProtocol = "native" | "auto" | "text" | "react" | "files";

export interface RunOptions {
  agent: {
    /** With the placeholders of 4.3. `defaultSystemPrompt` is the bundled one. */
    system_prompt: string;
    /** Names; null = all. */
    tools: string[] | null;
    /** Sub-agents that come with it, beside the built-in ones and the project's. */
    subagents?: readonly LibrarySubagent[];
    /** How the agent's type wants its model spoken to (4.2). Default: as the model wants it. */
    protocol?: AgentProtocol;
  };
  model: {
    client: ModelClient;
    /** How it is spoken to where the agent does not say. Default `native`. */
    protocol?: AgentProtocol;
    /** Tokens; `contextWindowOf(model_id)` knows the common ones. Default 128 000. */
    context_window?: number;
    max_output_tokens?: number;
  };
  /** Names the conversation to prompt caches; the chat's id. */
  cacheKey?: string;
  /** The user's text of this turn; may be empty when something is attached. */
  message: string;
  /** Pictures that the model is shown with it; only for models that can see. */
  images?: ImagePart[];
  /** What is attached to it, pictures included: named, and texts quoted within bounds. */
  attached?: readonly Attached[];
  /** Files and folders that the message points at, from the project's root; quoted within bounds, missing ones named. */
  mentions?: readonly string[];
  /** Earlier turns of the chat without this message and its answer, oldest first; the loop takes the last 20 (4.4). */
  history: HistoryMessage[];
  /** Continuing an interrupted run: the steps it committed, in order (`[]` when it had none). Their iterations count. */
  steps?: AgentStep[];
  /** The run was not interrupted, but paused at a limit, and a person lets it go on. */
  isAfterPause?: boolean;
  /** Continuing an interrupted run: what `takeSteering` gave it. */
  steered?: SteeredText[];
  /** Continuing a run that waited for an approval: its batch, as given with `approval_required`. No model call is made for it again. */
  pending?: PendingBatch | null;
  editMode: EditMode;
  /** Tools of this chat that were answered with allow_all. */
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
  /** Stands around each call that really runs, to watch or to answer it: cassettes. Must not reject. */
  aroundTool?: AroundTool;
  /** False: the text of a turn is told in one piece, when the turn is complete. Default true. */
  isStreamed?: boolean;
  /** Names that the model may know and this run does not have, with what to do instead. */
  replacedTools?: Readonly<Record<string, string>>;
  /** What earlier runs of the same chat saw; changed as this one goes on. Default: nothing. */
  seen?: SeenFiles;
}

export type AroundTool = (
  call: { tool: Tool; parameters: ToolParameters },
  context: ToolContext,
  run: (context: ToolContext) => Promise<ToolResult>,
) => Promise<ToolResult>;

export interface HistoryMessage {
  role: "user" | "assistant";
  content: string;
  images?: ImagePart[];
  attached?: readonly Attached[];
  /** `step_data` rows of an assistant message, or the steps as emitted. */
  steps?: HistoryStep[];
  /** What the person said while this answer was made. */
  steered?: SteeredText[];
}
export interface HistoryStep {
  iteration?: number;
  thought?: string | null;
  response_text?: string;
  tool_calls: { name: string; parameters: ToolParameters; result?: ToolResult }[];
  tool_results?: ToolResult[];
}

/** A batch that waits in the middle: JSON, meant to be stored and given back. */
export interface PendingBatch {
  /** What it waits for; absent: an approval. `subagent`: one that a sub-agent asks for, whose conversation is in `nested`. */
  kind?: "question" | "subagent";
  iteration: number;
  /** Of the approval or the question. */
  approval_id: string;
  message: AssistantMessage;
  /** Of the calls before the waiting one, in order. */
  results: ToolResult[];
  nested?: PendingSubagent;
}

/** A sub-agent that waits in the middle of a batch of its own. JSON. */
export interface PendingSubagent {
  /** The place of its call in the run's batch. */
  index: number;
  agent_id: string;
  name: string;
  task: string;
  /** Its conversation before its waiting batch, without pictures. */
  messages: Message[];
  steps: SubagentStep[];
  pending: PendingBatch;
}

/** Abort reason for `RunOptions.signal`: the run ends as `error`/`interrupted` (resumable) instead of `cancelled`. */
export class RunInterrupted extends Error {
  override readonly name = "RunInterrupted";
}
