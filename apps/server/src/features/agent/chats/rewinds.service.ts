import type { Queries } from "../../../platform/database.ts";
import { badRequest, conflict, notFound } from "../../../platform/errors.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { taskLinks, type TaskRow } from "../../core/tasks/index.ts";
import type { ChatStore } from "./chats.store.ts";
import type { ChatRow, MessageRow, RewindRow } from "../../../db/schema/agent/chats.ts";
import type { RewindsStore } from "./rewinds.store.ts";

/** The change of a chat, or of all chats of a project, that follows the restore of the files. */
export type ConversationChange =
  | { message_id: string; redo_checkpoint_id: string }
  /** Both ids of what a redo restores are those of a checkpoint or of the safety snapshot of the state before. */
  | { project_id: string; since: string; redo_point_id: string }
  /** The redo of one of these. */
  | { redone_point_id: string };

/** The messages that the last restore of a chat removed, unless the chat has newer ones. `last`: the newest message of the chat. */
export const hiddenMessages = (rewind: RewindRow | undefined, last: Pick<MessageRow, "position"> | undefined): MessageRow[] => {
  const [first] = rewind?.messages ?? [];
  return rewind && first && (last?.position ?? -1) < first.position ? rewind.messages : [];
};

/** Checkpoints of the project's files, and snapshots. */
export interface RewindCheckpoints {
  /** The checkpoint before the run that answered this message. */
  before(messageId: string): Promise<{ id: string; title: string; project_id: string } | undefined>;
  /** The project or branch whose files a checkpoint or snapshot has. */
  projectOf(pointId: string): Promise<string | undefined>;
  /** Saves the current files. */
  save(project: ProjectRow, facts: { label: string; chat_id: string }): Promise<{ id: string }>;
  /**
   * `done_label`: names the checkpoint of the result. `before_id`: the checkpoint that has the state before. `databases_from`: the snapshot whose databases are restored too; then the current files and databases are saved as a safety snapshot, whose id
   * `conversation` gets. Throws `project_busy`, `snapshot_pending`, `run_active`, `snapshot_not_ready`.
   */
  restore(
    project: ProjectRow,
    userId: string,
    checkpoint: { id: string; label: string; done_label: string; commit_subject: string; before_id?: string; databases_from?: string },
    conversation: (safetySnapshotId: string | null) => ConversationChange,
  ): Promise<TaskRow>;
}

export type Rewinds = ReturnType<typeof createRewinds>;

