import {
  maxQueued,
  type Queue as QueueBody,
  type QueueHold,
  type QueueItem,
  type QueueMessage,
  type SendMessage,
} from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { AppError, badRequest, invalid, limitReached, notFound } from "../../../platform/errors.ts";
import type { NewEvent } from "../../../platform/event-table.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Attachments } from "../attachments/index.ts";
import { steeringMessage } from "@tesslate/agent";
import type { ChatStore, Conversations } from "../chats/index.ts";
import { editModeFor, refuseSteering, type RunHandle, type Runs, type Sender } from "../runs/index.ts";
import type { TaskRow } from "../../core/tasks/index.ts";
import type { QueueStore } from "./queue.store.ts";
import type { QueuedRow } from "../../../db/schema/agent/chats.ts";

export interface QueueOptions {
  store: QueueStore;
  chats: Pick<ChatStore, "findChat" | "findActiveRun" | "findRunOfQueued" | "insertChat">;
  runs: Pick<Runs, "ownChat" | "start" | "latestChat">;
  projects: { require(userId: string, ref: string): Promise<{ id: string }> };
  attachments: Pick<Attachments, "require" | "assign">;
  conversations: Pick<Conversations, "entries" | "append">;
  /** Starts the app of a project, beside the run that the first message starts. Never throws. */
  startApp(projectId: string): Promise<void>;
  events: EventLog;
  log: Logger;
}
interface QueueChat {
  id: string;
  project_id: string;
}
/** A queued message whose run is awaited. */
export interface Waiting {
  project_id: string;
  chat_id: string;
  item_id: string;
  /** The last event of the project before it was queued. */
  after_seq: number;
}
/** The message was sent by another process or removed by a person. */
class AlreadyClaimed extends Error {
  override readonly name = "AlreadyClaimed";
}

export type MessageQueue = ReturnType<typeof createMessageQueue>;
/**
 * Messages that wait for a run to end, and messages that steer the active run. A message is deleted in the transaction that starts a run with it
 * or adds it to the active run, so it is sent exactly once, with any number of processes and crashes.
 */
