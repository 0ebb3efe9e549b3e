import { setTimeout as sleep } from "node:timers/promises";
import type { Todo } from "@tesslate/agent";
import type { EditMode, RunEvent, SendMessage } from "@tesslate/contract";
import type { ChatRow } from "../../../db/schema/agent.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Queries } from "../../../platform/database.ts";
import { badRequest, conflict, invalid, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Credits } from "../../billing/credits/index.ts";
import type { TaskRow, Tasks } from "../../core/tasks/index.ts";
import type { Agents } from "../agents/index.ts";
import type { Attachments } from "../attachments/index.ts";
import {
  chatBusy,
  messageOfRun,
  messageText,
  referencesMetadata,
  titleFromMessage,
  type ChatStore,
  type RunMetadata,
} from "../chats/index.ts";
import { projectModelSettings, type Models } from "../models/index.ts";
import { editModeFor } from "./key-permissions.ts";
import { runType, type EarlierRuns, type RunInput } from "./run.ts";
import type { RunsStore } from "./runs.store.ts";

export interface Sender {
  id: string;
  name: string;
  /** Present for API keys: the run may do no more than the key. */
  key?: { edit_mode: EditMode };
}
/** For messages that are not sent from the chat: by the API, from the queue, from a plan. */
export interface StartOptions {
  /** Without a `chat_id`, the run gets a new chat of this origin. */
  origin?: ChatRow["origin"];
  /** Called first in the transaction that creates the run, to claim what it is made from. A rejection is thrown on, and nothing is stored. */
  claim?(tx: Queries): Promise<void>;
  /** The to-do list with which the run starts. */
  todos?: Todo[];
  /** Called in the transaction that creates the run. */
  created?(tx: Queries, task: TaskRow, input: RunInput): Promise<void>;
}

/** The completion reasons with which a run pauses until it is resumed. */
const pauseReasons: ReadonlySet<string> = new Set([
  "resource_limit_exceeded",
  "max_iterations",
  "credits_exhausted",
  "credit_deduction_failed",
]);
/** How long to wait for a run that is stopping. */
const stopTimeoutMs = 5_000;
/** The last events of a run are emitted within this time after its task has ended. */
const lastEventsMs = 10_000;

export interface RunsOptions {
  store: ChatStore;
  runsStore: RunsStore;
  tasks: Tasks;
  events: EventLog;
  agents: Agents;
  models: Models;
  attachments: Pick<Attachments, "require" | "claim">;
  credits: Pick<Credits, "require">;
  projects: { require(userId: string, ref: string): Promise<ProjectRow>; touch(projectId: string): Promise<void> };
  /** Throws `project_busy` while the project's files are being replaced, and prevents that until the transaction ends. */
  refuseWhileRestoring(tx: Queries, projectId: string): Promise<void>;
  /** Throws `forbidden` for a deactivated account, and prevents deactivation until the transaction ends. */
  requireActive(tx: Queries, userId: string): Promise<void>;
}