/** Restores files and chat to before a message, and redoes that. */
export function createRewinds({
  store,
  chats,
  ownChat,
  branchOf,
  projects,
  checkpoints,
}: {
  store: RewindsStore;
  chats: ChatStore;
  ownChat: (userId: string, chatId: string) => Promise<ChatRow>;
  /** The branch in which a chat works. */
  branchOf(chatId: string): Promise<ProjectRow | undefined>;
  projects: { require(userId: string, ref: string): Promise<ProjectRow> };
  checkpoints: RewindCheckpoints;
}) {
  const open = async (userId: string, chatId: string) => {
    const chat = await ownChat(userId, chatId);
    if (chat.project_id === null) throw notFound("Project");
    const project = await projects.require(userId, chat.project_id);
    return { chat, working: (await branchOf(chat.id)) ?? project };
  };
  const refuseElsewhere = (working: ProjectRow, projectId: string | undefined) => {
    if (projectId === undefined || projectId === working.id) return;
    throw conflict(
      "conflict",
      working.branch_of === null
        ? "The files of this message were in a branch that was merged or discarded."
        : "This message is older than the branch. Merge or discard the branch first.",
    );
  };
  const inChat = (chatId: string, work: (tx: Queries) => Promise<void>): Promise<void> =>
    chats.transaction(async (tx) => {
      await chats.lock(tx, `chat:${chatId}`);
      await work(tx);
      await chats.updateChat(tx, chatId, {});
    });
  /** Hides this message and all later ones of its chat. */
  const hide = (question: MessageRow, pointId: string) => inChat(question.chat_id, (tx) => store.removeMessages(tx, question, pointId));
  /** Brings back what a restore removed from a chat, unless the chat has newer messages. */
  const bringBack = (chatId: string, pointId: string) =>
    inChat(chatId, async (tx) => {
      const rewind = await store.findOf(tx, chatId, pointId);
      const last = await chats.findLastMessage(tx, chatId);
      if (rewind && !(last && last.position >= (rewind.messages[0]?.position ?? 0))) await store.restoreMessages(tx, rewind);
    });
  return {
    restore: async (userId: string, chatId: string, { message_id, databases_from }: { message_id: string; databases_from?: string }) => {
      const { chat, working } = await open(userId, chatId);
      const message = await chats.findMessage(message_id);
      const question = message?.chat_id === chat.id ? await store.findQuestion(message) : undefined;
      if (!question) throw notFound("Message");
      const checkpoint = await checkpoints.before(question.id);
      if (!checkpoint) throw badRequest("The checkpoint before this message has been deleted.", "snapshot_not_ready");
      refuseElsewhere(working, checkpoint.project_id);
      const label = `before “${checkpoint.title}”`;
      // The safety snapshot of a restore with databases is what a redo restores.
      const redo =
        databases_from === undefined
          ? await checkpoints.save(working, { label: `Before undoing “${checkpoint.title}”`, chat_id: chat.id })
          : undefined;
      return taskLinks(
        await checkpoints.restore(
          working,
          userId,
          {
            id: checkpoint.id,
            label,
            done_label: `Undid “${checkpoint.title}”`,
            commit_subject: `Go back to ${label}`,
            ...(redo && { before_id: redo.id }),
            ...(databases_from !== undefined && { databases_from }),
          },
          (safetySnapshotId) => ({ message_id: question.id, redo_checkpoint_id: redo?.id ?? safetySnapshotId ?? checkpoint.id }),
        ),
      );
    },
    redo: async (userId: string, chatId: string) => {
      const { chat, working } = await open(userId, chatId);
      const rewind = await store.findLast(chat.id);
      const last = await chats.transaction((tx) => chats.findLastMessage(tx, chat.id));
      if (!rewind || hiddenMessages(rewind, last).length === 0)
        throw conflict("nothing_to_redo", "There is nothing to redo: the chat has newer messages.");
      refuseElsewhere(working, await checkpoints.projectOf(rewind.checkpoint_id));
      const undone = await checkpoints.before(rewind.messages[0]?.id ?? "");
      // Files that were changed after the undo are lost otherwise.
      const before = await checkpoints.save(working, {
        label: undone ? `Before redoing “${undone.title}”` : "Before a redo",
        chat_id: chat.id,
      });
      return taskLinks(
        await checkpoints.restore(
          working,
          userId,
          {
            id: rewind.checkpoint_id,
            label: "where you were",
            done_label: undone ? `Redid “${undone.title}”` : "Redid what was undone",
            commit_subject: "Redo what was undone",
            before_id: before.id,
          },
          () => ({ redone_point_id: rewind.checkpoint_id }),
        ),
      );
    },
    /** Called after the files are restored. Safe to repeat. */
    apply: async (change: ConversationChange): Promise<void> => {
      if ("since" in change) {
        for (const question of await store.findFirstQuestionsSince(change.project_id, change.since)) {
          // The runs of a chat with a branch changed the branch only.
          const branch = await branchOf(question.chat_id);
          if (branch === undefined || branch.id === change.project_id) await hide(question, change.redo_point_id);
        }
      } else if ("message_id" in change) {
        const question = await chats.findMessage(change.message_id);
        if (question) await hide(question, change.redo_checkpoint_id);
      } else for (const chatId of await store.findChatsOf(change.redone_point_id)) await bringBack(chatId, change.redone_point_id);
    },
  };
}
