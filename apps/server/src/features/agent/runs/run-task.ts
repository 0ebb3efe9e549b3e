import { abortable, type Todo } from "@tesslate/agent";
import { setTimeout as sleep } from "node:timers/promises";
import type { EditMode, ErrorCode } from "@tesslate/contract";
import type { Sandbox } from "@tesslate/runtime";
import type { Queries } from "../../../platform/database.ts";
import { AppError, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Traces } from "../../../platform/traces.ts";
import type { Agents } from "../agents/index.ts";
import type { Cassettes } from "../cassettes/index.ts";
import type { Credits } from "../../billing/credits/index.ts";
import { wishesOf, type Models } from "../models/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { LiveRedactor } from "../../projects/secrets/index.ts";
import type { TaskContext, TaskDefinition, TaskRow } from "../../core/tasks/index.ts";
import type { Approvals } from "./approvals.ts";
import { type ChatStore, extrasOf, wordsOf } from "../chats/index.ts";
import { createRunEndings, errorOf, startedOf, tellable, type AfterTurn, type RunEnd, type TellingRun } from "./ending.ts";
import { createRunVoice, type RunVoice, type Utterance } from "./events.ts";
import { createPlay } from "./execute.ts";
import type { Questions } from "./questions.ts";
import type { RunToolSource } from "./tool-sources.ts";
import type { RunsStore } from "./runs.store.ts";

/** A run as its task keeps it: ids and choices, nothing that could be out of date when another process picks it up. */
export interface RunInput {
  project_id: string;
  chat_id: string;
  user_message_id: string;
  /** The assistant's message, filled when the run ends. */
  message_id: string;
  agent_id: string;
  model_id: string;
  edit_mode: EditMode;
  container_id: string | null;
  view_context: string | null;
  max_iterations: number | null;
  /** Absent in runs older than the cap. */
  max_cost_cents?: number | null;
  user_name: string;
  /** The interrupted or paused run that this one goes on with. */
  resumes: string | null;
  /** What was done of the same message before; absent in a first run. */
  earlier?: EarlierTasks;
  /** The to-do list it begins with, in place of the chat's. */
  todos?: Todo[];
}

/** The tasks that worked on a message before the one that goes on with it: to people they are one piece of work. */
export interface EarlierTasks {
  tasks: string[];
  /** Of these, the ones whose cost counts for the cap: since somebody let it go on after a pause, a cap is due anew. */
  counted: string[];
  /** Likewise for the limit of steps: so many were made before it. */
  free_iterations: number;
  /** The last turn that they committed. */
  after_iteration: number;
  duration_ms: number;
  /** It was a limit that stopped the last of them, not the server's end. */
  is_paused: boolean;
}

/** What a run needs of the features around it. */
export interface RunSurroundings {
  projects: {
    find(id: string): Promise<ProjectRow | undefined>;
    sandboxOf(project: ProjectRow): Promise<Sandbox>;
    touch(projectId: string): Promise<void>;
  };
  /** Keeps the project's processes awake until the returned function is called. */
  keepAwake(projectId: string): Promise<() => void>;
  /** A change that the run tells itself; the watcher keeps quiet about it. */
  expectChange(projectId: string, path: string, etag: string | undefined): void;
  /** Hides the values of the project's secrets from the agent. */
  redactor(projectId: string): Promise<LiveRedactor>;
  /** Keeps the files as they are before the agent touches them; answers whether that was possible. Never throws. */
  beforeTurn(
    project: ProjectRow,
    turn: { user_id: string; chat_id: string; message_id: string; task_id: string; message: string },
  ): Promise<boolean>;
  /** Keeps them as the run leaves them, once, and says what it changed. Never throws. */
  afterTurn: AfterTurn;
  /** What a person wants the run to hear before its next model call; each once. */
  takeSteering(run: TellingRun, iteration: number): Promise<string[]>;
  /** The to-do list was written: what else changes with it, in the same transaction. */
  followTodos(tx: Queries, chatId: string, todos: readonly Todo[]): Promise<Utterance[]>;
  /** The chat is free again. Never throws. */
  afterRun(chatId: string): Promise<void>;
  /** Of an attachment that a message names; undefined once it has gone. */
  attachmentBytes(id: string): Promise<Buffer | undefined>;
  /** Plays the run, on tape where that is wanted. */
  record: Cassettes["around"];
  /** Features that lend tools to runs. */
  toolSources: readonly RunToolSource[];
  /** Public address of a container. */
  previewUrl(hostLabel: string): string;
}
export interface RunOptions {
  store: RunsStore;
  chats: ChatStore;
  approvals: Approvals;
  questions: Questions;
  agents: Agents;
  models: Models;
  credits: Credits;
  events: EventLog;
  around: RunSurroundings;
  /** Goes on with an interrupted run. */
  resume(sender: { id: string; name: string }, taskId: string): Promise<unknown>;
  /** `maxIterations` 0: unlimited. */
  limits: { maxIterations: number; maxRunMs: number; maxCostPerRunCents: number; maxCostPerDayCents: number };
  /** Undefined: nobody wants them. */
  traces: Traces | undefined;
  log: Logger;
}

