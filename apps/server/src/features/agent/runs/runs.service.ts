import { setTimeout as sleep } from "node:timers/promises";
import type { EditMode, RunEvent, SendMessage } from "@tesslate/contract";
import type { Todo } from "@tesslate/agent";
import { conflict, badRequest, invalid, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Queries } from "../../../platform/database.ts";
import type { Agents } from "../agents/index.ts";
import type { Attachments } from "../attachments/index.ts";
import type { Credits } from "../../billing/credits/index.ts";
import { wishesOf, type Models } from "../models/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { TaskRow, Tasks } from "../../core/tasks/index.ts";
import { editModeFor } from "./key-permissions.ts";
import { type ChatStore, messageOf, metadataOf, type RunMetadata, titleFrom, wordsOf } from "../chats/index.ts";
import type { EarlierTasks, RunInput } from "./run-task.ts";
import type { ChatRow } from "../../../db/schema/agent.ts";
import type { RunsStore } from "./runs.store.ts";

/** Who sends. */
export interface Sender {
  id: string;
  name: string;
  /** Sent by key: the run may do no more than the key. */
  key?: { edit_mode: EditMode };
}
/** How a message comes in that nobody sends by hand: by a program, out of the queue, from a plan. */
export interface Entrance {
  /** A session of its own when none is given. */
  origin?: ChatRow["origin"];
  /** In the transaction that creates the run, first: takes what it is made from. A rejection is thrown on, with nothing stored. */
  claim?(tx: Queries): Promise<void>;
  /** The run begins with this to-do list. */
  todos?: Todo[];
  /** In the transaction that creates the run: exists exactly when the run does. */
  created?(tx: Queries, task: TaskRow, input: RunInput): Promise<void>;
}

/** Limits at which a run pauses, until somebody lets it go on. */
const pauses: ReadonlySet<string> = new Set(["resource_limit_exceeded", "max_iterations", "credits_exhausted", "credit_deduction_failed"]);
export const runType = "agent_execution";
/** How long a new run waits for one that is being cancelled (3.3). */
const yieldMs = 5_000;
const retryMs = 25;
/** After a task's end its last events are told within this; see `follow`. */
const lastWordsMs = 10_000;

export interface ChatOptions {
  store: ChatStore;
  runs: RunsStore;
  tasks: Tasks;
  events: EventLog;
  agents: Agents;
  models: Models;
  attachments: Pick<Attachments, "require" | "claim">;
  credits: Pick<Credits, "require">;
  projects: { require(userId: string, ref: string): Promise<ProjectRow>; touch(projectId: string): Promise<void> };
  /** Throws `project_busy` while the project's files are being replaced; nothing begins to replace them before the transaction ends. */
  refuseWhileRestoring(tx: Queries, projectId: string): Promise<void>;
  /** Throws `forbidden` when this person may not act any more; nobody takes that right away before the transaction ends. */
  requireActive(tx: Queries, userId: string): Promise<void>;
}

