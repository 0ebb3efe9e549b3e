import type { Todo } from "@tesslate/agent";
import type { EditMode, Reasoning, SendMessage } from "@tesslate/contract";
import type { ChatRow } from "../../../db/schema/agent/chats.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Queries } from "../../../platform/database.ts";
import { AppError, conflict, notFound } from "../../../platform/errors.ts";
import type { TaskRow } from "../../core/tasks/index.ts";
import { answerMetadata, messageText, referencesMetadata, titleFromMessage, type ChatStore, type RunMetadata } from "../chats/index.ts";
import { projectModelSettings } from "../models/index.ts";
import type { ChatTurns } from "./chat-turns.ts";
import { editModeFor } from "./key-permissions.ts";
import type { MessageCheck } from "./message-check.ts";
import type { EarlierRuns, RunBranches, RunInput } from "./run.ts";
import type { RunAccess } from "./runs.access.ts";
import type { RunsStore } from "./runs.store.ts";
import type { ChooseWorkspace } from "./workspace-choice.ts";

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
  /** The queued message that starts the run. */
  queued_id?: string;
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
export type RunStarts = ReturnType<typeof createRunStarts>;
/** Starts and resumes runs. */
export function createRunStarts({
  chats,
  store,
  access,
  check,
  turns,
  chooseWorkspace,
  branches,
  projects,
}: {
  chats: ChatStore;
  store: RunsStore;
  chooseWorkspace: ChooseWorkspace;
  branches: RunBranches;
  access: Pick<RunAccess, "ownChat" | "ownRun">;
  check: MessageCheck;
  turns: ChatTurns;
  projects: { require(userId: string, ref: string): Promise<ProjectRow>; touch(projectId: string): Promise<void> };
}) {
  /** The chat used last, else a new one. Locked, so that two messages at the same moment create one chat. */
  const latestChat = async (userId: string, projectId: string): Promise<ChatRow> =>
    (await chats.findRecentChat(userId, projectId)) ??
    chats.transaction(async (tx) => {
      await chats.lock(tx, `chats:${userId}:${projectId}`);
      return (await chats.findRecentChat(userId, projectId, tx)) ?? chats.insertChat(tx, { user_id: userId, project_id: projectId });
    });

  /** That of the last run of the chat. */
  const lastReasoning = async (tx: Queries, chatId: string): Promise<Reasoning | undefined> => {
    const last = await chats.findLastMessage(tx, chatId);
    return last && answerMetadata(last).reasoning;
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
    ...(input.reasoning && { reasoning: input.reasoning }),
  });

  return {
    /** The chat of a message that names none. */
    latestChat,
    /** Checks the first message of a project before it is created. Throws what `start` throws. */
    checkFirst: async (userId: string, body: Pick<SendMessage, "message" | "attachments" | "agent_id" | "model">): Promise<void> => {
      check.requireContent(body);
      await check.resolve(userId, body, null);
    },
    /**
     * Starts a run: checks everything first, then stores the message, an empty answer and the task in one transaction.
     * Throws 404, 422, `agent_not_owned`, `closed_source`, `agent_not_runnable`, `unknown_model`, `model_not_configured`, `vision_not_supported`, `insufficient_credits`, `chat_busy`,
     * `workspace_required`, `run_active` (it has to wait for another run), `branch_limit_reached`, `project_busy`; nothing is stored then.
     */
    start: async (sender: Sender, body: SendMessage, options?: StartOptions): Promise<TaskRow> => {
      const text = body.message.trim();
      const attachmentIds = body.attachments ?? [];
      check.requireContent(body);
      const project = await projects.require(sender.id, body.project_id);
      if (body.container_id && !(await chats.findContainer(project.id, body.container_id))) throw notFound("Container");
      const given = body.chat_id ? await access.ownChat(sender.id, body.chat_id, project.id) : undefined;
      const { model: projectModel } = projectModelSettings(project);
      const { agent, model, attached } = await check.resolve(sender.id, body, { id: project.id, model: projectModel });

      let newBranch: { id: string; chat_id: string } | undefined;
      const isLocked = project.settings?.["agent_lock_enabled"] !== false;
      const begin = async (tx: Queries, chat: ChatRow): Promise<TaskRow> => {
        await options?.claim?.(tx);
        const editMode = editModeFor(sender, body.edit_mode);
        const chosen = await chooseWorkspace(tx, { project, chatId: chat.id, requested: body.workspace, editMode });
        newBranch = chosen?.isNew ? { id: chosen.branch.id, chat_id: chat.id } : undefined;
        const reasoning = body.reasoning === undefined ? await lastReasoning(tx, chat.id) : body.reasoning;
        const references = {
          attachments: await check.claim(tx, sender.id, project.id, attachmentIds),
          mentions: [...new Map((body.mentions ?? []).map((mention) => [mention.path, mention])).values()],
          ...(body.details && { details: body.details }),
        };
        const rows = await chats.insertMessages(tx, chat.id, [
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
          edit_mode: editMode,
          ...(chosen && { branch_id: chosen.branch.id }),
          ...(options?.queued_id !== undefined && { queued_id: options.queued_id }),
          ...(reasoning && { reasoning }),
          container_id: body.container_id ?? null,
          view_context: body.view_context?.toLowerCase() ?? null,
          max_iterations: body.max_iterations ?? null,
          max_cost_cents: body.max_cost_cents ?? null,
          user_name: sender.name,
          resumes: null,
          ...(options?.todos && { todos: options.todos }),
        };
        const task = await turns.insert(tx, sender.id, input, messageText(text, attached));
        await chats.setMetadata(tx, answer.id, runMetadata(task, input, agent.agent_type));
        if (chat.title === null) await chats.updateChat(tx, chat.id, { title: titleFromMessage(messageText(text, attached)) });
        await options?.created?.(tx, task, input);
        return task;
      };
      const startInNewChat = (origin: ChatRow["origin"]) =>
        chats.transaction(async (tx) => begin(tx, await chats.insertChat(tx, { user_id: sender.id, project_id: project.id, origin })));
      const chat = given ?? (options ? undefined : await latestChat(sender.id, project.id));
      const task = await (
        chat ? turns.whenFree(chat.id, isLocked, (tx) => begin(tx, chat)) : startInNewChat(options?.origin ?? "api")
      ).catch(async (error: unknown) => {
        if (!(error instanceof AppError && error.code === "workspace_required")) throw error;
        // Measures the project, so not in the transaction.
        throw conflict(error.code, error.message, { ...error.details, suggested: await branches.suggest(project) });
      });
      if (newBranch) await branches.created(project.id, newBranch.id, newBranch.chat_id);
      await projects.touch(project.id);
      return task;
    },

    /**
     * Resumes a run that was interrupted, paused at a limit, or ended with an error, as a new task that fills the same message. After a pause the limits
     * start again. `model` and `editMode`: instead of the run's.
     * Throws `not_resumable`, `chat_busy` and what `start` throws.
     */
    resume: async (
      sender: Sender,
      taskId: string,
      other: { model?: string | undefined; editMode?: EditMode | undefined } = {},
    ): Promise<TaskRow> => {
      const old = await access.ownRun(sender.id, taskId);
      const before = old.input as RunInput;
      const project = await projects.require(sender.id, before.project_id);
      await access.ownChat(sender.id, before.chat_id, project.id);
      const { agent, model } = await check.resolveAgain(sender.id, {
        ...before,
        ...(other.model !== undefined && { model_id: other.model }),
      });
      const question = await chats.findMessage(before.user_message_id);
      return turns.whenFree(before.chat_id, true, async (tx) => {
        const last = await chats.findLastMessage(tx, before.chat_id);
        const metadata = last?.id === before.message_id ? last.message_metadata : null;
        const reason = String(metadata?.["completion_reason"]);
        const isPaused = pauseReasons.has(reason);
        const isFailed = reason === "error";
        if (!question || metadata?.["task_id"] !== old.id || !(isPaused || isFailed || reason === "interrupted"))
          throw conflict(
            "not_resumable",
            "This run cannot be resumed: it was not interrupted, paused at a limit or ended by an error, or the chat has newer messages.",
          );
        if ((await branches.findOfChat(before.chat_id, tx))?.id !== before.branch_id)
          throw conflict("not_resumable", "This run cannot be resumed: its branch was merged or discarded.");
        const waiting = isPaused || isFailed ? undefined : await store.findWaiting(old.id, before.resumes, tx);
        const done = (await store.listSteps(before.message_id, tx)).at(-1)?.step_data.iteration ?? 0;
        const after_iteration = waiting?.pending ? Math.min(done, waiting.pending.iteration - 1) : done;
        const earlier: EarlierRuns = {
          tasks: [...(before.earlier?.tasks ?? []), old.id],
          counted: isPaused ? [] : [...(before.earlier?.counted ?? []), old.id],
          free_iterations: isPaused ? after_iteration : (before.earlier?.free_iterations ?? 0),
          after_iteration,
          duration_ms: Number(metadata["duration_ms"] ?? 0),
          is_paused: isPaused,
          is_failed: isFailed,
        };
        const input: RunInput = {
          ...before,
          agent_id: agent.id,
          model_id: model.model_id,
          edit_mode: other.editMode ?? before.edit_mode,
          user_name: sender.name,
          resumes: waiting?.task_id ?? old.id,
          earlier,
        };
        const task = await turns.insert(tx, sender.id, input, question.content);
        await store.moveQueue(tx, before.chat_id, old.id, task.id, reason);
        await store.reopenMessage(tx, before.message_id, {
          ...runMetadata(task, input, agent.agent_type),
          goes_on_after: after_iteration,
        });
        return task;
      });
    },
  };
}
