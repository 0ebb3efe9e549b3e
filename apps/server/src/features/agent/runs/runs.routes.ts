import type { IncomingHttpHeaders } from "node:http";
import { chatRoutes, type RunEvent, type SendMessage } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import { taskLinks, type TaskRow } from "../../core/tasks/index.ts";
import type { Approvals } from "./approvals.ts";
import type { CommandStops } from "./command-stops.ts";
import type { CompactChat } from "./compaction.ts";
import type { EstimateRun } from "./estimate.ts";
import { refuseOwnAnswer, refuseResuming } from "./key-permissions.ts";
import type { ModelRetries } from "./model-retries.ts";
import type { Questions } from "./questions.ts";
import type { Runs } from "./runs.service.ts";
import type { ChatSocket } from "./runs.socket.ts";
import type { Sender } from "./runs.start.ts";

/** Sends messages that may have to wait for a run of another chat. */
export interface SendMessages<Waiting> {
  send(sender: Sender, body: SendMessage): Promise<{ task: TaskRow } | { waiting: Waiting }>;
  /** The run that a waiting message starts; undefined when it was removed or the signal aborts. */
  started(waiting: Waiting, signal: AbortSignal): Promise<TaskRow | undefined>;
}

const { stream, cancel, approval, answer, retry, stopCommand, active, runEvents, resume, socket, estimate, compact } = chatRoutes;

/** Chat routes that start, answer and follow runs. */
export function mountRuns<Waiting>(
  mount: Mount,
  {
    runs,
    approvals,
    questions,
    commandStops,
    modelRetries,
    estimateRun,
    compactChat,
    serveSocket,
    messages,
  }: {
    runs: Runs;
    approvals: Approvals;
    questions: Questions;
    commandStops: CommandStops;
    modelRetries: ModelRetries;
    estimateRun: EstimateRun;
    compactChat: CompactChat;
    serveSocket: ChatSocket;
    messages: SendMessages<Waiting>;
  },
): void {
  async function* followWaiting(waiting: Waiting, signal: AbortSignal): AsyncGenerator<RunEvent> {
    const task = await messages.started(waiting, signal);
    if (task) yield* runs.follow(task, { signal });
  }
  mount(
    "chat",
    { stream, cancel, approval, answer, retry, stopCommand, active, runEvents, resume, socket, estimate, compact },
    {
      stream: async ({ user, signal, once }, { body }) => {
        const sent = await once(() => messages.send(user, body));
        return "task" in sent ? runs.follow(sent.task, { signal }) : followWaiting(sent.waiting, signal);
      },
      cancel: ({ user }, { body }) => runs.cancel(user.id, body),
      approval: async ({ user }, { body }) => {
        refuseOwnAnswer(user, body.response);
        await approvals.answer(user.id, body.approval_id, body.response, body.note);
        return { approval_id: body.approval_id, response: body.response };
      },
      answer: async ({ user }, { body }) => ({ question_id: body.question_id, outcome: await questions.answer(user.id, body) }),
      retry: ({ user }, { body }) => modelRetries.retry(user.id, body),
      stopCommand: ({ user }, { body }) => commandStops.stop(user.id, body),
      active: async ({ user }, { query }) => ({ active: await runs.active(user.id, query.project_id, query.chat_id) }),
      runEvents: async ({ user, signal, headers }, { params, query }) => {
        const task = await runs.ownRun(user.id, params.task_id);
        const afterSeq = lastEventId(headers, query);
        if (await runs.hasDelivered(task, afterSeq)) return undefined;
        return runs.follow(task, { signal, ...(afterSeq !== undefined && { afterSeq }) });
      },
      resume: async ({ user }, { body }) => {
        refuseResuming(user);
        return taskLinks(await runs.resume(user, body.task_id, { model: body.model ?? undefined, editMode: body.edit_mode }));
      },
      socket: (context, { params }, frames) => serveSocket(context, params.chat_id, frames),
      estimate: ({ user }, { body }) => estimateRun(user.id, body),
      compact: ({ user }, { params, body }) => compactChat(user.id, params.chat_id, body),
    },
  );
}

/** The `Last-Event-ID` header, which an `EventSource` sends when it reconnects, wins over the query parameter of the first request. */
export function lastEventId(headers: IncomingHttpHeaders, query: { last_event_id?: number }): number | undefined {
  const header = Number(headers["last-event-id"]);
  return headers["last-event-id"] !== undefined && Number.isSafeInteger(header) && header >= 0 ? header : query.last_event_id;
}
