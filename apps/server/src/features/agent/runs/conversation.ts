import type { AgentDeps, SeenFiles, SteeredText, Todo } from "@tesslate/agent";
import type { Queries } from "../../../platform/database.ts";
import { createAttachmentReader, historyBefore, promptText, steeredTexts, type ChatStore } from "../chats/index.ts";
import type { Approvals } from "./approvals.ts";
import type { NewRunEvent } from "./events.ts";
import type { Questions } from "./questions.ts";
import type { PreparedRun, RunHandle } from "./run.ts";

type RequestEvent = Extract<Parameters<AgentDeps["emit"]>[0], { type: "approval_required" | "question_asked" }>;

export type RunConversation = ReturnType<typeof createRunConversation>;
/** What a run gets from its chat and gives to it: history, attachments, steering, to-dos, and requests to the person. */
export function createRunConversation({
  chats,
  approvals,
  questions,
  readAttachment,
  takeSteering,
  syncPlan,
}: {
  chats: ChatStore;
  approvals: Approvals;
  questions: Questions;
  /** Undefined when the attachment was deleted. */
  readAttachment(id: string): Promise<Buffer | undefined>;
  /** Removes the steering messages for the next model call from the queue and returns them. */
  takeSteering(run: RunHandle, iteration: number): Promise<string[]>;
  /** Updates the plan from the to-do list, in the same transaction. */
  syncPlan(tx: Queries, chatId: string, todos: readonly Todo[]): Promise<NewRunEvent[]>;
}) {
  const attachments = createAttachmentReader({ readAttachment });
  return {
    /** The message and what came before it. Without `canSee`, images are only named. */
    read: async ({ question }: PreparedRun, canSee: boolean) => ({
      message: promptText(question),
      ...(await attachments.forQuestion(question, canSee)),
      history: await historyBefore(chats, question.chat_id, question.position, (rows) => attachments.forHistory(rows, canSee)),
    }),
    /** The steering messages that an interrupted run got. */
    steeredBefore: async ({ input }: RunHandle): Promise<SteeredText[]> => steeredTexts(await chats.findMessage(input.message_id)),
    seenFiles: ({ chat }: PreparedRun): SeenFiles & { save(): Promise<void> } => {
      const seen = createSeenFiles(chat.seen_files);
      return { ...seen, save: () => chats.setSeenFiles(chat.id, seen.toRecord()) };
    },

    /** Stores a request to the person and emits it. */
    openRequest: ({ task, chat, emitter }: PreparedRun, event: RequestEvent): Promise<void> =>
      emitter.emitWith(async (tx) => {
        const owner = { user_id: task.user_id, chat_id: chat.id, task_id: task.id };
        if (event.type === "question_asked") {
          await questions.open(tx, owner, event.data, event.pending);
          return [{ type: "question_asked", data: event.data }];
        }
        const { approval_id: id, tool_name, tool_parameters, tool_description } = event.data;
        await approvals.open(tx, { ...owner, id, tool_name, tool_parameters, tool_description, pending: event.pending });
        return [{ type: "approval_required", data: event.data }];
      }),

    /** What the agent asks of the chat while it runs. */
    hooks: ({ task, input, emitter, chat }: PreparedRun): Pick<AgentDeps, "approve" | "ask" | "takeSteering" | "todos"> => ({
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
