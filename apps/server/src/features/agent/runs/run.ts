import type { Todo } from "@tesslate/agent";
import type { EditMode, Reasoning } from "@tesslate/contract";
import type { Sandbox } from "@tesslate/runtime";
import type { ChatRow, MessageRow } from "../../../db/schema/agent/chats.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Queries } from "../../../platform/database.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { TaskRow } from "../../core/tasks/index.ts";
import type { LiveRedactor } from "../../projects/secrets/index.ts";
import type { RunnableAgent } from "../agents/index.ts";
import type { ResolvedModel } from "../models/index.ts";
import type { RunEmitter } from "./events.ts";

/** The type of the task that a run is. */
export const runType = "agent_execution";

/** The input of a run's task: ids and options only, because another process may execute it later. */
export interface RunInput {
  project_id: string;
  chat_id: string;
  user_message_id: string;
  /** The assistant's message, filled when the run ends. */
  message_id: string;
  agent_id: string;
  model_id: string;
  edit_mode: EditMode;
  /** Absent: the model's default. */
  reasoning?: Reasoning;
  container_id: string | null;
  view_context: string | null;
  max_iterations: number | null;
  /** Absent in runs that were created before there was a cost limit. */
  max_cost_cents?: number | null;
  user_name: string;
  /** The branch in which the run works; absent: in the project's files. */
  branch_id?: string;
  /** The queued message that started the run. */
  queued_id?: string;
  /** The interrupted, paused or failed run that this one continues. */
  resumes: string | null;
  /** Earlier runs that filled the same message; absent in a first run. */
  earlier?: EarlierRuns;
  /** Replaces the chat's to-do list when the run starts. */
  todos?: Todo[];
}

/** The runs that filled a message before the one that resumes it. The UI shows all of them as one run. */
export interface EarlierRuns {
  tasks: string[];
  /** Those of `tasks` whose cost counts towards the run's cost limit. A pause at a limit resets it, an interruption does not. */
  counted: string[];
  /** Steps that do not count towards the step limit, for the same reason. */
  free_iterations: number;
  /** The last committed step. */
  after_iteration: number;
  duration_ms: number;
  /** The last of them was paused at a limit. */
  is_paused: boolean;
  /** The last of them ended with an error. Neither: it was interrupted. */
  is_failed?: boolean;
}

/** A run and where its events go. */
export interface RunHandle {
  task: TaskRow;
  input: RunInput;
  emitter: RunEmitter;
}

/** A run with everything its input refers to. */
export interface PreparedRun extends RunHandle {
  /** That of the chat. */
  project: ProjectRow;
  /** The project whose files and containers the run works with: that of the chat, or its branch. */
  workingProject: ProjectRow;
  chat: ChatRow;
  /** The user's message. */
  question: MessageRow;
  agent: RunnableAgent;
  /** The model, then its fallbacks. */
  chain: readonly [ResolvedModel, ...ResolvedModel[]];
  sandbox: Sandbox;
  limits: { max_iterations: number | null; max_run_ms: number };
  /** A model that a sub-agent names. Throws what `models.resolve` throws. */
  resolveModel(id: string): Promise<ResolvedModel>;
  /** Lets the project sleep again. */
  release(): void;
  signal: AbortSignal;
  /** Aborts when another server takes the run over: see `TaskContext`. */
  handover: AbortSignal;
  log: Logger;
}

/** The project's files and databases around a run. */
export interface RunCheckpoints {
  /** Saves a checkpoint before the agent changes anything; false when that was not possible. Never throws. */
  before(
    project: ProjectRow,
    run: { user_id: string; chat_id: string; message_id: string; task_id: string; message: string },
  ): Promise<boolean>;
  /**
   * Saves the running databases before the first change, where the project's setting says so. Returns why they were not saved, for the person. Safe to
   * repeat. Throws only when the run is stopped.
   */
  saveDatabases(
    project: ProjectRow,
    run: { user_id: string; message_id: string; isResumed: boolean },
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** Saves a checkpoint of the result and counts what changed, if known. Safe to repeat. Never throws. */
  after(run: {
    task_id: string;
    project_id: string;
    chat_id: string;
    /** The user's message. */
    message_id: string;
    isResumed: boolean;
    toolCalls: number;
  }): Promise<{ files: number; additions: number; deletions: number } | undefined>;
}

/** The id of the project in whose files a run works. */
export const workingProjectId = ({ branch_id, project_id }: Pick<RunInput, "branch_id" | "project_id">): string => branch_id ?? project_id;

/** Branches, as runs need them. */
export interface RunBranches {
  /** The branch in which a chat works. In a transaction it stays until that ends. */
  findOfChat(chatId: string, tx?: Queries): Promise<ProjectRow | undefined>;
  /** Throws `branch_limit_reached`, `project_busy`. */
  create(tx: Queries, project: ProjectRow, chatId: string): Promise<ProjectRow>;
  /** To call after the transaction that created it. */
  created(projectId: string, branchId: string, chatId: string): Promise<void>;
  /** What fits when another run changes the project. */
  suggest(project: ProjectRow): Promise<"branch" | "wait">;
}

/** What runs need of their project. */
export interface RunProjects {
  find(id: string): Promise<ProjectRow | undefined>;
  /** The project once its setup has ended; undefined when it was deleted or the signal aborts. */
  whenSetUp(projectId: string, signal: AbortSignal): Promise<ProjectRow | undefined>;
  sandboxOf(project: ProjectRow): Promise<Sandbox>;
  touch(projectId: string): Promise<void>;
  /** Keeps the project awake until the returned function is called. */
  keepAwake(projectId: string): Promise<() => void>;
  /** Announces a file change that the run emits itself, so that the file watcher does not emit it again. */
  expectChange(projectId: string, path: string, etag: string | undefined): void;
  /** Hides the values of the project's secrets. */
  redactor(projectId: string): Promise<LiveRedactor>;
  /** The public URL of a container. */
  previewUrl(hostLabel: string): string;
}