export type Chat = ReturnType<typeof createChat>;
/** Sending, cancelling and going on (agent-git-deploy 3.3, 3.4, 10). Every entrance uses `start`. */
export function createChat({
  store,
  runs,
  tasks,
  events,
  agents,
  models,
  attachments,
  credits,
  projects,
  refuseWhileRestoring,
  requireActive,
}: ChatOptions) {
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

  /** The session used last, else a first one; made once also when two messages arrive at the same moment. */
  const latestChat = async (userId: string, projectId: string): Promise<ChatRow> =>
    (await store.findRecentChat(userId, projectId)) ??
    store.transaction(async (tx) => {
      await store.lock(tx, `chats:${userId}:${projectId}`);
      return (await store.findRecentChat(userId, projectId, tx)) ?? store.insertChat(tx, { user_id: userId, project_id: projectId });
    });

  /** Runs `work` when no run goes on in the chat; waits a little for one that is being cancelled or has told its end. Throws `chat_busy`. */
  const whenFree = async <T>(chatId: string, isLocked: boolean, work: (tx: Queries) => Promise<T>): Promise<T> => {
    const deadline = Date.now() + yieldMs;
    for (;;) {
      const outcome = await store.transaction(async (tx): Promise<{ holder: TaskRow; isEnding: boolean } | { done: T }> => {
        await store.lock(tx, `chat:${chatId}`);
        const holder = isLocked ? await store.findActiveRun(chatId, tx) : undefined;
        if (!holder) return { done: await work(tx) };
        return { holder, isEnding: holder.cancel_requested_at !== null || !(await store.isRunning(tx, chatId)) };
      });
      if ("done" in outcome) return outcome.done;
      if (!outcome.isEnding || Date.now() > deadline)
        throw conflict("chat_busy", "A run is going on in this chat. Wait for it, or stop it.", { task_id: outcome.holder.id });
      await sleep(retryMs);
    }
  };

  /** Who answers, and by which model. Throws what `start` throws of them. */
  const choose = async (
    userId: string,
    { agent_id, model: wished }: Pick<SendMessage, "agent_id" | "model">,
    { projectId, projectModel, attachmentIds }: { projectId: string | null; projectModel: string | null; attachmentIds: readonly string[] },
  ) => {
    const agent = await agents.resolve(userId, agent_id);
    const model = await models.resolve(userId, { model: wished ?? projectModel, agent });
    const attached = await attachments.require(userId, projectId, attachmentIds);
    if (model.vision === false && attached.some((one) => one.kind === "image"))
      throw badRequest(
        `${model.model_id} cannot see pictures. Choose a model that can, or take the pictures out.`,
        "vision_not_supported",
        { model: model.model_id },
      );
    await credits.require(userId, model);
    return { agent, model, attached };
  };
  const requireContent = (text: string, attachmentIds: readonly string[]) => {
    if (text === "" && attachmentIds.length === 0) throw invalid(["body", "message"], "A message needs words or attachments", "too_short");
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
    messageOf: (id: string) => store.findMessage(id),
    /** Refuses the first message of a project that is about to be created, for the reasons `start` has. */
    checkFirst: async (userId: string, body: Pick<SendMessage, "message" | "attachments" | "agent_id" | "model">): Promise<void> => {
      const attachmentIds = body.attachments ?? [];
      requireContent(body.message.trim(), attachmentIds);
      await choose(userId, body, { projectId: null, projectModel: null, attachmentIds });
    },
    isRunOf: async (taskId: string, chatId: string): Promise<boolean> => (await store.findRun(taskId))?.chat_id === chatId,
    /**
     * Starts a run: checks everything first, then stores the message, the answer's place and the task together (3.3).
     * Throws 404, 422, `agent_not_owned`, `closed_source`, `agent_not_runnable`, `unknown_model`, `model_not_configured`, `vision_not_supported`, `insufficient_credits`, `chat_busy`; nothing is stored then.
     */
    start: async (sender: Sender, body: SendMessage, entrance?: Entrance): Promise<TaskRow> => {
      const text = body.message.trim();
      const attachmentIds = body.attachments ?? [];
      requireContent(text, attachmentIds);
      const project = await projects.require(sender.id, body.project_id);
      if (body.container_id && !(await store.findContainer(project.id, body.container_id))) throw notFound("Container");
      const given = body.chat_id ? await ownChat(sender.id, body.chat_id, project.id) : undefined;
      const { agent, model, attached } = await choose(sender.id, body, {
        projectId: project.id,
        projectModel: wishesOf(project).model,
        attachmentIds,
      });

      const isLocked = project.settings?.["agent_lock_enabled"] !== false;
      const begin = async (tx: Queries, chat: ChatRow): Promise<TaskRow> => {
        await entrance?.claim?.(tx);
        const extras = {
          attachments: await attachments.claim(tx, sender.id, project.id, attachmentIds),
          mentions: [...new Map((body.mentions ?? []).map((mention) => [mention.path, mention])).values()],
        };
        const rows = await store.insertMessages(tx, chat.id, [
          { role: "user", content: text, message_metadata: metadataOf(extras) },
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
          ...(entrance?.todos && { todos: entrance.todos }),
        };
        const task = await createRun(tx, sender.id, input, wordsOf(text, attached));
        await store.setMetadata(tx, answer.id, runMetadata(task, input, agent.agent_type));
        if (chat.title === null) await store.updateChat(tx, chat.id, { title: titleFrom(wordsOf(text, attached)) });
        await entrance?.created?.(tx, task, input);
        return task;
      };
      const fresh = (origin: ChatRow["origin"]) =>
        store.transaction(async (tx) => begin(tx, await store.insertChat(tx, { user_id: sender.id, project_id: project.id, origin })));
      const chat = given ?? (entrance ? undefined : await latestChat(sender.id, project.id));
      const task = chat ? await whenFree(chat.id, isLocked, (tx) => begin(tx, chat)) : await fresh(entrance?.origin ?? "api");
      await projects.touch(project.id);
      return task;
    },

    /**
     * Goes on with a run that was interrupted, or paused at a limit, as a new task that fills the same message (10, 4.5): to people it is one piece
     * of work. After a pause the caps are due anew. Throws `not_resumable`, `chat_busy` and what `start` throws.
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
        const isPaused = pauses.has(reason);
        if (!question || metadata?.["task_id"] !== old.id || !(isPaused || reason === "interrupted"))
          throw conflict(
            "not_resumable",
            "This run cannot be resumed: it was neither interrupted nor paused at a limit, or the conversation has gone on.",
          );
        const waiting = isPaused ? undefined : await runs.findWaiting(old.id, before.resumes, tx);
        const done = (await runs.listSteps(before.message_id, tx)).at(-1)?.step_data.iteration ?? 0;
        const after_iteration = waiting?.pending ? Math.min(done, waiting.pending.iteration - 1) : done;
        const earlier: EarlierTasks = {
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
        await runs.carryQueueOver(tx, before.chat_id, old.id, task.id, reason);
        await runs.reopenMessage(tx, before.message_id, {
          ...runMetadata(task, input, agent.agent_type),
          goes_on_after: after_iteration,
        });
        return task;
      });
    },

    /** Asks a run to stop (3.4). Owner only, idempotent. */
    cancel: async (userId: string, { task_id, chat_id }: { task_id?: string | null; chat_id?: string | null }) => {
      if (!task_id && !chat_id) throw invalid(["body", "task_id"], "Give task_id or chat_id", "missing");
      const task = task_id ? await ownRun(userId, task_id) : undefined;
      const chat = chat_id ? await ownChat(userId, chat_id) : undefined;
      if (task && chat && task.chat_id !== chat.id) throw badRequest("This run does not belong to this chat.");
      const run = task ?? (chat && (await store.findActiveRun(chat.id)));
      if (!run) return { status: "not_running" as const, task_id: null };
      const isAsked = await tasks.requestCancel(run.id);
      return { status: isAsked ? ("cancellation_requested" as const) : ("not_running" as const), task_id: run.id };
    },

    /** The project is about to go: its runs are stopped first. */
    stopRunsOf: async (projectId: string): Promise<void> => {
      const deadline = Date.now() + yieldMs;
      for (
        let left = await store.listActiveRuns(projectId);
        left.length > 0 && Date.now() < deadline;
        left = await store.listActiveRuns(projectId)
      ) {
        for (const run of left) if (!run.cancel_requested_at) await tasks.requestCancel(run.id);
        await sleep(retryMs);
      }
    },

    /** The run that goes on, to re-attach after a reload. */
    active: async (userId: string, projectRef: string, chatId: string | undefined) => {
      const project = await projects.require(userId, projectRef);
      if (chatId !== undefined) await ownChat(userId, chatId, project.id);
      const run = chatId === undefined ? await store.findActiveRunOfProject(userId, project.id) : await store.findActiveRun(chatId);
      return run
        ? { task_id: run.id, chat_id: run.chat_id ?? "", message: messageOf(run), started_at: run.started_at ?? run.created_at }
        : null;
    },

    /** Whether nothing can come after this event: the run has ended and it was its last. */
    wasToldAll: async (taskId: string, afterSeq: number | undefined): Promise<boolean> =>
      afterSeq !== undefined && afterSeq >= ((await store.findDoneSeq(taskId)) ?? Infinity),
    /** The run's events after `afterSeq`, then live ones, up to `done`. */
    async *follow(task: TaskRow, options: { afterSeq?: number; signal: AbortSignal }): AsyncGenerator<RunEvent> {
      // Whoever has heard the last word already waits for nothing.
      if (await self.wasToldAll(task.id, options.afterSeq)) return;
      const over = new AbortController();
      const signal = AbortSignal.any([options.signal, over.signal]);
      // Normally `done` ends it. Should that never come (the project went, the clean-up failed), the task's end does, a little later.
      void (async () => {
        for await (const _ of tasks.follow(task.id, signal));
        await sleep(lastWordsMs, undefined, { signal, ref: false });
        over.abort();
      })().catch(() => undefined);
      try {
        yield* events.followTask(task.project_id ?? "", task.id, {
          signal,
          ...(options.afterSeq !== undefined && { afterSeq: options.afterSeq }),
          isOver: async () => {
            if (tasks.isRunningHere(task.id)) return false;
            const row = await store.findRun(task.id);
            return !row || (row.completed_at !== null && Date.parse(row.completed_at) < Date.now() - lastWordsMs);
          },
        });
      } finally {
        over.abort();
      }
    },
  };
  return self;
}
