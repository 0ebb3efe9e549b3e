import type { Transcript, TranscriptEntry, TranscriptEvent, TranscriptMessage, TranscriptRun } from "@tesslate/contract";
import type { ChatRow, MessageRow } from "../../../db/schema/agent/chats.ts";
import { endOfChat, type ChatStore } from "./chats.store.ts";
import { eventsFromSteps } from "./earlier-runs.ts";
import { messageReferences } from "./message-content.ts";
import type { FinishOrphans } from "./orphaned-answers.ts";
import { hiddenMessages } from "./rewinds.service.ts";
import type { RewindsStore } from "./rewinds.store.ts";
import { answerMetadata, completeData, joinText, withIdsOf, withoutReplacedProgress } from "./transcript-events.ts";
import type { TranscriptRow, TranscriptsStore } from "./transcripts.store.ts";

const maxRewound = 200;

/** The answer of a run, and what is known of its events. */
interface Answer {
  message: MessageRow;
  /** The newest task; the message itself if it has none. */
  taskId: string;
  hasEnded: boolean;
  stored: readonly TranscriptRow[];
  /** Events in the log that are not stored. */
  newer: readonly TranscriptEvent[];
}
type Page = Pick<Transcript, "entries" | "before">;

const ownerOf = ({ message, taskId }: Answer) => ({ message_id: message.id, task_id: taskId });
const lastSeqOf = (stored: readonly TranscriptRow[], taskId: string): number =>
  stored.findLast((row) => row.task_id === taskId)?.last_seq ?? 0;

const presentMessage = (message: MessageRow): TranscriptMessage => {
  const { attachments = [], mentions = [], details = null } = messageReferences(message);
  const autoFix = message.message_metadata?.["auto_fix"];
  return {
    type: "message",
    id: message.id,
    text: message.content,
    attachments,
    mentions,
    details,
    auto_fix: typeof autoFix === "number" ? autoFix : null,
    created_at: message.created_at,
  };
};

export type Transcripts = ReturnType<typeof createTranscripts>;
/**
 * Reads chats as the events of their runs. Runs that have ended are stored (`run_transcripts`); the events of the others come from the event log.
 * A run that ended before its events were stored is stored when it is first read.
 */
