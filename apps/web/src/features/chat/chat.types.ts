import type {
  ApprovalResponse,
  CompletionReason,
  EditMode,
  Evidence,
  MessageAttachment,
  QuestionAsked,
  QuestionResolved,
  ToolResult,
} from "@tesslate/contract";

/** `limited` covers iterations, credits and other ceilings; `interrupted` can be resumed. */
export type RunStatus = "running" | "waiting" | "done" | "failed" | "cancelled" | "limited" | "interrupted";
/** `queued` and `ended`: before and behind the call of their batch that waits for an approval; how it ended is told with the step. */
export type ToolStatus = "queued" | "running" | "waiting" | "ended" | "ok" | "failed" | "refused";
/** What a person may answer. */
export type Answer = ApprovalResponse;

export interface FileEdit {
  path: string;
  op: "add" | "update" | "delete" | "move";
  new_path?: string;
  diff?: string;
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
}
export interface ToolPart extends PartBase {
  kind: "tool";
  iteration: number;
  name: string;
  parameters: Record<string, unknown>;
  status: ToolStatus;
  result?: ToolResult;
  startedAt?: string;
  /** Milliseconds, where it is known for this call alone. */
  durationMs?: number;
  edits: FileEdit[];
  /** What the sub-agent that it started did, as told live. */
  subagent?: SubagentView;
}
export interface ApprovalPart extends PartBase {
  kind: "approval";
  approvalId: string;
  toolName: string;
  parameters: Record<string, unknown>;
  description: string;
  /** Of the tool part it holds up. */
  toolKey?: string;
  answer?: { response: Answer; note: string | null; by: string | null; at: string };
}
/** A question of the agent's, or a secret it asks for. */
export interface QuestionPart extends PartBase {
  kind: "question";
  questionId: string;
  asked: QuestionAsked;
  /** Of the tool part that waits for it. */
  toolKey?: string;
  answer?: QuestionResolved;
}
export interface ErrorPart extends PartBase {
  kind: "error";
  message: string;
  code: string;
}
/** Said by the person while the run went on. */
export interface SteeredPart extends PartBase {
  kind: "steered";
  id: string;
  iteration: number;
  text: string;
  at: string;
}
/** Something to know that is no failure. */
export interface NoticePart extends PartBase {
  kind: "notice";
  level: "info" | "warning";
  message: string;
}
/** As the message keeps it: before what the turn `iteration` said and did. */
export interface StoredNotice {
  level: "info" | "warning";
  message: string;
  iteration: number;
  at: string;
}
/** An event this version of the page does not know. */
export interface PlainPart extends PartBase {
  kind: "plain";
  type: string;
  data: unknown;
}
export type Part = TextPart | ThoughtPart | ToolPart | ApprovalPart | QuestionPart | ErrorPart | NoticePart | SteeredPart | PlainPart;

export interface RunUsage {
  tokensIn: number;
  tokensOut: number;
  costCents: number;
  credits: number;
  /** Of calls with one's own key, at list prices. */
  ownKeyCents?: number;
  /** Tokens that the conversation takes of the model's window, as of the last call. */
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
  status: RunStatus;
  reason: CompletionReason | undefined;
  /** Of the tasks that worked on the same answer before this one, which goes on where they were interrupted or paused. */
  earlier?: { parts: Part[]; usage: RunUsage };
  parts: Part[];
  /** Highest `seq` of the run's own stream seen so far; lower ones are old news. */
  lastSeq: number;
  startedAt: string | undefined;
  endedAt: string | undefined;
  /** As the server measured it. */
  durationMs: number | undefined;
  iterations: number;
  usage: RunUsage;
  /** The sentence it ended with when a limit stopped it. */
  ending?: string | undefined;
  /** Undefined while it goes on, and where no files were kept before it. */
  changes: RunChanges | undefined;
  /** What it proved, in the order of time. */
  evidence: Evidence[];
}

export interface UserTurn {
  kind: "user";
  id: string;
  text: string;
  attachments?: readonly MessageAttachment[];
  /** Paths the message points at. */
  mentions?: readonly string[];
  at: string;
  delivery: "sending" | "sent" | "failed";
  /** Sent by auto-fix: which attempt. */
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
  /** undefined until a session is opened or the first run names it. */
  chatId: string | undefined;
  isLoaded: boolean;
  turns: Turn[];
  /** Every run heard of in this project, by task id; the ones of other sessions keep their state too. */
  runs: Record<string, Run>;
  todos: Todo[];
  /** What going back took out of the session on screen, as long as it can be redone. */
  rewound: RewoundMessage[];
  /** Runs whose beginning was missed: somebody should replay them. */
  missedTaskIds: string[];
}

/** One call of a sub-agent; without `success` it is going on. */
export interface SubagentCall {
  name: string;
  parameters: Record<string, unknown>;
  success?: boolean;
  message?: string;
}
export type SubagentRow = { key: string } & ({ kind: "text"; text: string } | { kind: "call"; call: SubagentCall });
/** What a sub-agent did so far, under the call that started it. */
export interface SubagentView {
  agentId: string;
  name: string;
  rows: SubagentRow[];
  isOver: boolean;
}

/** One event of a run, from the project's stream or from a replay of the run itself. */
export interface IncomingRunEvent {
  taskId: string;
  /** Position in the run's own stream. */
  seq: number;
  /** When the server wrote it, where known. */
  at: string | undefined;
  type: string;
  data: unknown;
}

/** What a message carries beside its words. */
export interface MessageExtras {
  attachments?: readonly MessageAttachment[];
  mentions?: readonly string[];
}

export interface SendOptions extends MessageExtras {
  editMode: EditMode;
  model: string | undefined;
  /** Undefined: the server's own agent. */
  agentId?: string | undefined;
}
/** Why a message did not become a run. */
export interface SendFailure {
  code: string;
  message: string;
}
