import { setTimeout as sleep } from "node:timers/promises";
import type { Task } from "@tesslate/contract";
import type { Bus } from "../../../platform/bus.ts";
import { isDiskFull, type Queries } from "../../../platform/database.ts";
import { AppError, conflict, diskFullMessage, notFound } from "../../../platform/errors.ts";
import type { Jobs } from "../../../platform/jobs.ts";
import type { Logger } from "../../../platform/logger.ts";
import { isConnectionLoss } from "../../../platform/connection-loss.ts";
import type { Measurements } from "../../../platform/measurements.ts";
import type { Reconnect } from "../../../platform/reconnect.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { Span, Traces } from "../../../platform/traces.ts";
import type { WorkContext } from "../../../platform/work-context.ts";
import { soleOwner, type ProjectOwners } from "../../../platform/servers/index.ts";
import { presentTask } from "./present-task.ts";
import { taskChannel, type TaskChanges, type TaskNotification } from "./task-changes.ts";
import type { TasksStore } from "./tasks.store.ts";
import type { TaskRow } from "../../../db/schema/core.ts";

/** Passed to a running task. */
export interface TaskContext<Input = unknown> {
  readonly task: TaskRow;
  readonly input: Input;
  /**
   * Aborts on cancel, on the type's timeout, on shutdown and when the database was unreachable for too long; `signal.reason` is `cancelled`, `timeout`,
   * `shutdown` or `database`.
   */
  readonly signal: AbortSignal;
  /** Aborts when another server takes the task over at its next boundary. It then ends as `interrupted`: throws `HandedOver`. */
  readonly handover: AbortSignal;
  readonly log: Logger;
  /** Percent done (never decreases) and a message for the user. */
  progress(percent: number, message: string): Promise<void>;
  /** Appends a line to the task's log (the last 50 are kept). Never secrets. */
  note(line: string): Promise<void>;
}
/** Thrown by a task that stops so that another server continues it. */
export class HandedOver extends Error {
  override readonly name = "HandedOver";
}
export interface TaskDefinition<Input = unknown> {
  timeoutMs: number;
  /** Returns the task's `result`. The message of an `AppError` becomes the task's error; any other error becomes a generic one. */
  run(context: TaskContext<Input>): Promise<unknown>;
  /** Called once after the task was found interrupted (its process died), to clean up. */
  interrupted?(task: TaskRow): Promise<void>;
  /** Writes in the transaction that ends the task, with any outcome except `interrupted`, so both become visible together. */
  ending?(tx: Queries, task: TaskRow): Promise<void>;
  /** Called after the task ended in this process, with any outcome but `interrupted`. */
  ended?(task: TaskRow): Promise<void>;
  /** Given tasks that ended in a process that has died since, returns those whose `ended` hook did not complete; it is called again for them. */
  unfinishedEnds?(tasks: TaskRow[]): Promise<TaskRow[]>;
}
export interface NewTask {
  user_id: string;
  type: string;
  project_id?: string;
  chat_id?: string;
  input?: unknown;
  metadata?: Record<string, unknown>;
  unique_key?: string;
  /** The id of a task whose trace this one refers to. */
  continues?: string;
  message?: string;
}

/** Long operations: a row in `tasks`, executed by a supervisor in one process, followed through notifications. */
export type Tasks = ReturnType<typeof createTasks>;

const cancelledMessage = "Canceled.";
const interruptedMessage = "The server stopped while this was running.";

