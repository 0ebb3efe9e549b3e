import type {
  ApprovalResponse,
  CompletionReason,
  EditMode,
  Evidence,
  MessageAttachment,
  ModelErrorKind,
  QuestionAsked,
  QuestionResolved,
  Reasoning,
  RunEventData,
  ToolResult,
  Workspace,
} from "@tesslate/contract";

/** `limited` covers iterations, credits and other ceilings; `interrupted` can be resumed. */
export type RunStatus = "running" | "waiting" | "done" | "failed" | "cancelled" | "limited" | "interrupted";
/**
 * `ended` and `queued`: before and after the call of the same batch that waits for an approval. The result comes with the step. `stopped`: the run
 * ended while it was running.
 */
export type ToolStatus = "queued" | "running" | "waiting" | "ended" | "ok" | "failed" | "refused" | "stopped";
/** What a person may answer. */
export type Answer = ApprovalResponse;
/** How an approval was closed: by an answer, or without one. */
export type ApprovalOutcome = Answer | "timeout" | "cancelled" | "expired";

export interface FileEdit {
  path: string;
  op: "add" | "update" | "delete" | "move";
  new_path?: string;
  diff?: string;
}

/** A command that a run executes, with what it has printed so far. */
export interface CommandView {
  id: string;
  /** The run, to stop the command. */
  taskId: string;
  command: string;
  isBackground: boolean;
  startedAt: string | undefined;
  /** Output as printed, with the terminal's colors; without what is older than the newest `maxOutputChars`. */
  output: string;
  /** The start of the output is missing. */
  isStartCut: boolean;
  /** Absent while it runs. */
  ending?: CommandEnding;
}
export interface CommandEnding {
  exitCode: number | null;
  reason: RunEventData<"command_ended">["reason"];
  /** Milliseconds; undefined if its end was not reported, because the server stopped. */
  durationMs: number | undefined;
  /** It printed more than the events have. */
  isEndCut: boolean;
}

interface PartBase {
  /** Stable within its run. */
  key: string;
}
export interface TextPart extends PartBase {
  kind: "text";
  iteration: number;
  text: string;
}
export interface ThoughtPart extends PartBase {
  kind: "thought";
  iteration: number;
  text: string;
  startedAt?: string | undefined;
  /** Milliseconds, if known. */
  durationMs?: number;
}
export interface ToolPart extends PartBase {
  kind: "tool";
  iteration: number;
  name: string;
  parameters: Record<string, unknown>;
  status: ToolStatus;
  result?: ToolResult;
  startedAt?: string;
  /** Milliseconds, if known for this call. */
  durationMs?: number;
  edits: FileEdit[];
  /** Activity of the sub-agent that it started, from its events. */
  subagent?: SubagentView;
  /** The command that it runs in the foreground, if that takes longer than a second. */
  command?: CommandView;
}
/** What the model has written of the arguments of a call that has not started. */
export interface CallDraft {
  index: number;
  name: string;
  path?: string;
  lines: number;
  chars: number;
  /** The end of the text. */
  tail: string;
}
export interface DraftPart extends PartBase {
  kind: "draft";
  iteration: number;
  draft: CallDraft;
}
/** A command in the background. */
export interface CommandPart extends PartBase {
  kind: "command";
  iteration: number;
  command: CommandView;
}
export interface ApprovalPart extends PartBase {
  kind: "approval";
  approvalId: string;
  toolName: string;
  parameters: Record<string, unknown>;
  description: string;
  /** Key of the tool part that waits for it. */
  toolKey?: string;
  answer?: { response: ApprovalOutcome; note: string | null; by: string | null; at: string };
}
/** A question or a secret request of the agent. */
export interface QuestionPart extends PartBase {
  kind: "question";
  questionId: string;
  asked: QuestionAsked;
  /** Key of the tool part that waits for it. */
  toolKey?: string;
  answer?: QuestionResolved;
}
export interface ErrorPart extends PartBase {
  kind: "error";
  message: string;
  code: string;
  /** Set if the model's provider failed. */
  errorKind?: ModelErrorKind;
}
/** A call to the model that failed before it answered, and is repeated. */
export interface RetryPart extends PartBase {
  kind: "retry";
  retryId: string;
  status: "waiting" | "retrying";
  attempt: number;
  of: number;
  until: string;
  model: string;
  message: string;
  reason?: string;
  /** Name of the sub-agent that made the call. */
  subagent?: string;
}
/** A message that was sent during the run. */
export interface SteeredPart extends PartBase {
  kind: "steered";
  id: string;
  iteration: number;
  text: string;
  at: string;
}
/** A notice of the run. */
export interface NoticePart extends PartBase {
  kind: "notice";
  level: "info" | "warning";
  message: string;
}
/** Older messages were replaced by a summary, for the model. */
export interface CompactionPart extends PartBase {
  kind: "compaction";
  replaced: number;
  kept: number;
  tokensBefore: number;
  tokensAfter: number;
  summary: string;
}
/** An event that this version of the UI does not know. */
export interface PlainPart extends PartBase {
  kind: "plain";
  type: string;
  data: unknown;
}
export type Part =
  | TextPart
  | ThoughtPart
  | ToolPart
  | DraftPart
  | CommandPart
  | ApprovalPart
  | QuestionPart
  | ErrorPart
  | RetryPart
  | NoticePart
  | CompactionPart
  | SteeredPart
  | PlainPart;

