import type { ChatRow } from "../../../db/schema/agent/chats.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { notFound } from "../../../platform/errors.ts";
import type { TaskRow } from "../../core/tasks/index.ts";
import { messageOfRun, type ChatStore } from "../chats/index.ts";

/** The person's chat. Throws 404, also when it is in another project. */
export async function requireOwnChat(
  chats: Pick<ChatStore, "findChat">,
  userId: string,
  chatId: string,
  projectId?: string,
): Promise<ChatRow> {
  const chat = await chats.findChat(chatId);
  if (!chat || chat.user_id !== userId || (projectId !== undefined && chat.project_id !== projectId)) throw notFound("Chat");
  return chat;
}

export type RunAccess = ReturnType<typeof createRunAccess>;
/** Reads a person's own chats and runs. */
export function createRunAccess({
  chats,
  projects,
}: {
  chats: ChatStore;
  projects: { require(userId: string, ref: string): Promise<ProjectRow> };
}) {
  const ownChat = (userId: string, chatId: string, projectId?: string): Promise<ChatRow> =>
    requireOwnChat(chats, userId, chatId, projectId);
  return {
    ownChat,
    ownRun: async (userId: string, taskId: string): Promise<TaskRow> => {
      const task = await chats.findRun(taskId);
      if (!task || task.user_id !== userId) throw notFound("Run");
      return task;
    },
    findMessage: (id: string) => chats.findMessage(id),
    isRunOf: async (taskId: string, chatId: string): Promise<boolean> => (await chats.findRun(taskId))?.chat_id === chatId,
    /** The active run, to follow it again after a reload. */
    active: async (userId: string, projectRef: string, chatId: string | undefined) => {
      const project = await projects.require(userId, projectRef);
      if (chatId !== undefined) await ownChat(userId, chatId, project.id);
      const run = chatId === undefined ? await chats.findActiveRunOfProject(userId, project.id) : await chats.findActiveRun(chatId);
      return run
        ? { task_id: run.id, chat_id: run.chat_id ?? "", message: messageOfRun(run), started_at: run.started_at ?? run.created_at }
        : null;
    },
  };
}