export function createTasks({
  store,
  reconnect,
  changes,
  bus,
  redact,
  owners = soleOwner,
  measurements,
  traces,
  work,
  log,
}: {
  store: TasksStore;
  reconnect: Reconnect;
  changes: TaskChanges;
  bus: Bus;
  /** Redacts a project's secrets in the messages, logs and errors of its tasks. */
  redact(projectId: string, text: string): Promise<string>;
  /** Tasks of a project run at the server that owns it. */
  owners?: Pick<ProjectOwners, "isOneOfSeveral" | "owns" | "use"> | undefined;
  measurements: Pick<Measurements, "task">;
  traces?: Traces | undefined;
  work?: WorkContext | undefined;
  log: Logger;
}) {
  const { publish, endSeqOf } = changes;
  const databaseMessage = `The database could not be reached for ${reconnect.longestMs / 1000} seconds while this was running.`;
  const definitions = new Map<string, TaskDefinition<never>>();
  const running = new Map<string, { abort: AbortController; ended: Promise<void> }>();
  let jobs: Jobs | undefined;
  /** Redacts the project's secrets in a task's text. If redaction fails, the text is replaced rather than shown; the task continues. */
  const redacted = async (row: Pick<TaskRow, "id" | "project_id">, text: string): Promise<string> => {
    if (row.project_id === null || text === "") return text;
    try {
      return await redact(row.project_id, text);
    } catch (err) {
      log.warn({ err, task_id: row.id }, "task text could not be redacted");
      return "Hidden, because the project's secrets could not be decrypted for redaction.";
    }
  };
  let isClosing = false;
  const closing = new AbortController();
  const handingOver = new AbortController();

  bus.listen<TaskNotification>(taskChannel, ({ id, cancel, start }) => {
    if (start) void launch(id).catch((err: unknown) => log.error({ err, task_id: id }, "task not started"));
    if (cancel) running.get(id)?.abort.abort("cancelled");
  });
  bus.onReconnect(() => {
    // Another process may have requested a cancel while notifications were lost.
    for (const id of running.keys())
      store.find(id).then(
        (row) => row?.cancel_requested_at && running.get(id)?.abort.abort("cancelled"),
        (err: unknown) => log.warn({ err, task_id: id }, "cancel request not checked"),
      );
  });

  const supervise = async (row: TaskRow, definition: TaskDefinition<never>, abort: AbortController, span: Span | undefined) => {
    const started = Date.now();
    const taskLog = log.child({ task_id: row.id, type: row.type, user_id: row.user_id, project_id: row.project_id ?? undefined });
    const timer = setTimeout(() => abort.abort("timeout"), definition.timeoutMs);
    let outcome: Parameters<TasksStore["finish"]>[1];
    try {
      await publish(row);
      // Cancelled between claim and start.
      abort.signal.throwIfAborted();
      const result = await definition.run({
        task: row,
        input: row.input as never,
        signal: abort.signal,
        handover: handingOver.signal,
        log: taskLog,
        progress: async (percent, message) => {
          const changed = await store.progress(row.id, { current: Math.floor(percent), message: await redacted(row, message) });
          if (changed) await publish(changed);
        },
        note: async (line) => {
          // Redact before truncating: half a secret would not be recognised.
          const text = (await redacted(row, line)).slice(0, 2000);
          const changed = await store.progress(row.id, { log: [`[${new Date().toISOString()}] ${text}`] });
          if (changed) await publish(changed);
        },
      });
      outcome = { status: "completed", result };
    } catch (error) {
      const reason: unknown = abort.signal.aborted ? abort.signal.reason : undefined;
      if (error instanceof HandedOver && !reason) outcome = { status: "failed", error: interruptedMessage, error_code: "interrupted" };
      else if (reason === "cancelled") outcome = { status: "cancelled", error: cancelledMessage };
      else if (reason === "timeout")
        outcome = {
          status: "failed",
          error: `The task timed out after ${Math.round(definition.timeoutMs / 1000)} s.`,
          error_code: "gateway_timeout",
        };
      else if (reason === "shutdown") outcome = { status: "failed", error: interruptedMessage, error_code: "interrupted" };
      else if (reason === "database" || isConnectionLoss(error))
        outcome = { status: "failed", error: databaseMessage, error_code: "interrupted" };
      else if (error instanceof AppError || (error instanceof Error && error.name === "RuntimeError"))
        outcome = { status: "failed", error: error.message, error_code: "code" in error ? String(error.code) : null };
      else if (isDiskFull(error)) outcome = { status: "failed", error: diskFullMessage, error_code: "storage_full" };
      else outcome = { status: "failed", error: "Internal server error. It has been logged.", error_code: "internal_error" };
      if (outcome.status === "failed" && !reason && !(error instanceof HandedOver)) taskLog.error({ err: error }, "task failed");
    } finally {
      clearTimeout(timer);
    }
    if (outcome.status === "failed") span?.fail(outcome.error_code ?? "failed");
    if (outcome.error) outcome.error = await redacted(row, outcome.error);
    const ending = outcome.error_code === "interrupted" ? undefined : definition.ending;
    const finished = await persist(() => store.finish(row.id, outcome, ending));
    if (finished) {
      await publish(finished).catch((err: unknown) => taskLog.error({ err }, "task end not published"));
      if (outcome.error_code === "interrupted")
        await definition.interrupted?.(finished).catch((err: unknown) => taskLog.error({ err }, "task clean-up failed"));
      else await definition.ended?.(finished).catch((err: unknown) => taskLog.error({ err }, "task clean-up failed"));
    }
    measurements.task({
      type: row.type,
      outcome: outcome.error_code === "interrupted" ? "interrupted" : outcome.status,
      seconds: (Date.now() - started) / 1000,
    });
    taskLog.info({ duration_ms: Date.now() - started, outcome: outcome.status, error: outcome.error ?? undefined }, "task");
  };

  /** Retries until the task's end is stored; gives up on shutdown, and the next server process marks the task interrupted. */
  const persist = async <T>(write: () => Promise<T>): Promise<T | undefined> => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await write();
      } catch (err) {
        log.warn({ err, attempt }, "task end not stored yet");
        if (isClosing || (attempt >= 8 && !isConnectionLoss(err))) return undefined;
        await sleep(Math.min(100 * 2 ** attempt, 5000), undefined, { ref: false });
      }
    }
  };

  /** If the task is queued and this server owns its project, or takes it: the project stays here until the returned function is called. */
  const placed = async (id: string): Promise<(() => void) | undefined> => {
    const row = await store.find(id);
    if (row?.status !== "queued" || handingOver.signal.aborted) return undefined;
    if (row.project_id === null) return noLeave;
    return (await owners.owns(row.project_id)) ? owners.use(row.project_id) : undefined;
  };
  /** Claims the task for this process and starts it. Resolves when it is claimed, or when another process has it. */
  const launch = async (id: string) => {
    if (isClosing || running.has(id)) return;
    const leave = owners.isOneOfSeveral ? await placed(id) : noLeave;
    if (!leave) return;
    if (running.has(id)) return leave();
    // Registered before the claim, so that a cancel in between finds it.
    const abort = new AbortController();
    const waiting = { signal: closing.signal, onGiveUp: () => abort.abort("database") };
    const claim = reconnect.retryAlways((isRepeat) => store.claim(id, isRepeat), { signal: closing.signal });
    const ended = claim
      .then((row) => row && reconnect.during(waiting, () => run(row, abort)))
      .catch((err: unknown) => log.error({ err, task_id: id }, "supervisor failed"))
      .finally(() => {
        running.delete(id);
        leave();
      });
    running.set(id, { abort, ended });
    await claim;
  };
  const run = async (row: TaskRow, abort: AbortController) => {
    const definition = definitions.get(row.type);
    if (!definition) {
      log.error({ task_id: row.id, type: row.type }, "no definition for this type of task");
      const finished = await store.finish(row.id, {
        status: "failed",
        error: "This server version does not support this type of task.",
        error_code: "internal_error",
      });
      if (finished) await publish(finished);
      return;
    }
    const ids = { task_id: row.id, user_id: row.user_id, ...(row.project_id !== null && { project_id: row.project_id }) };
    const supervised = () => traced(row, (span) => supervise(row, definition, abort, span));
    await (work ? work.within(ids, supervised) : supervised());
  };
  /** A trace of its own, which refers to that of what created the task, and to those of the tasks that it continues. */
  const traced = async (row: TaskRow, run: (span: Span | undefined) => Promise<void>): Promise<void> => {
    if (!traces) return run(undefined);
    const facts = { "studio.task_id": row.id, "studio.task_type": row.type };
    const links = row.traceparents ?? [];
    await traces.open(
      `task ${row.type}`,
      "consumer",
      facts,
      async (span) => {
        const own = traces.headers()?.traceparent;
        if (own !== undefined)
          await store
            .setTraceparents(row.id, [own])
            .catch((err: unknown) => log.debug({ err, task_id: row.id }, "trace of task not stored"));
        await run(span).finally(span.end);
      },
      { links },
    );
  };

  const require = async (userId: string, id: string): Promise<TaskRow> => {
    const row = await store.find(id);
    if (!row || row.user_id !== userId) throw notFound("Task");
    return row;
  };

  const self = {
    /** Registers a task type. All types are registered before `start`. */
    define: <Input>(type: string, definition: TaskDefinition<Input>): void =>
      void definitions.set(type, definition as TaskDefinition<never>),
    /** Handlers for the jobs of this service. */
    jobHandlers: {
      task: async (payload: unknown) => {
        const { task_id } = payload as { task_id: string };
        await launch(task_id);
        // The owner of its project starts it.
        if (owners.isOneOfSeveral && !running.has(task_id)) await bus.notify(taskChannel, { id: task_id, start: true });
      },
      prune_tasks: async () => store.prune(),
      reap_tasks: async () => {
        if (!(await store.hasJustStarted())) await self.reap();
      },
    },
    /** Starts running tasks: picks up queued ones and marks tasks of dead processes as interrupted. */
    start: async (startedJobs: Jobs): Promise<void> => {
      jobs = startedJobs;
      // Jobs of a process that was killed stay locked for a while; claiming is by the row, so taking their tasks now is safe.
      await self.reap({ queuedForSeconds: 0, endedForMinutes: 24 * 60 });
    },
    /** Marks tasks of dead processes as interrupted and starts queued tasks whose job was lost. */
    reap: async ({
      queuedForSeconds = 5,
      endedForMinutes = 5,
    }: { queuedForSeconds?: number; endedForMinutes?: number } = {}): Promise<void> => {
      for (const [type, definition] of definitions) {
        if (!definition.unfinishedEnds || !definition.ended) continue;
        const rows = await store.listEndedByDead(type, endedForMinutes);
        for (const row of rows.length === 0 ? [] : await definition.unfinishedEnds(rows))
          await definition.ended(row).catch((err: unknown) => log.error({ err, task_id: row.id }, "task clean-up failed"));
      }
      for (const row of await store.interruptOrphans(interruptedMessage)) {
        log.warn({ task_id: row.id, type: row.type }, "task interrupted");
        await definitions
          .get(row.type)
          ?.interrupted?.(row)
          .catch((err: unknown) => log.error({ err, task_id: row.id }, "task clean-up failed"));
        await publish(row).catch((err: unknown) => log.error({ err, task_id: row.id }, "task end not published"));
      }
      for (const row of await store.listQueued(queuedForSeconds)) {
        await launch(row.id);
        if (owners.isOneOfSeveral && !running.has(row.id)) await bus.notify(taskChannel, { id: row.id, start: true });
      }
    },
    /** Starts queued tasks of projects that this server has become the owner of. */
    startQueuedOf: async (projectIds: string[]): Promise<void> => {
      for (const id of await store.listQueuedOf(projectIds)) await launch(id);
    },
    /** Inserts the row and its job in the caller's transaction. */
    create: async (tx: Queries, { continues, ...task }: NewTask): Promise<TaskRow> => {
      if (!jobs) throw new Error("tasks are not started");
      const earlier = continues === undefined ? [] : await store.traceparentsOf(tx, continues);
      const traceparents = [...earlier, traces?.headers()?.traceparent ?? []].flat();
      const row = await store.insert(tx, {
        ...task,
        ...(traceparents.length > 0 && { traceparents }),
        input: task.input ?? null,
        metadata: task.metadata ?? {},
        progress_message: task.message ?? "Waiting to start",
      });
      await jobs.enqueue(tx, "task", { task_id: row.id }, { key: `task:${row.id}` });
      return row;
    },
    /** Like `create`, but returns the unfinished task with the same `unique_key` if there is one. */
    createOnce: async (task: NewTask & { unique_key: string }): Promise<{ row: TaskRow; isNew: boolean }> =>
      store.transaction(async (tx) => {
        await store.lock(tx, task.unique_key);
        const known = await store.findUnfinished(task.unique_key, tx);
        return known ? { row: known, isNew: false } : { row: await self.create(tx, task), isNew: true };
      }),
    findUnfinished: (uniqueKeys: string | string[]): Promise<TaskRow | undefined> => store.findUnfinished(uniqueKeys),
    get: async (userId: string, id: string): Promise<Task> => presentTask(await require(userId, id)),
    require,
    list: async (userId: string, query: PageQuery & { status?: TaskRow["status"]; project_id?: string }) => {
      const page = pageOf(query);
      const { rows, total } = await store.list(userId, query, page);
      return page.envelope(rows.map(presentTask), total);
    },
    findLatest: store.findLatest,
    /** Cancels a queued task, or asks a running one to stop. Throws `task_finished`. */
    cancel: async (userId: string, id: string): Promise<void> => {
      await require(userId, id);
      if (!(await self.requestCancel(id))) throw conflict("task_finished", "This task has already ended.");
    },
    /** Like `cancel`, without an owner check. False when the task had already ended. */
    requestCancel: async (id: string): Promise<boolean> => {
      const row = await store.requestCancel(id, cancelledMessage, async (tx, task) => definitions.get(task.type)?.ending?.(tx, task));
      if (!row) return false;
      if (row.status === "cancelled") {
        await publish(row);
        await definitions.get(row.type)?.ended?.(row);
      } else if (running.has(id)) running.get(id)?.abort.abort("cancelled");
      else await bus.notify(taskChannel, { id, cancel: true });
      return true;
    },
    /** Resolves when this process no longer runs the task; at once if it does not. */
    ended: async (id: string): Promise<void> => running.get(id)?.ended,
    /** Starts no new tasks; running ones stop at their next step. */
    handOver: (): void => handingOver.abort(),
    isRunningHere: (id: string): boolean => running.has(id),
    endSeqOf,
    follow: changes.follow,
    /** Aborts the tasks of this process; each is marked interrupted. Waits up to 10 s. */
    close: async (): Promise<void> => {
      isClosing = true;
      closing.abort();
      for (const { abort } of running.values()) abort.abort("shutdown");
      await Promise.race([Promise.all([...running.values()].map((r) => r.ended)), sleep(10_000, undefined, { ref: false })]);
    },
  };
  return self;
}

const noLeave = () => undefined;

/** The `task_id` and `status_url` in the response of every asynchronous action. */
export const taskLinks = (row: Pick<TaskRow, "id">) => ({ task_id: row.id, status_url: `/api/tasks/${row.id}` });
