import type { ErrorCode } from "@tesslate/contract";
import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { HandedOver, type TaskContext, type TaskDefinition, type TaskRow } from "../../core/tasks/index.ts";
import { errorEvent, publicMessage, type RunEnd, type RunEndings } from "./ending.ts";
import type { ExecuteRun } from "./execute.ts";
import type { RunPreparation } from "./preparation.ts";
import type { RunHandle, RunInput } from "./run.ts";

/** Long, because waiting for a person counts here; the working time has a limit of its own (`maxRunMs`). */
const taskTimeoutMs = 24 * 3_600_000;
const internalError = "Something went wrong on the server. What was done so far is kept.";
const resumableNotice = "What was done so far is kept, and you can continue the run.";

/** A resumed run that ends with its server soon after it began may be the cause: a person decides whether it continues. */
const shortestRunMs = 10_000;
const mayResume = ({ task, input }: RunHandle): boolean =>
  input.resumes === null ||
  (task.started_at !== null && Date.parse(task.completed_at ?? "") - Date.parse(task.started_at) >= shortestRunMs);

/** What follows a run. */
export interface RunFollowUp {
  /** Called when the run has started. Must not throw. */
  started(run: { chat_id: string }): Promise<void>;
  /** Called when the run has ended and the chat accepts the next message. Must not throw. */
  ended(run: { chat_id: string }): Promise<void>;
  /** Resumes an interrupted run. */
  resume(sender: { id: string; name: string }, taskId: string): Promise<unknown>;
}

/** The task `agent_execution`. Events: `task_started`, what the agent emits, `error` if it failed, `complete`, and `done` when the task has ended. */
export function createRunTask({
  handleOf,
  preparation,
  execute,
  endings,
  followUp,
  resumesInterrupted,
  log,
}: {
  handleOf(task: TaskRow): RunHandle;
  preparation: RunPreparation;
  execute: ExecuteRun;
  endings: RunEndings;
  followUp: RunFollowUp;
  /** Another server continues the runs of one that has ended. */
  resumesInterrupted: boolean;
  log: Logger;
}): TaskDefinition<RunInput> {
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
    const runAgent = async (): Promise<RunEnd> => {
      await preparation.announce(handle);
      await followUp.started({ chat_id: input.chat_id });
      await progress(0, "The agent is working");
      const prepared = await preparation.prepare(handle, context);
      release = prepared.release;
      if (input.resumes === null) await preparation.saveCheckpoint(prepared);
      const result = await execute(prepared, finish);
      code = result.error_code ?? code;
      if (!end) throw new Error("the agent returned without an end");
      // Once more, if the database was unreachable when the agent ended.
      if (!isStored) await finish(end, end.success ? undefined : errorEvent(code, end.error));
      return end;
    };
    const fail = async (error: unknown): Promise<RunEnd | undefined> => {
      if (end) throw error;
      if (signal.aborted && signal.reason === "cancelled") {
        await finish(await endings.endFromSteps(input.message_id, "cancelled", "Canceled."));
      } else if (!signal.aborted) {
        const message = publicMessage(error);
        if (!message) taskLog.error({ err: error }, "run failed");
        if (error instanceof AppError) code = error.code;
        const failed = await endings.endFromSteps(input.message_id, "error", message ?? internalError);
        await finish(failed, errorEvent(code, failed.error));
      }
      return end;
    };

    const ended = await runAgent()
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
    if (context.handover.aborted && !signal.aborted && ended?.completion_reason === "interrupted") throw new HandedOver();
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
      await followUp.ended({ chat_id });
    },
    unfinishedEnds: endings.listUnfinished,
    interrupted: async (task) => {
      const handle = handleOf(task);
      const { message_id, chat_id, user_name } = handle.input;
      // A run that was asked to stop is not resumed because its process died before it could stop.
      const isCancelled = task.cancel_requested_at !== null;
      const isWaiting = !isCancelled && (await endings.isWaiting(handle));
      if (!isWaiting) await endings.cancelRequests(handle, isCancelled ? "cancelled" : "expired");
      const message = `${task.error ?? "The run was interrupted."} ${resumableNotice}`;
      await endings.close(handle, async () =>
        isCancelled
          ? { end: await endings.endFromSteps(message_id, "cancelled", "Canceled.") }
          : { end: await endings.endFromSteps(message_id, "interrupted", message), error: errorEvent("interrupted", message) },
      );
      log.info({ task_id: task.id, chat_id: task.chat_id, is_waiting: isWaiting }, "run interrupted");
      if (!isWaiting && !(resumesInterrupted && !isCancelled && mayResume(handle))) return followUp.ended({ chat_id });
      // If it was only waiting for a person, it keeps waiting. An answer given in between counts.
      try {
        await followUp.resume({ id: task.user_id, name: user_name }, task.id);
      } catch (err) {
        log.warn({ err, task_id: task.id }, "interrupted run not resumed");
        await endings.cancelRequests(handle, "expired");
        if (!isWaiting) await followUp.ended({ chat_id });
      }
    },
  };
}
