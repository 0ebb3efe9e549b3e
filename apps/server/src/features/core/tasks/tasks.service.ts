import { setTimeout as sleep } from "node:timers/promises";
import type { Task, TaskEvent } from "@tesslate/contract";
import type { Bus } from "../../../platform/bus.ts";
import { isDiskFull, type Database, type Queries } from "../../../platform/database.ts";
import { AppError, conflict, diskFullMessage, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Jobs } from "../../../platform/jobs.ts";
import type { Logger } from "../../../platform/logger.ts";
import { isConnectionLoss } from "../../../platform/connection-loss.ts";
import type { Reconnect } from "../../../platform/reconnect.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { TasksStore } from "./tasks.store.ts";
import type { TaskRow } from "../../../db/schema/core.ts";

/** What a running task may use. */
export interface TaskContext<Input = unknown> {
  readonly task: TaskRow;
  readonly input: Input;
  /**
   * Aborts on cancel, on the type's timeout, on shutdown and when the database was away for too long; `signal.reason` is the string `cancelled`,
   * `timeout`, `shutdown` or `database`.
   */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Percent done (never goes back) and a sentence for people. */
  progress(percent: number, message: string): Promise<void>;
  /** A line for the task's own log (the last 50 are kept). Never secrets. */
  note(line: string): Promise<void>;
}
export interface TaskDefinition<Input = unknown> {
  timeoutMs: number;
  /** Returns the task's `result`. Throws `AppError` with a sentence for people; anything else becomes a neutral one. */
  run(context: TaskContext<Input>): Promise<unknown>;
  /** Called once after the task was found interrupted (its process died): bring the world back in order. */
  interrupted?(task: TaskRow): Promise<void>;
  /** Called after the task ended in this process, whatever the outcome. */
  ended?(task: TaskRow): Promise<void>;
  /** Of these, which ended in a process that has died since, the ones whose `ended` did not come to its end: it is called again. */
  untold?(tasks: TaskRow[]): Promise<TaskRow[]>;
}
export interface NewTask {
  user_id: string;
  type: string;
  project_id?: string;
  chat_id?: string;
  input?: unknown;
  metadata?: Record<string, unknown>;
  unique_key?: string;
  message?: string;
}

/** The one way to run a long operation (accounts-projects 8): a row, executed under a supervisor, followed by event. */
export type Tasks = ReturnType<typeof createTasks>;

const channel = "task_bell";
const cancelledMessage = "Cancelled.";
const interruptedMessage = "The server stopped while this was running.";

