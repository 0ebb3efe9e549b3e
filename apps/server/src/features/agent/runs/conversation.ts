import type { AgentDeps, AgentStep, Message, RunOptions, SeenFiles, Todo } from "@tesslate/agent";
import type { Queries } from "../../../platform/database.ts";
import { promptText, type AttachmentReader, type ChatStore, type Conversations } from "../chats/index.ts";
import type { ToolImages } from "../attachments/index.ts";
import type { Approvals } from "./approvals.ts";
import type { NewRunEvent } from "./events.ts";
import type { Questions } from "./questions.ts";
import type { PreparedRun, RunHandle } from "./run.ts";

type RequestEvent = Extract<Parameters<AgentDeps["emit"]>[0], { type: "approval_required" | "question_asked" }>;

export type RunConversation = ReturnType<typeof createRunConversation>;
/** What a run gets from its chat and gives to it: record, attachments, images of results, steering, to-dos, and requests to the person. */
export function createRunConversation({
  chats,
  approvals,
  questions,
  attachments,
  conversations,
  toolImages,
  takeSteering,
  syncPlan,
}: {
  chats: ChatStore;
  approvals: Approvals;
  questions: Questions;
  attachments: AttachmentReader;
  conversations: Conversations;
  toolImages: ToolImages;
  /** Moves the steering messages for the next model call from the queue to the record and returns them. */
  takeSteering(run: RunHandle, iteration: number): Promise<string[]>;
  /** Updates the plan from the to-do list, in the same transaction. */
  syncPlan(tx: Queries, chatId: string, todos: readonly Todo[]): Promise<NewRunEvent[]>;
}) {
  return {
    /** The message and the record. Without `canSee`, images of the message are only named. */
    read: async (
      { question }: PreparedRun,
      canSee: boolean,
    ): Promise<Pick<RunOptions, "message" | "attached" | "images" | "mentions"> & { conversation: Message[] }> => ({
      message: promptText(question),
      ...(await attachments.forQuestion(question, canSee)),
      conversation: await conversations.forRun(question),
    }),
    /**
     * Whether a run that is resumed had begun: its message is in the record. The record of a run from before there were records is built from its
     * `steps`; undefined if it made none.
     */
    hasBegun: async ({ question, input }: PreparedRun, steps: readonly AgentStep[] | undefined): Promise<boolean> => {
      if (await conversations.isRecorded(question.id)) return true;
      if (!steps) return false;
      await conversations.adopt(question, input.message_id, steps);
      return true;
    },
    /** The messages with the data of their images. */
    withImages: attachments.withData,
    /** Prepares messages for `append`. */
    entries: ({ task, input }: RunHandle, messages: readonly Message[]) => conversations.entries({ ...input, task_id: task.id }, messages),
    /** Extends the record. */
    append: conversations.append,
    seenFiles: ({ chat }: PreparedRun): SeenFiles & { save(): Promise<void> } => {
      const seen = createSeenFiles(chat.seen_files);
      return { ...seen, save: () => chats.setSeenFiles(chat.id, seen.toRecord()) };
    },

    /** Stores a request to the person and emits it. */
    openRequest: ({ task, chat, emitter }: PreparedRun, event: RequestEvent): Promise<void> =>
      emitter.emitWith(async (tx) => {
        const owner = { user_id: task.user_id, chat_id: chat.id, task_id: task.id };
        if (event.type === "question_asked") {
          const expires_at = await questions.open(tx, owner, event.data, event.pending);
          return [{ type: "question_asked", data: { ...event.data, expires_at } }];
        }
        const { approval_id: id, tool_name, tool_parameters, tool_description } = event.data;
        const expires_at = await approvals.open(tx, { ...owner, id, tool_name, tool_parameters, tool_description, pending: event.pending });
        return [{ type: "approval_required", data: { ...event.data, expires_at } }];
      }),

    /** What the agent asks of the chat while it runs. */
    hooks: ({
      task,
      input,
      emitter,
      chat,
      project,
    }: PreparedRun): Pick<AgentDeps, "approve" | "ask" | "images" | "takeSteering" | "todos"> => ({
      images: toolImages.of({ user_id: task.user_id, project_id: project.id }),
      approve: async (request, waitSignal) => {
        const { decision, note, row } = await approvals.wait(request.approval_id, waitSignal);
        await emitter.emitWith(async (tx) => {
          await chats.setStatus(tx, chat.id, "running");
          const data = {
            approval_id: request.approval_id,
            response: decision,
            note: note ?? null,
            by: decision === "timeout" ? null : row.user_id,
            at: row.answered_at ?? new Date().toISOString(),
          };
          return [{ type: "approval_resolved", data }];
        });
        return { decision, ...(note !== undefined && { note }) };
      },
      ask: (request, waitSignal) => questions.ask(chat.id, request, emitter, waitSignal),
      takeSteering: (iteration) => takeSteering({ task, input, emitter }, iteration),
      todos: {
        read: async () => (await chats.findChat(chat.id))?.todos ?? [],
        write: async (todos) => {
          await emitter.emitWith(async (tx): Promise<NewRunEvent[]> => {
            const planEvents = await syncPlan(tx, chat.id, todos);
            await chats.updateChat(tx, chat.id, { todos });
            return [{ type: "todo_updated", data: { todos } }, ...planEvents];
          });
        },
      },
    }),
  };
}

/** The least recently seen files are dropped first; the agent then reads them again. */
const maxSeenFiles = 500;

/**
 * Files that the agent saw in earlier runs of the chat and in this one, to detect changes by others since. To replace a whole file
 * the agent still reads it again in each run, because the earlier content is no longer in the conversation.
 */
function createSeenFiles(before: Readonly<Record<string, string>>): SeenFiles & { toRecord(): Record<string, string> } {
  const seen = new Map(Object.entries(before));
  return {
    get: (path) => seen.get(path),
    set: (path, etag) => {
      seen.delete(path);
      seen.set(path, etag);
    },
    delete: (path) => seen.delete(path),
    toRecord: () => Object.fromEntries([...seen].slice(-maxSeenFiles)),
  };
}
