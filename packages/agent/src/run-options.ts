import type { AgentDeps } from "./agent-deps.ts";
import type { AttachedFile } from "./attached-file.ts";
import type { Message } from "./conversation.ts";
import type { Hooks } from "./hooks.ts";
import type { ImagePart } from "./images.ts";
import type { RunModel } from "./model-client.ts";
import type { PendingBatch } from "./pending-batch.ts";
import type { LibrarySubagent } from "./subagents/definitions.ts";
import type { ToolParameters, ToolResult } from "./tool-call.ts";
import type { EditMode, SeenFiles, Tool, ToolContext } from "./tool.ts";
import type { Workspace } from "./workspace.ts";

/**
 * What the agent needs for a run. The package knows no HTTP, no SQL and no container engine: the caller passes a {@link Workspace} (files and processes of
 * the project), a {@link RunModel} and {@link AgentDeps} (hooks), and calls `runAgent`. `events.ts` has the events of a run and their order.
 */
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
  model: RunModel;
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

/** `text`, `react`: calls are JSON in the reply (Iterative, ReAct). `files`: one reply whose marked code blocks are saved (StreamAgent). */
export type AgentProtocol = "text" | "react" | "files";

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

export const defaultRunLimits: RunLimits = {
  max_iterations: 200,
  max_run_ms: 600_000,
  max_tokens: null,
  tool_timeout_ms: 120_000,
  model_idle_ms: 120_000,
};

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

/** Abort reason for `RunOptions.signal`: the run ends as `error`/`interrupted` (resumable) instead of `cancelled`. */
export class RunInterrupted extends Error {
  override readonly name = "RunInterrupted";
}