export function createTasks({
  db,
  reconnect,
  store,
  events,
  bus,
  log,
  processId,
  isShared,
}: {
  db: Database;
  reconnect: Reconnect;
  store: TasksStore;
  events: EventLog;
  bus: Bus;
  log: Logger;
  processId: number;
  isShared: boolean;
}) {
  const databaseMessage = `The database could not be reached for ${reconnect.longestMs / 1000} seconds while this was running.`;
  const definitions = new Map<string, TaskDefinition<never>>();
  const running = new Map<string, { abort: AbortController; ended: Promise<void> }>();
  const listeners = new Map<string, Set<() => void>>();
  let jobs: Jobs | undefined;
  let hide: (projectId: string, text: string) => Promise<string> = async (_, text) => text;
  /** What a task says of a project, without the values that nobody may see. Rather nothing than something with a value in it; the task goes on. */
  const shown = async (row: Pick<TaskRow, "id" | "project_id">, text: string): Promise<string> => {
    if (row.project_id === null || text === "") return text;
    try {
      return await hide(row.project_id, text);
    } catch (err) {
      log.warn({ err, task_id: row.id }, "words of a task not shown");
      return "This cannot be shown: the project's secrets cannot be opened.";
    }
  };
  let isClosing = false;
  const closing = new AbortController();

  const wake = (id: string) => {
    for (const listener of listeners.get(id) ?? []) listener();
  };
  bus.listen<{ id: string; cancel?: boolean }>(channel, ({ id, cancel }) => {
    if (cancel) running.get(id)?.abort.abort("cancelled");
    wake(id);
  });
  bus.onReconnect(() => {
    for (const id of listeners.keys()) wake(id);
    // Another process may have asked for a cancel meanwhile.
    for (const id of running.keys())
      store.find(id).then(
        (row) => row?.cancel_requested_at && running.get(id)?.abort.abort("cancelled"),
        (err: unknown) => log.warn({ err, task_id: id }, "cancel not looked for"),
      );
  });

  const endSeqOf = ({ completed_at }: Pick<TaskRow, "completed_at">): number =>
    completed_at === null ? Infinity : Date.parse(completed_at);
  /** Tells everybody who follows the task or its project. */
  const publish = async (row: TaskRow) => {
    wake(row.id);
    if (isShared) await bus.notify(channel, { id: row.id }).catch((err: unknown) => log.warn({ err }, "bell not rung"));
    if (row.project_id) await events.append(row.project_id, { type: "task_update", data: wireOf(row) });
  };

  const supervise = async (row: TaskRow, definition: TaskDefinition<never>, abort: AbortController) => {
    const started = Date.now();
    const taskLog = log.child({ task_id: row.id, type: row.type, user_id: row.user_id, project_id: row.project_id ?? undefined });
    const timer = setTimeout(() => abort.abort("timeout"), definition.timeoutMs);
    let outcome: Parameters<TasksStore["finish"]>[1];
    try {
      await publish(row);
      // Cancelled between being taken and being run.
      abort.signal.throwIfAborted();
      const result = await definition.run({
        task: row,
        input: row.input as never,
        signal: abort.signal,
        log: taskLog,
        progress: async (percent, message) => {
          const changed = await store.progress(row.id, processId, { current: Math.floor(percent), message: await shown(row, message) });
          if (changed) await publish(changed);
        },
        note: async (line) => {
          // Hidden before it is cut: half a value would not be recognised.
          const text = (await shown(row, line)).slice(0, 2000);
          const changed = await store.progress(row.id, processId, { log: [`[${new Date().toISOString()}] ${text}`] });
          if (changed) await publish(changed);
        },
      });
      outcome = { status: "completed", result };
    } catch (error) {
      const reason: unknown = abort.signal.aborted ? abort.signal.reason : undefined;
      if (reason === "cancelled") outcome = { status: "cancelled", error: cancelledMessage };
      else if (reason === "timeout")
        outcome = {
          status: "failed",
          error: `It did not finish within ${Math.round(definition.timeoutMs / 1000)} s.`,
          error_code: "gateway_timeout",
        };
      else if (reason === "shutdown") outcome = { status: "failed", error: interruptedMessage, error_code: "interrupted" };
      else if (reason === "database" || isConnectionLoss(error))
        outcome = { status: "failed", error: databaseMessage, error_code: "interrupted" };
      else if (error instanceof AppError || (error instanceof Error && error.name === "RuntimeError"))
        outcome = { status: "failed", error: error.message, error_code: "code" in error ? String(error.code) : null };
      else if (isDiskFull(error)) outcome = { status: "failed", error: diskFullMessage, error_code: "storage_full" };
      else outcome = { status: "failed", error: "Something went wrong on our side. It has been logged.", error_code: "internal_error" };
      if (outcome.status === "failed" && !reason) taskLog.error({ err: error }, "task failed");
    } finally {
      clearTimeout(timer);
    }
    if (outcome.error) outcome.error = await shown(row, outcome.error);
    const finished = await persist(() => store.finish(row.id, outcome));
    if (finished) {
      await publish(finished).catch((err: unknown) => taskLog.error({ err }, "task end not published"));
      if (outcome.error_code === "interrupted")
        await definition.interrupted?.(finished).catch((err: unknown) => taskLog.error({ err }, "task clean-up failed"));
      else await definition.ended?.(finished).catch((err: unknown) => taskLog.error({ err }, "task clean-up failed"));
    }
    taskLog.info({ duration_ms: Date.now() - started, outcome: outcome.status, error: outcome.error ?? undefined }, "task");
  };

  /** The end of a task is written, however long the database is away; a server that ends leaves it to the next one. */
  const persist = async <T>(write: () => Promise<T>): Promise<T | undefined> => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await write();
      } catch (err) {
        log.warn({ err, attempt }, "task end not written yet");
        if (isClosing || (attempt >= 8 && !isConnectionLoss(err))) return undefined;
        await sleep(Math.min(100 * 2 ** attempt, 5000), undefined, { ref: false });
      }
    }
  };

  /** Takes the task for this process and lets it run. Resolves when it is taken, or when somebody else has it. */
  const launch = async (id: string) => {
    if (isClosing || running.has(id)) return;
    // Known as running before it is taken: a cancel between the two must find it.
    const abort = new AbortController();
    const waiting = { signal: closing.signal, onGiveUp: () => abort.abort("database") };
    const claim = reconnect.retryAlways((isRepeat) => store.claim(id, processId, isRepeat), { signal: closing.signal });
    const ended = claim
      .then((row) => row && reconnect.during(waiting, () => run(row, abort)))
      .catch((err: unknown) => log.error({ err, task_id: id }, "supervisor failed"))
      .finally(() => running.delete(id));
    running.set(id, { abort, ended });
    await claim;
  };
  const run = async (row: TaskRow, abort: AbortController) => {
    const definition = definitions.get(row.type);
    if (!definition) {
      log.error({ task_id: row.id, type: row.type }, "no definition for this type of task");
      const finished = await store.finish(row.id, {
        status: "failed",
        error: "This version of the server does not know this operation.",
        error_code: "internal_error",
      });
      if (finished) await publish(finished);
      return;
    }
    await supervise(row, definition, abort);
  };

  const require = async (userId: string, id: string): Promise<TaskRow> => {
    const row = await store.find(id);
    if (!row || row.user_id !== userId) throw notFound("Task");
    return row;
  };

  const self = {
    /** Declares a type. All types are declared before `start`. */
    define: <Input>(type: string, definition: TaskDefinition<Input>): void =>
      void definitions.set(type, definition as TaskDefinition<never>),
    /** What takes the values of a project's secrets out of everything its tasks say. */
    hideWith: (redact: (projectId: string, text: string) => Promise<string>): void => void (hide = redact),
    /** The job handlers this service needs run. */
    jobHandlers: {
      task: async (payload: unknown) => launch((payload as { task_id: string }).task_id),
      prune_tasks: async () => store.prune(),
      reap_tasks: async () => {
        if (!(await store.hasJustStarted())) await self.reap();
      },
    },
    /** Begins to run tasks: rings for queued ones, marks those of dead processes as interrupted, and keeps watch. */
    start: async (startedJobs: Jobs): Promise<void> => {
      jobs = startedJobs;
      // Jobs of a process that was killed stay locked for a while; claiming is by the row, so taking their tasks now is safe.
      await self.reap({ queuedForSeconds: 0, endedForMinutes: 24 * 60 });
    },
    /** Interrupts what dead processes ran and rings again for what was never picked up. */
    reap: async ({
      queuedForSeconds = 5,
      endedForMinutes = 5,
    }: { queuedForSeconds?: number; endedForMinutes?: number } = {}): Promise<void> => {
      for (const [type, definition] of definitions) {
        if (!definition.untold || !definition.ended) continue;
        const rows = await store.listEndedByDead(type, processId, endedForMinutes);
        for (const row of rows.length === 0 ? [] : await definition.untold(rows))
          await definition.ended(row).catch((err: unknown) => log.error({ err, task_id: row.id }, "task clean-up failed"));
      }
      for (const row of await store.interruptOrphans(interruptedMessage, processId)) {
        log.warn({ task_id: row.id, type: row.type }, "task interrupted");
        await definitions
          .get(row.type)
          ?.interrupted?.(row)
          .catch((err: unknown) => log.error({ err, task_id: row.id }, "task clean-up failed"));
        await publish(row).catch((err: unknown) => log.error({ err, task_id: row.id }, "task end not published"));
      }
      for (const row of await store.listQueued(queuedForSeconds)) await launch(row.id);
    },
    /** Inserts the row and its job in the caller's transaction: the task exists exactly when that commits. */
    create: async (tx: Queries, task: NewTask): Promise<TaskRow> => {
      if (!jobs) throw new Error("tasks are not started");
      const row = await store.insert(tx, {
        ...task,
        input: task.input ?? null,
        metadata: task.metadata ?? {},
        progress_message: task.message ?? "Waiting to start",
      });
      await jobs.enqueue(tx, "task", { task_id: row.id }, { key: `task:${row.id}` });
      return row;
    },
    /** As `create`, unless an unfinished task of the same `unique_key` exists: then that one. */
    createOnce: async (task: NewTask & { unique_key: string }): Promise<{ row: TaskRow; isNew: boolean }> =>
      db.transaction(async (tx) => {
        await store.lock(tx, task.unique_key);
        const known = await store.findUnfinished(tx, task.unique_key);
        return known ? { row: known, isNew: false } : { row: await self.create(tx, task), isNew: true };
      }),
    findUnfinished: (uniqueKey: string): Promise<TaskRow | undefined> => store.findUnfinished(db, uniqueKey),
    get: async (userId: string, id: string): Promise<Task> => wireOf(await require(userId, id)),
    require,
    list: async (userId: string, query: PageQuery & { status?: TaskRow["status"]; project_id?: string }) => {
      const page = pageOf(query);
      const { rows, total } = await store.list(userId, query, page);
      return page.envelope(rows.map(wireOf), total);
    },
    findLatest: store.findLatest,
    /** Cancels at once what waits, asks what runs to stop. Throws `task_finished` for ended ones. */
    cancel: async (userId: string, id: string): Promise<void> => {
      await require(userId, id);
      if (!(await self.requestCancel(id))) throw conflict("task_finished", "This has already ended.");
    },
    /** The same without an owner check. False when it had already ended. */
    requestCancel: async (id: string): Promise<boolean> => {
      const row = await store.requestCancel(id, cancelledMessage);
      if (!row) return false;
      if (row.status === "cancelled") {
        await publish(row);
        await definitions.get(row.type)?.ended?.(row);
      } else if (running.has(id)) running.get(id)?.abort.abort("cancelled");
      else await bus.notify(channel, { id, cancel: true });
      return true;
    },
    /** Resolves when this process no longer runs the task (at once when it does not). */
    settled: async (id: string): Promise<void> => running.get(id)?.ended,
    isRunningHere: (id: string): boolean => running.has(id),
    /** The `seq` of its last event: when it ended, which no count of events before it reaches. So a client that comes back with it has heard everything. */
    endSeqOf,
    /** The task now and after each change, until it has ended. */
    async *follow(id: string, signal: AbortSignal): AsyncIterable<TaskEvent> {
      let resolve: (() => void) | undefined;
      let isRung = true;
      const listener = () => {
        isRung = true;
        resolve?.();
      };
      const set = listeners.get(id) ?? new Set();
      listeners.set(id, set.add(listener));
      signal.addEventListener("abort", listener);
      try {
        for (let seq = 1; !signal.aborted;) {
          if (!isRung) await new Promise<void>((done) => (resolve = done));
          if (signal.aborted) return;
          isRung = false;
          const row = await store.find(id);
          if (!row) return;
          yield { seq: row.completed_at ? endSeqOf(row) : seq++, type: "task_update", data: wireOf(row) };
          if (row.completed_at) return;
        }
      } finally {
        signal.removeEventListener("abort", listener);
        set.delete(listener);
        if (set.size === 0) listeners.delete(id);
      }
    },
    /** Stops what runs here; each is marked interrupted. */
    close: async (): Promise<void> => {
      isClosing = true;
      closing.abort();
      for (const { abort } of running.values()) abort.abort("shutdown");
      await Promise.race([Promise.all([...running.values()].map((r) => r.ended)), sleep(10_000, undefined, { ref: false })]);
    },
  };
  return self;
}

/** The `task_id` and `status_url` that every action answers with (contract README rule 2). */
export const taskLinks = (row: Pick<TaskRow, "id">) => ({ task_id: row.id, status_url: `/api/tasks/${row.id}` });

export const percentageOf = (row: Pick<TaskRow, "status" | "progress_current" | "progress_total">): number =>
  row.status === "completed"
    ? 100
    : row.progress_total === 0
      ? 0
      : Math.min(100, Math.floor((row.progress_current * 100) / row.progress_total));

export function wireOf(row: TaskRow): Task {
  return {
    id: row.id,
    user_id: row.user_id,
    type: row.type,
    status: row.status,
    created_at: row.created_at,
    started_at: row.started_at,
    completed_at: row.completed_at,
    progress: {
      current: row.progress_current,
      total: row.progress_total,
      percentage: percentageOf(row),
      message: row.progress_message,
    },
    result: row.result ?? null,
    error: row.error,
    error_code: row.error_code,
    logs: row.logs,
    metadata: row.metadata,
  };
}