export function createMessageQueue({ store, chats, runs, projects, attachments, conversations, startApp, events, log }: QueueOptions) {
  const own = async (userId: string, chatId: string): Promise<QueueChat> => {
    const { id, project_id } = await runs.ownChat(userId, chatId);
    if (project_id === null) throw notFound("Project");
    return { id, project_id };
  };
  const changed = (chatId: string) => ({ type: "queue_changed" as const, data: { chat_id: chatId } });
  /** One change with its event, in one transaction. */
  const change = async <T>({ id, project_id }: QueueChat, work: (tx: Queries) => Promise<T>): Promise<T> => {
    let outcome: { value: T } | undefined;
    await events.appendWith(project_id, async (tx) => {
      await store.lock(tx, id);
      outcome = { value: await work(tx) };
      return [changed(id)];
    });
    if (!outcome) throw new Error("the queue was not changed");
    return outcome.value;
  };

  /** Starts a run with the message. Throws `AlreadyClaimed` and what sending throws. `workspace`: instead of the message's. */
  const startWith = async ({ id, project_id }: QueueChat, row: QueuedRow, workspace = row.options.workspace): Promise<TaskRow> => {
    const { starts_app: startsApp, ...options } = row.options;
    if (startsApp) await startApp(project_id);
    const task = await runs.start(
      { id: row.user_id, name: row.user_name },
      // A queued message cannot ask the person.
      { ...options, workspace: workspace === "ask" ? null : workspace, message: row.message, project_id, chat_id: id },
      {
        queued_id: row.id,
        claim: async (tx) => {
          if (!(await store.remove(tx, id, row.id))) throw new AlreadyClaimed();
        },
      },
    );
    await events.append(project_id, changed(id));
    return task;
  };

  /** Sends the next message if no run is active and the queue is not on hold. A failure puts it on hold; `isRequested` also throws it. */
  const advance = async (queueChat: QueueChat, isRequested = false): Promise<TaskRow | undefined> => {
    for (;;) {
      const next = await store.first(queueChat.id);
      if (!next || next.held || (await chats.findActiveRun(queueChat.id))) return undefined;
      try {
        return await startWith(queueChat, next);
      } catch (error) {
        if (error instanceof AlreadyClaimed) continue;
        // The active run, of this chat or of another one of the project, advances the queue when it ends.
        if (error instanceof AppError && (error.code === "chat_busy" || error.code === "run_active")) return undefined;
        const isPublic = error instanceof AppError;
        if (!isPublic) log.error({ err: error, chat_id: queueChat.id }, "queued message not sent");
        const held: QueueHold = isPublic
          ? { reason: error.code, message: error.message }
          : { reason: "internal_error", message: "The next message could not be sent." };
        await change(queueChat, (tx) => store.hold(tx, queueChat.id, held));
        if (isRequested) throw error;
        return undefined;
      }
    }
  };

  const add = async (queueChat: QueueChat, sender: Sender, body: QueueMessage, steerTaskId: string | null): Promise<QueuedRow> => {
    const { message, ...options } = body;
    // Checked now: attachments of a queued message are not deleted.
    await attachments.require(sender.id, queueChat.project_id, body.attachments ?? []);
    return change(queueChat, async (tx) => {
      const waiting = await store.list(queueChat.id, tx);
      if (waiting.length >= maxQueued)
        throw limitReached("queue_full", `The queue is full (${maxQueued} messages). Remove one, or wait for the agent.`, {
          used: maxQueued,
          limit: maxQueued,
        });
      return store.insert(tx, {
        chat_id: queueChat.id,
        user_id: sender.id,
        user_name: sender.name,
        message: message.trim(),
        options: { ...options, edit_mode: editModeFor(sender, options.edit_mode) },
        steer_task_id: steerTaskId,
        held: waiting[0]?.held ?? null,
      });
    });
  };

  const addFirst = async (tx: Queries, sender: Sender, projectId: string, { message, ...options }: QueueMessage): Promise<string> => {
    await attachments.assign(tx, sender.id, projectId, options.attachments ?? []);
    const { id } = await chats.insertChat(tx, { user_id: sender.id, project_id: projectId });
    await store.insert(tx, {
      chat_id: id,
      user_id: sender.id,
      user_name: sender.name,
      message: message.trim(),
      options: { ...options, edit_mode: editModeFor(sender, options.edit_mode), starts_app: true },
    });
    return id;
  };

  return {
    list: async (userId: string, chatId: string): Promise<QueueBody> => {
      const { id } = await own(userId, chatId);
      const [rows, run] = await Promise.all([store.list(id), chats.findActiveRun(id)]);
      return {
        items: rows.map((row) => present(row, run?.id)),
        total: rows.length,
        page: 1,
        total_pages: rows.length === 0 ? 0 : 1,
        held: rows[0]?.held ?? null,
        max_items: maxQueued,
      };
    },

    /** Throws `queue_full`, and 404 for unknown attachments. `task` is the run that it started, if it was sent at once. */
    add: async (sender: Sender, chatId: string, body: QueueMessage): Promise<{ item: QueueItem; task: TaskRow | undefined }> => {
      const queueChat = await own(sender.id, chatId);
      if (body.message.trim() === "" && !body.attachments?.length)
        throw invalid(["body", "message"], "Enter a message or attach a file", "too_short");
      const row = await add(queueChat, sender, body, null);
      return { item: present(row, undefined), task: await advance(queueChat) };
    },

    /**
     * Starts a run with a message. One that has to wait for another run of the project is queued in its chat instead. Throws what starting a run
     * throws, and `queue_full`.
     */
    send: async (sender: Sender, { project_id: ref, chat_id, ...body }: SendMessage): Promise<{ task: TaskRow } | { waiting: Waiting }> => {
      try {
        return { task: await runs.start(sender, { ...body, project_id: ref, ...(chat_id && { chat_id }) }) };
      } catch (error) {
        // `ask`: the person has the message, and decides.
        if (!(error instanceof AppError && error.code === "run_active") || body.workspace === "ask") throw error;
      }
      const { id: project_id } = await projects.require(sender.id, ref);
      const queueChat = { id: chat_id ?? (await runs.latestChat(sender.id, project_id)).id, project_id };
      const afterSeq = await events.lastSeq(project_id);
      const row = await add(queueChat, sender, { ...body, workspace: "wait" }, null);
      const task = await advance(queueChat);
      return task ? { task } : { waiting: { project_id, chat_id: queueChat.id, item_id: row.id, after_seq: afterSeq } };
    },
    /** Resolves with the run that a waiting message starts; undefined when it was removed or the signal aborts. */
    started: async ({ project_id, chat_id, item_id, after_seq }: Waiting, signal: AbortSignal): Promise<TaskRow | undefined> => {
      for await (const event of events.follow(project_id, { afterSeq: after_seq, signal })) {
        if (event.type !== "queue_changed" || event.data.chat_id !== chat_id) continue;
        if ((await store.list(chat_id)).some(({ id }) => id === item_id)) continue;
        return chats.findRunOfQueued(chat_id, item_id);
      }
      return undefined;
    },

    /** Queues the first message of a project in a new chat, in the transaction that creates the project. Returns the chat's id. */
    addFirst,
    /** Queues a message in a new chat, and sends it if it need not wait. `created` is called in the transaction that creates the chat, and returns its events. */
    addInNewChat: async (
      sender: Sender,
      projectId: string,
      message: QueueMessage,
      created: (tx: Queries, chatId: string) => Promise<NewEvent[]>,
    ): Promise<string> => {
      let chatId = "";
      await events.appendWith(projectId, async (tx) => {
        chatId = await addFirst(tx, sender, projectId, message);
        return [...(await created(tx, chatId)), changed(chatId)];
      });
      await advance({ id: chatId, project_id: projectId });
      return chatId;
    },
    /** Sends the messages that waited for the setup of their project. Never throws. */
    afterSetup: async (projectId: string): Promise<void> => {
      try {
        for (const id of await store.listChats(projectId)) await advance({ id, project_id: projectId });
      } catch (err) {
        log.error({ err, project_id: projectId }, "first message not sent");
      }
    },

    update: async (
      sender: Sender,
      chatId: string,
      itemId: string,
      { message, before, edit_mode }: { message?: string; before?: string | null; edit_mode?: QueueItem["edit_mode"] },
    ): Promise<QueueItem> => {
      const queueChat = await own(sender.id, chatId);
      const run = await chats.findActiveRun(queueChat.id);
      const row = await change(queueChat, async (tx) => {
        const rows = await store.list(queueChat.id, tx);
        const item = rows.find((one) => one.id === itemId);
        if (!item) throw notFound("Queued message");
        if (before !== undefined) {
          const rest = rows.filter((one) => one.id !== itemId);
          const at = before === null ? rest.length : rest.findIndex((one) => one.id === before);
          if (before !== itemId && at < 0) throw notFound("Queued message");
          const sorted = before === itemId ? rows : rest.toSpliced(at, 0, item);
          // A moved message no longer steers, nor does one whose run has ended.
          for (const [position, one] of sorted.entries())
            await store.update(tx, queueChat.id, one.id, {
              position,
              steer_task_id: one.id !== itemId && one.steer_task_id === run?.id ? one.steer_task_id : null,
            });
        }
        const written = await store.update(tx, queueChat.id, itemId, {
          message: message?.trim() ?? item.message,
          // The edit mode is limited by the permissions of the editor.
          options: { ...item.options, edit_mode: editModeFor(sender, edit_mode ?? item.options.edit_mode) },
        });
        if (!written) throw notFound("Queued message");
        return written;
      });
      return present(row, run?.id);
    },

    remove: async (userId: string, chatId: string, itemId: string): Promise<void> => {
      const queueChat = await own(userId, chatId);
      await change(queueChat, async (tx) => {
        if (!(await store.remove(tx, queueChat.id, itemId))) throw notFound("Queued message");
      });
    },

    /** Steers the active run with the message; without one, sends it at once, even if the queue is on hold. Returns that run. */
    steerNow: async (sender: Sender, chatId: string, itemId: string): Promise<TaskRow | undefined> => {
      const queueChat = await own(sender.id, chatId);
      refuseSteering(sender);
      const run = await chats.findActiveRun(queueChat.id);
      const row = await change(queueChat, async (tx) => {
        const written = await store.update(
          tx,
          queueChat.id,
          itemId,
          run
            ? { steer_task_id: run.id }
            : {
                // First in the queue, in case it cannot be sent now.
                position: ((await store.list(queueChat.id, tx))[0]?.position ?? 0) - 1,
              },
        );
        if (!written) throw notFound("Queued message");
        if (run && written.options.attachments?.length)
          throw badRequest("A running agent accepts text only. Messages with attachments wait in the queue.");
        return written;
      });
      if (run) return (await advance(queueChat)) ?? run;
      try {
        // Sending it now is the decision not to wait.
        return await startWith(queueChat, row, row.options.workspace === "wait" ? "project" : row.options.workspace);
      } catch (error) {
        if (error instanceof AlreadyClaimed) throw notFound("Queued message");
        throw error;
      }
    },

    /** Steers the active run; if it ends before, the text becomes the next message. Throws `queue_full`. */
    steer: async (sender: Sender, chatId: string, body: QueueMessage): Promise<{ id: string; task: TaskRow | undefined }> => {
      const queueChat = await own(sender.id, chatId);
      refuseSteering(sender);
      const run = await chats.findActiveRun(queueChat.id);
      const row = await add(queueChat, sender, { ...body, attachments: null }, run?.id ?? null);
      return { id: row.id, task: (await advance(queueChat)) ?? run };
    },

    /** Resumes a queue on hold. Throws what sending its first message throws; then it is on hold again. */
    resume: async (userId: string, chatId: string): Promise<TaskRow | undefined> => {
      const queueChat = await own(userId, chatId);
      await change(queueChat, (tx) => store.hold(tx, queueChat.id, null));
      return advance(queueChat, true);
    },

    /** Takes the steering messages for the next model call: removes them from the queue, stores them in the message and the record, and emits them. */
    takeSteering: async ({ task, input, emitter }: RunHandle, iteration: number): Promise<string[]> => {
      if (!(await store.hasSteering(task.id))) return [];
      let texts: string[] = [];
      await emitter.emitWith(async (tx) => {
        const taken = await store.takeSteering(tx, { task_id: task.id, message_id: input.message_id }, iteration);
        texts = taken.map((one) => one.text);
        const place = { ...input, task_id: task.id };
        const ids = taken.map(({ id }) => id);
        await conversations.append(tx, conversations.entries(place, texts.map(steeringMessage), ids));
        return taken.map(({ id, text, at }) => ({ type: "steered" as const, data: { id, message: text, iteration, at } }));
      });
      return texts;
    },

    /**
     * After a run: sends the next message, or emits that the queue is on hold; then the messages of other chats of the project that waited for the
     * run. Never throws.
     */
    afterRun: async (chatId: string): Promise<void> => {
      try {
        const row = await chats.findChat(chatId);
        if (!row?.project_id) return;
        const { project_id } = row;
        if (await store.first(chatId)) {
          await events.append(project_id, changed(chatId));
          await advance({ id: chatId, project_id });
        }
        for (const id of await store.listChats(project_id)) if (id !== chatId) await advance({ id, project_id });
      } catch (err) {
        log.error({ err, chat_id: chatId }, "queue not advanced");
      }
    },

    /** Advances queues whose process died between two runs. */
    sweep: async (): Promise<void> => {
      for (const chatId of await store.listStuck()) {
        const row = await chats.findChat(chatId);
        if (row?.project_id)
          await advance({ id: chatId, project_id: row.project_id }).catch((err: unknown) =>
            log.error({ err, chat_id: chatId }, "queue not advanced"),
          );
      }
    },
  };
}

const present = (row: QueuedRow, activeRunId: string | undefined): QueueItem => ({
  id: row.id,
  message: row.message,
  edit_mode: row.options.edit_mode ?? "ask",
  model: row.options.model ?? null,
  workspace: row.options.workspace ?? null,
  attachment_count: row.options.attachments?.length ?? 0,
  is_steering: activeRunId !== undefined && row.steer_task_id === activeRunId,
  created_at: row.created_at,
});