export interface RunUsage {
  tokensIn: number;
  tokensOut: number;
  costCents: number;
  credits: number;
  /** Cost of calls with the person's own key, at list prices. */
  ownKeyCents?: number;
  /** Tokens of the chat in the model's context window, as of the last call. */
  contextUsed?: number;
  contextWindow?: number;
}

/** Of the run's change set. */
export interface RunChanges {
  files: number;
  additions: number;
  deletions: number;
}

export interface Run {
  taskId: string;
  chatId: string;
  /** The assistant's message, once known. */
  messageId: string | undefined;
  model: string | undefined;
  editMode: EditMode | undefined;
  /** Undefined: the model's default. */
  reasoning: Reasoning | undefined;
  status: RunStatus;
  reason: CompletionReason | undefined;
  /** Parts and usage of interrupted or paused tasks whose answer this run continues. */
  earlier?: { parts: Part[]; usage: RunUsage };
  parts: Part[];
  /** Highest `seq` of the run's stream so far; events up to it are ignored. */
  lastSeq: number;
  startedAt: string | undefined;
  endedAt: string | undefined;
  /** How long the agent worked, without waiting for a person; measured by the server. */
  durationMs: number | undefined;
  iterations: number;
  usage: RunUsage;
  /** The last sentence of the answer if a limit stopped the run. */
  ending?: string | undefined;
  /** Undefined during the run, and if no checkpoint was saved before it. */
  changes: RunChanges | undefined;
  /** Evidence, oldest first. */
  evidence: Evidence[];
}

export interface UserTurn {
  kind: "user";
  id: string;
  text: string;
  attachments?: readonly MessageAttachment[];
  /** Mentioned paths. */
  mentions?: readonly string[];
  /** Material for the agent, shown on request. */
  details?: string;
  at: string;
  delivery: "sending" | "sent" | "failed";
  /** The server has it and sends it later. */
  isQueued?: true;
  /** Number of the auto-fix attempt. */
  autoFix?: number;
  failure?: { code: string; message: string };
}
export interface RunTurn {
  kind: "run";
  taskId: string;
}
export type Turn = UserTurn | RunTurn;

export interface Todo {
  id: string;
  content: string;
  status: "pending" | "in_progress" | "completed";
}

export interface RewoundMessage {
  id: string;
  role: "user" | "assistant";
  text: string;
  at: string;
}

export interface ChatState {
  /** Undefined until a chat is opened or the first run creates it. */
  chatId: string | undefined;
  isLoaded: boolean;
  turns: Turn[];
  /** All known runs of the project by task id, including those of other chats. */
  runs: Record<string, Run>;
  todos: Todo[];
  /** Messages that a restore has hidden, as long as it can be redone. */
  rewound: RewoundMessage[];
  /** Cursor of the entries before the first turn; undefined: there are none. */
  before: number | undefined;
  /** Events since the newest page was requested, until it arrives. */
  sinceRequest: readonly IncomingRunEvent[] | undefined;
}

/** A call of a sub-agent; without `success` it is running. */
export interface SubagentCall {
  name: string;
  parameters: Record<string, unknown>;
  success?: boolean;
  message?: string;
  /** The command that it runs, in the foreground or in the background. */
  command?: CommandView;
}
export type SubagentActivity = { key: string } & ({ kind: "text"; text: string } | { kind: "call"; call: SubagentCall });
/** Activity of a sub-agent so far. */
export interface SubagentView {
  agentId: string;
  name: string;
  rows: SubagentActivity[];
  /** Calls that it is writing. */
  drafts: readonly CallDraft[];
  isOver: boolean;
}

/** An event of a run, from the project's stream or from a replay. */
export interface IncomingRunEvent {
  taskId: string;
  /** Position in the run's stream. */
  seq: number;
  /** When the server stored it, if known. */
  at: string | undefined;
  type: string;
  data: unknown;
}

/** What is sent with the text of a message. */
export interface MessageExtras {
  attachments?: readonly MessageAttachment[];
  mentions?: readonly string[];
  details?: string;
  /** Where the run works, once the person has chosen. */
  workspace?: Workspace;
}

export interface SendOptions extends MessageExtras {
  editMode: EditMode;
  model: string | undefined;
  /** Null: the model's default. Undefined: as in the last run of the chat. */
  reasoning?: Reasoning | null | undefined;
  /** Undefined: the server's default agent. */
  agentId?: string | undefined;
}
/** Why a message did not start a run. */
export interface SendFailure {
  code: string;
  message: string;
  details?: Record<string, unknown> | undefined;
  /** Set if the person has to choose where the run works (`workspace_required`). */
  choice?: WorkspaceChoice;
}
/** The runs that change the project's files now, and what fits. */
export interface WorkspaceChoice {
  runs: readonly { task_id: string; chat_id: string; message: string }[];
  suggested: "branch" | "wait";
}
