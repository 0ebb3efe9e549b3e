import { abortable, type Todo } from "@tesslate/agent";
import type { ErrorCode } from "@tesslate/contract";
import type { Sandbox } from "@tesslate/runtime";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { AppError, notFound } from "../../../platform/errors.ts";
import type { TaskContext, TaskDefinition, TaskRow } from "../../core/tasks/index.ts";
import { messageReferences, messageText } from "../chats/index.ts";
import { projectModelSettings } from "../models/index.ts";
import { createRunEndings, errorEvent, publicMessage, startedEvent, type RunEnd } from "./ending.ts";
import { createRunEmitter } from "./events.ts";
import { executeRun } from "./execute.ts";
import type { PreparedRun, RunDependencies, RunHandle, RunInput } from "./run.ts";

/** Long, because waiting for a person counts here; the working time has a limit of its own (`maxRunMs`). */
const taskTimeoutMs = 24 * 3_600_000;
const setupTimeoutMs = 180_000;
const noCheckpointNotice = "No checkpoint could be saved before this run, so it cannot be undone.";
const internalError = "Something went wrong on the server. What was done so far is kept.";
const resumableNotice = "What was done so far is kept; the run can be resumed.";

/** The task `agent_execution`. Events: `task_started`, what the agent emits, `error` if it failed, `complete`, and `done` when the task has ended. */
export function createRunTask(deps: RunDependencies): TaskDefinition<RunInput> {
  const { store, chats, agents, models, events, projects, checkpoints, log } = deps;
  const endings = createRunEndings({ store, chats, checkpoints });
  const handleOf = (task: TaskRow): RunHandle => {
    const input = task.input as RunInput;
    const emitter = createRunEmitter({
      events,
      projectId: task.project_id ?? "",
      taskId: task.id,
      storeNotice: (tx, notice) => store.storeNotice(tx, input.message_id, { ...notice, at: new Date().toISOString() }),
    });
    return { task, input, emitter };
  };

  const prepare = async (handle: RunHandle, { signal, log: taskLog }: TaskContext<RunInput>): Promise<PreparedRun> => {
    const { task, input } = handle;
    const project = await projects.find(input.project_id);
    const [chat, question] = await Promise.all([chats.findChat(input.chat_id), chats.findMessage(input.user_message_id)]);
    if (!project || !chat || !question) throw notFound("Project");
    const agent = await agents.resolve(task.user_id, input.agent_id);
    const { fallback_models: fallbacks } = projectModelSettings(project);
    const chain = await models.chain(task.user_id, { model: input.model_id, agent, fallbacks });
    const sandbox = await openSandbox(project, signal);
    return { ...handle, project, chat, question, agent, chain, sandbox, signal, log: taskLog };
  };

  /** Opens the sandbox once the project is set up. */
  const openSandbox = async (project: ProjectRow, signal: AbortSignal): Promise<Sandbox> => {
    if (project.environment_status !== "provisioning") return projects.sandboxOf(project);
    await projects.whenSetUp(project.id, AbortSignal.any([signal, AbortSignal.timeout(setupTimeoutMs)]));
    signal.throwIfAborted();
    const current = await projects.find(project.id);
    if (!current) throw notFound("Project");
    return projects.sandboxOf(current);
  };

  const saveCheckpoint = async ({ task, input, emitter, project, question, signal }: PreparedRun): Promise<void> => {
    const ids = { task_id: task.id, chat_id: input.chat_id, message_id: input.user_message_id };
    const message = messageText(question.content, messageReferences(question).attachments ?? []);
    const saving = checkpoints.before(project, { ...ids, user_id: task.user_id, message });
    // Cancelling does not wait for the checkpoint. One that is saved later is also the state after the run, which changed nothing.
    const isSaved = await abortable(saving, signal).catch((error: unknown) => {
      void saving.then(() => checkpoints.after({ ...ids, project_id: project.id, isResumed: false, toolCalls: 0 }));
      throw error;
    });
    if (!isSaved) await emitter.emit("notice", { level: "warning", message: noCheckpointNotice });
  };

  const setTodos = (run: RunHandle, todos: Todo[]): Promise<void> =>
    run.emitter.emitWith(async (tx) => {
      await chats.updateChat(tx, run.input.chat_id, { todos });
      return [{ type: "todo_updated", data: { todos } }];
    });

  const run = async (context: TaskContext<RunInput>): Promise<unknown> => {
    const { task, input, signal, log: taskLog, progress } = context;
    const handle = handleOf(task);
    let end: RunEnd | undefined;
    let isStored = false;
    let code: ErrorCode = "internal_error";
    let release: (() => void) | undefined;
    const finish = async (result: RunEnd, error?: Parameters<typeof endings.finish>[2]): Promise<void> => {
      end = result;
      await endings.finish(handle, result, error);
      isStored = true;
    };
    const execute = async (): Promise<RunEnd> => {
      await handle.emitter.emit("task_started", startedEvent(input));
      if (input.todos && input.resumes === null) await setTodos(handle, input.todos);
      await progress(0, "The agent is working");
      const prepared = await prepare(handle, context);
      release = await deps.keepAwake(prepared.project.id);
      await projects.touch(prepared.project.id);
      if (input.resumes === null) await saveCheckpoint(prepared);
      const result = await executeRun(deps, prepared, finish);
      code = result.error_code ?? code;
      if (!end) throw new Error("the agent returned without an end");
      // Once more, if the database was unreachable when the agent ended.
      if (!isStored) await finish(end, end.success ? undefined : errorEvent(code, end.error));
      return end;
    };
    const fail = async (error: unknown): Promise<RunEnd | undefined> => {
      if (end) throw error;
      if (signal.aborted && signal.reason === "cancelled") {
        await finish(await endings.endFromSteps(input.message_id, "cancelled", "Cancelled."));
      } else if (!signal.aborted) {
        const message = publicMessage(error);
        if (!message) taskLog.error({ err: error }, "run failed");
        if (error instanceof AppError) code = error.code;
        const failed = await endings.endFromSteps(input.message_id, "error", message ?? internalError);
        await finish(failed, errorEvent(code, failed.error));
      }
      return end;
    };

    const ended = await execute()
      .catch(fail)
      .finally(() => release?.());
    if (ended)
      taskLog.info(
        {
          chat_id: input.chat_id,
          agent_id: input.agent_id,
          model: input.model_id,
          reason: ended.completion_reason,
          iterations: ended.iterations,
          tool_calls: ended.tool_calls_made,
          tokens_in: ended.resource_stats?.tokens_in,
          tokens_out: ended.resource_stats?.tokens_out,
        },
        "run",
      );
    // The outcome of the task follows that of the run.
    if (!ended || ended.completion_reason === "cancelled" || ended.completion_reason === "interrupted")
      throw new Error("the run was stopped");
    if (ended.completion_reason === "error") throw new AppError(code, ended.error ?? "The run failed.");
    return {
      chat_id: input.chat_id,
      message_id: input.message_id,
      completion_reason: ended.completion_reason,
      iterations: ended.iterations,
      tool_calls_made: ended.tool_calls_made,
    };
  };

  return {
    timeoutMs: taskTimeoutMs,
    run,
    ended: async (task) => {
      const handle = handleOf(task);
      const { message_id, chat_id } = handle.input;
      await endings.cancelRequests(handle);
      const message = task.error ?? "The run ended without an error message.";
      await endings.close(handle, async () =>
        task.status === "cancelled"
          ? { end: await endings.endFromSteps(message_id, "cancelled", message) }
          : { end: await endings.endFromSteps(message_id, "error", message), error: errorEvent("internal_error", message) },
      );
      await deps.onEnded(chat_id);
    },
    unfinishedEnds: async (tasks) => {
      const done = await store.listDone(tasks.map(({ id }) => id));
      return tasks.filter(({ id, project_id }) => project_id !== null && !done.has(id));
    },
    interrupted: async (task) => {
      const handle = handleOf(task);
      const { message_id, chat_id, resumes, user_name } = handle.input;
      // A run that was asked to stop is not resumed because its process died before it could stop.
      const isCancelled = task.cancel_requested_at !== null;
      const isWaiting = !isCancelled && (await store.findWaiting(task.id, resumes)) !== undefined;
      if (!isWaiting) await endings.cancelRequests(handle, isCancelled ? "cancelled" : "expired");
      const message = `${task.error ?? "The run was interrupted."} ${resumableNotice}`;
      await endings.close(handle, async () =>
        isCancelled
          ? { end: await endings.endFromSteps(message_id, "cancelled", "Cancelled.") }
          : { end: await endings.endFromSteps(message_id, "interrupted", message), error: errorEvent("interrupted", message) },
      );
      log.info({ task_id: task.id, chat_id: task.chat_id, is_waiting: isWaiting }, "run interrupted");
      if (!isWaiting) return deps.onEnded(chat_id);
      // It was only waiting for a person, so it is resumed and keeps waiting. An answer given in between counts.
      try {
        await deps.resume({ id: task.user_id, name: user_name }, task.id);
      } catch (err) {
        log.warn({ err, task_id: task.id }, "waiting run not resumed");
        await endings.cancelRequests(handle, "expired");
      }
    },
  };
}