export function createTranscripts({
  store,
  chats,
  ownChat,
  finishOrphans,
  lastRewind,
}: {
  store: TranscriptsStore;
  chats: Pick<ChatStore, "listMessagesBefore" | "findLastMessage" | "transaction" | "listSteps">;
  ownChat(userId: string, chatId: string): Promise<ChatRow>;
  finishOrphans: FinishOrphans;
  lastRewind: RewindsStore["findLast"];
}) {
  /**
   * Stores what is not stored yet of runs that have ended, and returns the events of those that had none: what the event log has from their start on,
   * else what their steps tell.
   */
  const storeEnded = async (answers: readonly Answer[]): Promise<Map<string, TranscriptEvent[]>> => {
    const ended = answers.filter(({ hasEnded }) => hasEnded);
    const isLogged = ({ stored, newer }: Answer) => newer.length > 0 && (stored.length > 0 || newer[0]?.seq === 1);
    for (const answer of ended.filter(isLogged)) await store.transaction((tx) => store.archive(tx, ownerOf(answer)));
    const bare = ended.filter((answer) => answer.stored.length === 0 && !isLogged(answer));
    if (bare.length === 0) return new Map();
    const ids = bare.map(({ message }) => message.id);
    const [steps, requests] = await Promise.all([chats.listSteps(ids), store.listRequests(ids)]);
    const restored = bare.map((answer) => {
      const { id } = answer.message;
      const own = requests.filter(({ message_id }) => message_id === id).map(({ request }) => request);
      const events = eventsFromSteps(
        answer.message,
        steps.filter(({ message_id }) => message_id === id).map(({ step_data }) => step_data),
        own,
      );
      return { ...ownerOf(answer), events };
    });
    await store.insertFirst(restored);
    return new Map(restored.map(({ message_id, events }) => [message_id, events]));
  };

  const presentRun = ({ message, taskId, hasEnded, stored, newer }: Answer, restored: TranscriptEvent[] | undefined): TranscriptRun => {
    const events = restored ?? [...stored.flatMap((row) => row.events), ...joinText(withoutReplacedProgress(newer))];
    const own = events.filter(({ task_id }) => task_id === taskId);
    const lastSeq = Math.max(lastSeqOf(stored, taskId), newer.at(-1)?.seq ?? 0, own.at(-1)?.seq ?? 0);
    // A run that ended without its last event, because its process and its task are gone.
    const ending: TranscriptEvent[] =
      hasEnded && !own.some(({ type }) => type === "complete" || type === "done")
        ? [{ seq: lastSeq + 1, task_id: taskId, ts: message.updated_at, type: "complete", data: completeData(message) }]
        : [];
    return {
      type: "run",
      message_id: message.id,
      task_id: taskId,
      last_seq: lastSeq + ending.length,
      events: withIdsOf(message, [...events, ...ending]),
      created_at: message.created_at,
    };
  };

  const presentRuns = async (messages: readonly MessageRow[]): Promise<Map<string, TranscriptRun>> => {
    const rows = Map.groupBy(await store.list(messages.map(({ id }) => id)), (row) => row.message_id);
    const found = messages.map((message) => {
      const { task_id: taskId = message.id, completion_reason: reason } = answerMetadata(message);
      return { message, taskId, hasEnded: reason !== "in_progress", stored: rows.get(message.id) ?? [] };
    });
    // `done` is stored together with everything before it, and what comes later in its own transaction.
    const logged = await store.listLogged(
      found.flatMap(({ taskId, stored }) =>
        stored.some((row) => row.task_id === taskId && row.events.some(({ type }) => type === "done")) ? [] : [taskId],
      ),
    );
    const answers = found.map((answer): Answer => {
      const after = lastSeqOf(answer.stored, answer.taskId);
      return { ...answer, newer: logged.get(answer.taskId)?.filter(({ seq }) => seq > after) ?? [] };
    });
    const restored = await storeEnded(answers);
    return new Map(answers.map((answer) => [answer.message.id, presentRun(answer, restored.get(answer.message.id))]));
  };

  const readPage = async (chatId: string, { limit, before }: { limit: number; before: number }): Promise<Page> => {
    const found = await chats.listMessagesBefore(chatId, before, limit + 1);
    const rows = await finishOrphans(found.slice(0, limit).toReversed());
    const runs = await presentRuns(rows.filter(({ role }) => role === "assistant"));
    return {
      entries: rows.map((row): TranscriptEntry => runs.get(row.id) ?? presentMessage(row)),
      before: found.length > limit ? (rows[0]?.position ?? null) : null,
    };
  };

  const readRun = async (chatId: string, taskId: string): Promise<Page> => {
    const answer = await store.findAnswer(chatId, taskId);
    if (answer) return { entries: [...(await presentRuns(await finishOrphans([answer]))).values()], before: null };
    // A restore took its message out of the chat, but the event log has its events for a while.
    const logged = (await store.listLogged([taskId])).get(taskId) ?? [];
    const [first] = logged;
    if (first?.type !== "task_started" || first.data.chat_id !== chatId) return { entries: [], before: null };
    const run: TranscriptRun = {
      type: "run",
      message_id: first.data.message_id,
      task_id: taskId,
      last_seq: logged.at(-1)?.seq ?? 0,
      events: joinText(withoutReplacedProgress(logged)),
      created_at: first.ts,
    };
    return { entries: [run], before: null };
  };

  return {
    /** A page of a chat, oldest entry first; with `task_id` only the run of this task. Throws 404. */
    read: async (
      userId: string,
      chatId: string,
      { limit = 50, before = endOfChat, task_id }: { limit?: number; before?: number; task_id?: string },
    ): Promise<Transcript> => {
      const chat = await ownChat(userId, chatId);
      const [page, rewind, last] = await Promise.all([
        task_id === undefined ? readPage(chat.id, { limit, before }) : readRun(chat.id, task_id),
        lastRewind(chat.id),
        chats.transaction((tx) => chats.findLastMessage(tx, chat.id)),
      ]);
      return {
        ...page,
        todos: chat.todos,
        rewound: hiddenMessages(rewind, last)
          .slice(0, maxRewound)
          .map(({ id, role, content, created_at }) => ({ id, role, text: content, created_at })),
      };
    },
  };
}