export type Runs = ReturnType<typeof createRuns>;
/** Starts, resumes, cancels and follows runs. */
export function createRuns({
  store,
  runsStore,
  tasks,
  events,
  agents,
  models,
  attachments,
  credits,
  projects,
  refuseWhileRestoring,
  requireActive,
}: RunsOptions) {
  const ownChat = async (userId: string, chatId: string, projectId?: string): Promise<ChatRow> => {
    const chat = await store.findChat(chatId);
    if (!chat || chat.user_id !== userId || (projectId !== undefined && chat.project_id !== projectId)) throw notFound("Chat");
    return chat;
  };
  const ownRun = async (userId: string, taskId: string): Promise<TaskRow> => {
    const task = await store.findRun(taskId);
    if (!task || task.user_id !== userId) throw notFound("Run");
    return task;
  };

  /** The chat used last, else a new one. Locked, so that two messages at the same moment create one chat. */
  const latestChat = async (userId: string, projectId: string): Promise<ChatRow> =>
    (await store.findRecentChat(userId, projectId)) ??
    store.transaction(async (tx) => {
      await store.lock(tx, `chats:${userId}:${projectId}`);
      return (await store.findRecentChat(userId, projectId, tx)) ?? store.insertChat(tx, { user_id: userId, project_id: projectId });
    });

  /** Resolves when the task has ended or the signal aborts. */
  const waitForEnd = async (taskId: string, signal: AbortSignal): Promise<void> => {
    for await (const _ of tasks.follow(taskId, signal));
  };
  /** Cancels runs until none is left; waits at most five seconds. */
  const stopAll = async (list: () => Promise<TaskRow[]>): Promise<void> => {
    const timeout = AbortSignal.timeout(stopTimeoutMs);
    for (let active = await list(); active.length > 0 && !timeout.aborted; active = await list())
      await Promise.all(
        active.map(async (run) => {
          if (!run.cancel_requested_at) await tasks.requestCancel(run.id);
          await waitForEnd(run.id, timeout);
        }),
      );
  };

  /** Calls `work` when no run is active in the chat; waits for one that is stopping or has emitted its end. Throws `chat_busy`. */
  const whenFree = async <T>(chatId: string, isLocked: boolean, work: (tx: Queries) => Promise<T>): Promise<T> => {
    const timeout = AbortSignal.timeout(stopTimeoutMs);
    for (;;) {
      const outcome = await store.transaction(async (tx): Promise<{ active: TaskRow; isEnding: boolean } | { done: T }> => {
        await store.lock(tx, `chat:${chatId}`);
        const active = isLocked ? await store.findActiveRun(chatId, tx) : undefined;
        if (!active) return { done: await work(tx) };
        return { active, isEnding: active.cancel_requested_at !== null || !(await store.isRunning(tx, chatId)) };
      });
      if ("done" in outcome) return outcome.done;
      if (!outcome.isEnding || timeout.aborted) throw chatBusy(outcome.active.id);
      await waitForEnd(outcome.active.id, timeout);
    }
  };

  /** The agent, the model and the attachments of a message. Throws what `start` throws. */
  const resolveMessage = async (
    userId: string,
    { agent_id, model: requested }: Pick<SendMessage, "agent_id" | "model">,
    { projectId, projectModel, attachmentIds }: { projectId: string | null; projectModel: string | null; attachmentIds: readonly string[] },
  ) => {
    const agent = await agents.resolve(userId, agent_id);
    const model = await models.resolve(userId, { model: requested ?? projectModel, agent });
    const attached = await attachments.require(userId, projectId, attachmentIds);
    if (model.vision === false && attached.some((one) => one.kind === "image"))
      throw badRequest(`${model.model_id} does not support images. Choose another model or remove the images.`, "vision_not_supported", {
        model: model.model_id,
      });
    await credits.require(userId, model);
    return { agent, model, attached };
  };
  const requireContent = (text: string, attachmentIds: readonly string[]) => {
    if (text === "" && attachmentIds.length === 0) throw invalid(["body", "message"], "Enter a message or attach a file", "too_short");
  };

  const createRun = async (tx: Queries, userId: string, input: RunInput, message: string): Promise<TaskRow> => {
    await requireActive(tx, userId);
    await refuseWhileRestoring(tx, input.project_id);
    const task = await tasks.create(tx, {
      user_id: userId,
      type: runType,
      project_id: input.project_id,
      chat_id: input.chat_id,
      unique_key: `chat:${input.chat_id}`,
      input,
      metadata: { project_id: input.project_id, chat_id: input.chat_id, message: message.slice(0, 200) },
      message: "Waiting for the agent",
    });
    await store.updateChat(tx, input.chat_id, { status: "running" });
    await agents.countUse(tx, input.agent_id);
    return task;
  };
  const runMetadata = (task: { id: string }, input: RunInput, agentType: string): RunMetadata => ({
    agent_mode: true,
    agent_type: agentType,
    completion_reason: "in_progress",
    executed_by: "worker",
    steps_table: true,
    task_id: task.id,
    agent_id: input.agent_id,
    model: input.model_id,
    edit_mode: input.edit_mode,
  });

  const self = {
    ownChat,
    ownRun,
    findMessage: (id: string) => store.findMessage(id),
    /** Checks the first message of a project before it is created. Throws what `start` throws. */
    checkFirst: async (userId: string, body: Pick<SendMessage, "message" | "attachments" | "agent_id" | "model">): Promise<void> => {
      const attachmentIds = body.attachments ?? [];
      requireContent(body.message.trim(), attachmentIds);
      await resolveMessage(userId, body, { projectId: null, projectModel: null, attachmentIds });
    },
    isRunOf: async (taskId: string, chatId: string): Promise<boolean> => (await store.findRun(taskId))?.chat_id === chatId,
    /**
     * Starts a run: checks everything first, then stores the message, an empty answer and the task in one transaction.
     * Throws 404, 422, `agent_not_owned`, `closed_source`, `agent_not_runnable`, `unknown_model`, `model_not_configured`, `vision_not_supported`, `insufficient_credits`, `chat_busy`; nothing is stored then.
     */
    start: async (sender: Sender, body: SendMessage, options?: StartOptions): Promise<TaskRow> => {
      const text = body.message.trim();
      const attachmentIds = body.attachments ?? [];
      requireContent(text, attachmentIds);
      const project = await projects.require(sender.id, body.project_id);
      if (body.container_id && !(await store.findContainer(project.id, body.container_id))) throw notFound("Container");
      const given = body.chat_id ? await ownChat(sender.id, body.chat_id, project.id) : undefined;
      const { agent, model, attached } = await resolveMessage(sender.id, body, {
        projectId: project.id,
        projectModel: projectModelSettings(project).model,
        attachmentIds,
      });

      const isLocked = project.settings?.["agent_lock_enabled"] !== false;
      const begin = async (tx: Queries, chat: ChatRow): Promise<TaskRow> => {
        await options?.claim?.(tx);
        const references = {
          attachments: await attachments.claim(tx, sender.id, project.id, attachmentIds),
          mentions: [...new Map((body.mentions ?? []).map((mention) => [mention.path, mention])).values()],
        };
        const rows = await store.insertMessages(tx, chat.id, [
          { role: "user", content: text, message_metadata: referencesMetadata(references) },
          { role: "assistant", content: "" },
        ]);
        const [question, answer] = rows;
        if (!question || !answer) throw new Error("the messages were not stored");
        const input: RunInput = {
          project_id: project.id,
          chat_id: chat.id,
          user_message_id: question.id,
          message_id: answer.id,
          agent_id: agent.id,
          model_id: model.model_id,
          edit_mode: editModeFor(sender, body.edit_mode),
          container_id: body.container_id ?? null,
          view_context: body.view_context?.toLowerCase() ?? null,
          max_iterations: body.max_iterations ?? null,
          max_cost_cents: body.max_cost_cents ?? null,
          user_name: sender.name,
          resumes: null,
          ...(options?.todos && { todos: options.todos }),
        };
        const task = await createRun(tx, sender.id, input, messageText(text, attached));
        await store.setMetadata(tx, answer.id, runMetadata(task, input, agent.agent_type));
        if (chat.title === null) await store.updateChat(tx, chat.id, { title: titleFromMessage(messageText(text, attached)) });
        await options?.created?.(tx, task, input);
        return task;
      };
      const startInNewChat = (origin: ChatRow["origin"]) =>
        store.transaction(async (tx) => begin(tx, await store.insertChat(tx, { user_id: sender.id, project_id: project.id, origin })));
      const chat = given ?? (options ? undefined : await latestChat(sender.id, project.id));
      const task = chat ? await whenFree(chat.id, isLocked, (tx) => begin(tx, chat)) : await startInNewChat(options?.origin ?? "api");
      await projects.touch(project.id);
      return task;
    },

    /**
     * Resumes a run that was interrupted or paused at a limit, as a new task that fills the same message. After a pause the limits start again.
     * Throws `not_resumable`, `chat_busy` and what `start` throws.
     */
    resume: async (sender: Sender, taskId: string): Promise<TaskRow> => {
      const old = await ownRun(sender.id, taskId);
      const before = old.input as RunInput;
      const project = await projects.require(sender.id, before.project_id);
      await ownChat(sender.id, before.chat_id, project.id);
      const agent = await agents.resolve(sender.id, before.agent_id);
      const model = await models.resolve(sender.id, { model: before.model_id, agent });
      await credits.require(sender.id, model);
      const question = await store.findMessage(before.user_message_id);
      return whenFree(before.chat_id, true, async (tx) => {
        const last = await store.findLastMessage(tx, before.chat_id);
        const metadata = last?.id === before.message_id ? last.message_metadata : null;
        const reason = String(metadata?.["completion_reason"]);
        const isPaused = pauseReasons.has(reason);
        if (!question || metadata?.["task_id"] !== old.id || !(isPaused || reason === "interrupted"))
          throw conflict(
            "not_resumable",
            "This run cannot be resumed: it was neither interrupted nor paused at a limit, or the chat has newer messages.",
          );
        const waiting = isPaused ? undefined : await runsStore.findWaiting(old.id, before.resumes, tx);
        const done = (await runsStore.listSteps(before.message_id, tx)).at(-1)?.step_data.iteration ?? 0;
        const after_iteration = waiting?.pending ? Math.min(done, waiting.pending.iteration - 1) : done;
        const earlier: EarlierRuns = {
          tasks: [...(before.earlier?.tasks ?? []), old.id],
          counted: isPaused ? [] : [...(before.earlier?.counted ?? []), old.id],
          free_iterations: isPaused ? after_iteration : (before.earlier?.free_iterations ?? 0),
          after_iteration,
          duration_ms: Number(metadata["duration_ms"] ?? 0),
          is_paused: isPaused,
        };
        const input: RunInput = {
          ...before,
          agent_id: agent.id,
          model_id: model.model_id,
          user_name: sender.name,
          resumes: waiting?.task_id ?? old.id,
          earlier,
        };
        const task = await createRun(tx, sender.id, input, question.content);
        await runsStore.moveQueue(tx, before.chat_id, old.id, task.id, reason);
        await runsStore.reopenMessage(tx, before.message_id, {
          ...runMetadata(task, input, agent.agent_type),
          goes_on_after: after_iteration,
        });
        return task;
      });
    },

    /** Requests that a run stops. Idempotent. */
    cancel: async (userId: string, { task_id, chat_id }: { task_id?: string | null; chat_id?: string | null }) => {
      if (!task_id && !chat_id) throw invalid(["body", "task_id"], "Give task_id or chat_id", "missing");
      const task = task_id ? await ownRun(userId, task_id) : undefined;
      const chat = chat_id ? await ownChat(userId, chat_id) : undefined;
      if (task && chat && task.chat_id !== chat.id) throw badRequest("This run belongs to another chat.");
      const run = task ?? (chat && (await store.findActiveRun(chat.id)));
      if (!run) return { status: "not_running" as const, task_id: null };
      const isAsked = await tasks.requestCancel(run.id);
      return { status: isAsked ? ("cancellation_requested" as const) : ("not_running" as const), task_id: run.id };
    },

    /** Stops the runs of a project that is about to be deleted. */
    stopRunsOf: (projectId: string): Promise<void> => stopAll(() => store.listActiveRuns(projectId)),
    /** Stops the run of a chat that is about to be deleted. */
    stopRunOfChat: (chatId: string): Promise<void> =>
      stopAll(async () => [await store.findActiveRun(chatId)].filter((run) => run !== undefined)),

    /** The active run, to follow it again after a reload. */
    active: async (userId: string, projectRef: string, chatId: string | undefined) => {
      const project = await projects.require(userId, projectRef);
      if (chatId !== undefined) await ownChat(userId, chatId, project.id);
      const run = chatId === undefined ? await store.findActiveRunOfProject(userId, project.id) : await store.findActiveRun(chatId);
      return run
        ? { task_id: run.id, chat_id: run.chat_id ?? "", message: messageOfRun(run), started_at: run.started_at ?? run.created_at }
        : null;
    },

    /** Whether this was the run's last event. */
    hasDelivered: async (taskId: string, afterSeq: number | undefined): Promise<boolean> =>
      afterSeq !== undefined && afterSeq >= ((await store.findDoneSeq(taskId)) ?? Infinity),
    /** The run's events after `afterSeq`, then live ones, until `done`. */
    async *follow(task: TaskRow, options: { afterSeq?: number; signal: AbortSignal }): AsyncGenerator<RunEvent> {
      if (await self.hasDelivered(task.id, options.afterSeq)) return;
      const over = new AbortController();
      const signal = AbortSignal.any([options.signal, over.signal]);
      // Normally `done` ends it. If it is never emitted (the project was deleted, cleanup failed), the end of the task does, a little later.
      void (async () => {
        for await (const _ of tasks.follow(task.id, signal));
        await sleep(lastEventsMs, undefined, { signal, ref: false });
        over.abort();
      })().catch(() => undefined);
      try {
        yield* events.followTask(task.project_id ?? "", task.id, {
          signal,
          ...(options.afterSeq !== undefined && { afterSeq: options.afterSeq }),
          isOver: async () => {
            if (tasks.isRunningHere(task.id)) return false;
            const row = await store.findRun(task.id);
            return !row || (row.completed_at !== null && Date.parse(row.completed_at) < Date.now() - lastEventsMs);
          },
        });
      } finally {
        over.abort();
      }
    },
  };
  return self;
}
