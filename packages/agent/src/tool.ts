import type { TObject, Static } from "typebox";
import type { FileChange, RunNotice } from "./events.ts";
import type { ImagePart, StoredImage, ToolImage } from "./images.ts";
import type { Outputs } from "./outputs.ts";
import type { PendingBatch, PendingSubagent } from "./pending-batch.ts";
import type { PreviewState, ProjectInfo } from "./project-info.ts";
import type { RunCommands } from "./run-commands.ts";
import type { TodoStore } from "./todos.ts";
import type { CallPosition, ToolOutput, ToolParameters, ToolResult } from "./tool-call.ts";
import type { TextLimits } from "./truncate.ts";
import type { UserAnswer, UserQuestion } from "./user-questions.ts";
import type { Workspace } from "./workspace.ts";

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
  call: CallPosition;
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

/** Checks a tool against its parameter type, and erases that type for lists of tools. */
export function defineTool<P extends TObject>(tool: Tool<P>): Tool {
  return tool as unknown as Tool;
}

/** Thrown by a tool for an expected failure: becomes a failed result, not a failed run. */
export class ToolFailure extends Error {
  override readonly name = "ToolFailure";
  readonly fields: Record<string, unknown>;
  constructor(message: string, fields: { suggestion?: string; [field: string]: unknown } = {}) {
    super(message);
    this.fields = fields;
  }
}

export function done(message: string, fields: Record<string, unknown> = {}): ToolOutput {
  return { ...fields, success: true, message };
}

export function failed(message: string, fields: Record<string, unknown> = {}): ToolOutput {
  return { ...fields, success: false, message };
}

/** Codes of the workspace whose messages may be shown to the project's owner. */
const workspaceCodes = new Set([
  "not_found",
  "exists",
  "is_directory",
  "not_directory",
  "too_large",
  "etag_mismatch",
  "outside_tree",
  "storage_full",
  "not_supported",
  "not_running",
  "unavailable",
  "aborted",
]);

/** The code of a workspace error; undefined for other errors. */
export function workspaceCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && workspaceCodes.has(code) ? code : undefined;
}

/** A message for the model and the person. Unknown errors are not quoted. */
export function failureMessage(error: unknown): string {
  if (error instanceof ToolFailure) return error.message;
  const code = workspaceCode(error);
  if (code === "etag_mismatch") return "The file was changed by someone else. Read it again.";
  if (code !== undefined && error instanceof Error) return error.message;
  return "The tool broke unexpectedly.";
}