/** Waiting for people is not work, so the task itself may take long; the work is limited by the agent. */
const taskTimeoutMs = 24 * 3_600_000;
const setUpMs = 180_000;
const notKept = "The files could not be kept before this turn, so it cannot be undone.";
const afterInterruption = "What was done so far is kept; the run can be resumed.";

/**
 * The task `agent_execution`: plays the agent over the project and tells everything in the order of agent-git-deploy 3.7.
 * The message's end is stored once, before `complete` is said; `done` is said when the task itself has ended.
 */
export function createRunTask({
  store,
  chats,
  approvals,
  questions,
  agents,
  models,
  credits,
  events,
  around,
  resume,
  limits,
  traces,
  log,
}: RunOptions): TaskDefinition<RunInput> {
  const endings = createRunEndings({ store, chats, afterTurn: around.afterTurn });
  const play = createPlay({ store, chats, approvals, questions, models, credits, around, limits, traces, endings });
  const voiceOf = (task: TaskRow) =>
    createRunVoice({
      events,
      projectId: task.project_id ?? "",
      taskId: task.id,
      keepNotice: (tx, notice) => store.keepNotice(tx, (task.input as RunInput).message_id, { ...notice, at: new Date().toISOString() }),
    });

  const run = async ({ task, input, signal, log: taskLog, progress }: TaskContext<RunInput>): Promise<unknown> => {
    const voice = voiceOf(task);
    const told: TellingRun = { task, input, voice };
    let end: RunEnd | undefined;
    let code: ErrorCode = "internal_error";
    let release: (() => void) | undefined;
    try {
      await voice.say("task_started", startedOf(input));
      if (input.todos && input.resumes === null) await begin(voice, input.chat_id, input.todos);
      await progress(0, "The agent works");
      const project = await around.projects.find(input.project_id);
      const [chat, question] = await Promise.all([chats.findChat(input.chat_id), chats.findMessage(input.user_message_id)]);
      if (!project || !chat || !question) throw notFound("Project");
      const agent = await agents.resolve(task.user_id, input.agent_id);
      const chain = await models.chain(task.user_id, { model: input.model_id, agent, fallbacks: wishesOf(project).fallback_models });
      const sandbox = await openSandbox(project, signal);
      release = await around.keepAwake(project.id);
      await around.projects.touch(project.id);
      if (input.resumes === null) {
        const keeping = around.beforeTurn(project, {
          user_id: task.user_id,
          chat_id: input.chat_id,
          message_id: input.user_message_id,
          task_id: task.id,
          message: wordsOf(question.content, extrasOf(question).attachments ?? []),
        });
        // A stop waits for no files to be kept. Those that are kept after it are the run's end too: it touched nothing.
        const isKept = await abortable(keeping, signal).catch((error: unknown) => {
          const { chat_id, user_message_id: message_id } = input;
          const nothing = { task_id: task.id, project_id: project.id, chat_id, message_id, isResumed: false, toolCalls: 0 };
          void keeping.then(() => around.afterTurn(nothing));
          throw error;
        });
        if (!isKept) await voice.say("notice", { level: "warning", message: notKept });
      }

      const played = await play({ ...told, project, chat, question, agent, model: chain[0], chain, sandbox, signal, log: taskLog });
      end = played.end;
      code = played.result.error_code ?? code;
      if (!played.isTold) await endings.tell(told, end, end.success ? undefined : errorOf(code, end.error));
    } catch (error) {
      if (end) throw error;
      if (signal.aborted && signal.reason === "cancelled") {
        end = await endings.lostEnd(input.message_id, "cancelled", "Cancelled.");
        await endings.tell(told, end);
      } else if (!signal.aborted) {
        const sentence = tellable(error);
        if (!sentence) taskLog.error({ err: error }, "run failed");
        if (error instanceof AppError) code = error.code;
        end = await endings.lostEnd(
          input.message_id,
          "error",
          sentence ?? "Something went wrong on the server. What was done so far is kept.",
        );
        await endings.tell(told, end, errorOf(code, end.error));
      }
    } finally {
      release?.();
    }
    if (end)
      taskLog.info(
        {
          chat_id: input.chat_id,
          agent_id: input.agent_id,
          model: input.model_id,
          reason: end.completion_reason,
          iterations: end.iterations,
          tool_calls: end.tool_calls_made,
          tokens_in: end.resource_stats?.tokens_in,
          tokens_out: end.resource_stats?.tokens_out,
        },
        "run",
      );
    // How the task ends follows how the run ended.
    if (!end || end.completion_reason === "cancelled" || end.completion_reason === "interrupted") throw new Error("the run was stopped");
    if (end.completion_reason === "error") throw new AppError(code, end.error ?? "The run failed.");
    return {
      chat_id: input.chat_id,
      message_id: input.message_id,
      completion_reason: end.completion_reason,
      iterations: end.iterations,
      tool_calls_made: end.tool_calls_made,
    };
  };

  const begin = (voice: RunVoice, chatId: string, todos: Todo[]): Promise<void> =>
    voice.sayWith(async (tx) => {
      await chats.updateChat(tx, chatId, { todos });
      return [{ type: "todo_updated", data: { todos } }];
    });

  /** A project that was created this moment is still being set up: the first message waits for it. */
  const openSandbox = async (project: ProjectRow, signal: AbortSignal): Promise<Sandbox> => {
    const deadline = Date.now() + setUpMs;
    for (let row = project; ;) {
      if (row.environment_status !== "provisioning" || Date.now() > deadline) return around.projects.sandboxOf(row);
      await sleep(150, undefined, { signal });
      const next = await around.projects.find(project.id);
      if (!next) throw notFound("Project");
      row = next;
    }
  };

  return {
    timeoutMs: taskTimeoutMs,
    run,
    ended: async (task) => {
      const told: TellingRun = { task, input: task.input as RunInput, voice: voiceOf(task) };
      await endings.dropApprovals(told);
      const message = task.error ?? "The run ended without saying why.";
      await endings.close(told, async () =>
        task.status === "cancelled"
          ? { end: await endings.lostEnd(told.input.message_id, "cancelled", message) }
          : { end: await endings.lostEnd(told.input.message_id, "error", message), error: errorOf("internal_error", message) },
      );
      await around.afterRun(told.input.chat_id);
    },
    unfinishedEnds: async (tasks) => {
      const done = await store.listDone(tasks.map(({ id }) => id));
      return tasks.filter(({ id, project_id }) => project_id !== null && !done.has(id));
    },
    interrupted: async (task) => {
      const told: TellingRun = { task, input: task.input as RunInput, voice: voiceOf(task) };
      // Asked to stop, it does not go on because the process that was to hear it died.
      const isCancelled = task.cancel_requested_at !== null;
      const isWaiting = !isCancelled && (await store.findWaiting(task.id, told.input.resumes)) !== undefined;
      if (!isWaiting) await endings.dropApprovals(told, isCancelled ? "cancelled" : "expired");
      const message = `${task.error ?? "The run was interrupted."} ${afterInterruption}`;
      await endings.close(told, async () =>
        isCancelled
          ? { end: await endings.lostEnd(told.input.message_id, "cancelled", "Cancelled.") }
          : {
              end: await endings.lostEnd(told.input.message_id, "interrupted", message),
              error: errorOf("interrupted", message),
            },
      );
      log.info({ task_id: task.id, chat_id: task.chat_id, is_waiting: isWaiting }, "run interrupted");
      if (!isWaiting) return around.afterRun(told.input.chat_id);
      // It only waited for a person: it goes on waiting, and what they answer meanwhile counts (4.11).
      try {
        await resume({ id: task.user_id, name: told.input.user_name }, task.id);
      } catch (err) {
        log.warn({ err, task_id: task.id }, "waiting run not resumed");
        await endings.dropApprovals(told, "expired");
      }
    },
  };
}
