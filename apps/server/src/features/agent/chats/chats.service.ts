import type { Chat, ChatMessage, ChatSession } from "@tesslate/contract";
import { conflict, notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { TaskRow } from "../../core/tasks/index.ts";
import type { ChatStore, ChatWithCount } from "./chats.store.ts";
import type { ConversationStore } from "./conversation.store.ts";
import type { MessageRow } from "../../../db/schema/agent/chats.ts";
import type { FinishOrphans } from "./orphaned-answers.ts";
import { hiddenMessages } from "./rewinds.service.ts";
import type { RewindsStore } from "./rewinds.store.ts";

/** The first 200 characters of the message that a run answers. */
export const messageOfRun = (run: TaskRow): string => String(run.metadata["message"] ?? "");

/** Thrown where a chat must have no active run. */
export const chatBusy = (taskId: string) =>
  conflict("chat_busy", "A run is active in this chat. Wait for it to end, or stop it.", { task_id: taskId });

/** The newest messages that `get` returns. */
const shownMessages = 200;

/** What chats need of runs. */
export interface ChatRuns {
  /** The request that the chat's run waits on. */
  pendingRequest(chatId: string): Promise<Pick<Chat, "pending_approval" | "pending_question">>;
  /** Stops the chat's run, if any. */
  stopRun(chatId: string): Promise<void>;
}

export interface ChatsOptions {
  store: ChatStore;
  conversations: Pick<ConversationStore, "copy">;
  runs: ChatRuns;
  finishOrphans: FinishOrphans;
  projects: { require(userId: string, ref: string): Promise<ProjectRow> };
  lastRewind: RewindsStore["findLast"];
  /** Called after messages of a project were deleted. Must not throw. */
  onMessagesDeleted(projectId: string): Promise<void>;
}

export type Chats = ReturnType<typeof createChats>;
/** Chats and their messages. */
export function createChats({ store, conversations, runs, finishOrphans, projects, lastRewind, onMessagesDeleted }: ChatsOptions) {
  const own = async (userId: string, chatId: string): Promise<ChatWithCount> => {
    const chat = await store.findChat(chatId);
    if (!chat || chat.user_id !== userId) throw notFound("Chat");
    return chat;
  };

  /** Messages with their steps. Answers whose run no longer exists are finished first. */
  const presentMessages = async (rows: MessageRow[]): Promise<ChatMessage[]> => {
    const finished = await finishOrphans(rows);
    const steps = await store.listSteps(finished.filter((m) => m.role === "assistant" && m.message_metadata).map((m) => m.id));
    return finished.map(({ id, chat_id, role, content, message_metadata, created_at }) => ({
      id,
      chat_id,
      role,
      content,
      message_metadata:
        role === "assistant" && message_metadata
          ? { ...message_metadata, steps: steps.filter((s) => s.message_id === id).map((s) => s.step_data) }
          : message_metadata,
      created_at,
    }));
  };

  const present = ({
    id,
    project_id,
    title,
    origin,
    status,
    pinned,
    created_at,
    updated_at,
    message_count,
    card,
  }: ChatWithCount): ChatSession => ({
    id,
    project_id,
    title,
    origin,
    status,
    pinned,
    created_at,
    updated_at,
    message_count,
    card,
  });
  const presentWithMessages = async (chat: ChatWithCount): Promise<Chat> => {
    const [{ rows, run }, pending, rewind] = await Promise.all([
      store.latest(chat.id, shownMessages),
      runs.pendingRequest(chat.id),
      lastRewind(chat.id),
    ]);
    const rewound = hiddenMessages(rewind, rows[0]);
    return {
      ...present(chat),
      user_id: chat.user_id,
      messages: await presentMessages(rows.toReversed()),
      rewound:
        rewound.length === 0
          ? null
          : rewound.slice(0, shownMessages).map(({ id, chat_id, role, content, message_metadata, created_at }) => ({
              id,
              chat_id,
              role,
              content,
              message_metadata,
              created_at,
            })),
      active_task: run ? { task_id: run.id, message: messageOfRun(run), started_at: run.started_at ?? run.created_at } : null,
      ...pending,
      todos: chat.todos,
    };
  };

  return {
    history: async (userId: string, projectRef: string, query: PageQuery & { chat_id?: string; order?: "asc" | "desc" }) => {
      const project = await projects.require(userId, projectRef);
      const chat = query.chat_id === undefined ? undefined : await own(userId, query.chat_id);
      if (chat && chat.project_id !== project.id) throw notFound("Chat");
      const page = pageOf(query);
      const { limit, offset } = page;
      const part = { limit, offset, order: query.order ?? "asc" };
      const { rows, total } = await (chat ? store.listMessages(chat.id, part) : store.listMessagesOfProject(userId, project.id, part));
      return page.envelope(await presentMessages(rows), total);
    },
    list: async (userId: string, query: PageQuery & { project_id?: string }) => {
      const projectId = query.project_id === undefined ? undefined : (await projects.require(userId, query.project_id)).id;
      const page = pageOf(query);
      const { rows, total } = await store.listChats(userId, projectId, page);
      return page.envelope(rows.map(present), total);
    },
    create: async (userId: string, body: { project_id: string; title?: string | null }): Promise<Chat> => {
      const project = await projects.require(userId, body.project_id);
      const row = await store.transaction((tx) =>
        store.insertChat(tx, { user_id: userId, project_id: project.id, title: body.title?.trim() || null }),
      );
      return presentWithMessages({ ...row, message_count: 0, card: null });
    },
    get: async (userId: string, chatId: string): Promise<Chat> => presentWithMessages(await own(userId, chatId)),
    update: async (
      userId: string,
      chatId: string,
      change: { title?: string | null; status?: "active" | "archived"; pinned?: boolean },
    ): Promise<ChatSession> => {
      const chat = await own(userId, chatId);
      // Unarchiving does not override the status that a run has set.
      const status = change.status === "active" && chat.status !== "archived" ? undefined : change.status;
      if (change.pinned !== undefined) await store.setPinned(chat.id, change.pinned);
      if (change.title !== undefined || status !== undefined)
        await store.transaction((tx) =>
          store.updateChat(tx, chat.id, {
            ...(change.title !== undefined && { title: change.title?.trim() || null }),
            ...(status !== undefined && { status }),
          }),
        );
      return present(await own(userId, chatId));
    },
    /** A new chat with the messages up to this one. Files do not change. */
    fork: async (userId: string, chatId: string, body: { message_id: string; title?: string | null }): Promise<Chat> => {
      const chat = await own(userId, chatId);
      const message = await store.findMessage(body.message_id);
      if (message?.chat_id !== chat.id) throw notFound("Message");
      const { title, project_id, allowed_tools, todos, seen_files } = chat;
      const made = await store.transaction(async (tx) => {
        const row = await store.insertChat(tx, {
          user_id: userId,
          project_id,
          title: body.title?.trim() || (title === null ? null : `${title} (2)`.slice(0, 255)),
          allowed_tools,
          todos,
          seen_files,
        });
        await store.copyMessages(tx, chat.id, row.id, message.position);
        await store.copySummary(tx, chat.id, row.id);
        await conversations.copy(tx, chat.id, row.id);
        await store.copyPlan(tx, chat.id, row.id);
        return row;
      });
      return presentWithMessages(await own(userId, made.id));
    },
    /** Deletes all messages. Throws `chat_busy` while a run is active. */
    clear: async (userId: string, chatId: string): Promise<number> => {
      const chat = await own(userId, chatId);
      const cleared = await store.transaction(async (tx) => {
        await store.lock(tx, `chat:${chat.id}`);
        const run = await store.findActiveRun(chat.id, tx);
        if (run) throw chatBusy(run.id);
        return store.clear(tx, chat.id);
      });
      if (chat.project_id) await onMessagesDeleted(chat.project_id);
      return cleared;
    },
    /** Deletes the chat; stops its run first. */
    remove: async (userId: string, chatId: string): Promise<void> => {
      const chat = await own(userId, chatId);
      const { project_id } = chat;
      await runs.stopRun(chat.id);
      await store.transaction((tx) => store.removeChat(tx, chat.id));
      if (project_id) await onMessagesDeleted(project_id);
    },
  };
}
