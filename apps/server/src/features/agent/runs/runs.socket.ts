import { chatFrames, type ProjectEvent, type RunEvent, type SendMessage, type Static } from "@tesslate/contract";
import { createFrameCheck, problemOf } from "../../../http/frames.ts";
import type { FrameSocket, SocketContext } from "../../../http/sockets.ts";
import { renderError } from "../../../http/errors.ts";
import { AppError } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Approvals } from "./approvals.ts";
import { refuseOwnAnswer } from "./key-permissions.ts";
import type { Questions } from "./questions.ts";
import type { Runs } from "./runs.service.ts";
import type { Sender } from "./runs.start.ts";
import type { ChatRow } from "../../../db/schema/agent/chats.ts";

type FrameName = keyof typeof chatFrames;

/** Frames answered at the same time; the next one waits. */
const maxConcurrentFrames = 16;
/** Runs that one socket may follow at the same time. */
const maxSubscriptions = 32;

export interface ChatSocketOptions {
  runs: Runs;
  /** Starts a run, or queues the message. */
  send(sender: Sender, body: SendMessage): Promise<unknown>;
  approvals: Approvals;
  questions: Questions;
  events: EventLog;
}

export type ChatSocket = ReturnType<typeof createChatSocket>;
/** The socket of a chat: answers frames and sends the events of all its runs, wherever they were started. */
export function createChatSocket({ runs, send, approvals, questions, events }: ChatSocketOptions) {
  const check = createFrameCheck(chatFrames);
  return async ({ user, log, request_id, signal }: SocketContext, chatId: string, socket: FrameSocket): Promise<void> => {
    const row = await runs.ownChat(user.id, chatId);
    /** Runs whose events a subscription sends, so the live stream skips them. */
    const subscribed = new Set<string>();
    /** The active subscriptions. Subscribing to a run again replaces its subscription. */
    const subscriptions = new Map<string, AbortController>();
    const sendError = (error: unknown) => {
      const { body, isUnexpected } = renderError(error, request_id);
      if (isUnexpected) log.error({ err: error }, "frame failed");
      socket.send({
        type: "error",
        data: "code" in body ? { message: body.detail, code: body.code } : problemOf(body.detail),
      });
    };

    const answer = async (name: FrameName, frame: unknown): Promise<void> => {
      const read = <N extends FrameName>(_name: N) => frame as Static<(typeof chatFrames)[N]>;
      switch (name) {
        case "ping":
          socket.send({ type: "pong" });
          return;
        case "message":
          await send(user, { ...read("message"), project_id: projectOf(row), chat_id: row.id });
          return;
        case "approval_response": {
          const { approval_id, response, note } = read("approval_response");
          refuseOwnAnswer(user, response);
          return approvals.answer(user.id, approval_id, response, note, row.id);
        }
        case "question_response":
          await questions.answer(user.id, read("question_response"), row.id);
          return;
        case "cancel": {
          const { task_id } = read("cancel");
          socket.send({ type: "cancel_status", data: await runs.cancel(user.id, { chat_id: row.id, ...(task_id && { task_id }) }) });
          return;
        }
        case "subscribe": {
          const { task_id, after_seq } = read("subscribe");
          const task = await runs.ownRun(user.id, task_id);
          if (task.chat_id !== row.id) throw new AppError("not_found", "Run not found.");
          subscriptions.get(task.id)?.abort();
          subscriptions.delete(task.id);
          if (subscriptions.size >= maxSubscriptions)
            throw new AppError("rate_limited", `A socket can follow at most ${maxSubscriptions} runs.`);
          subscribed.add(task.id);
          const replaced = new AbortController();
          subscriptions.set(task.id, replaced);
          try {
            const until = AbortSignal.any([signal, replaced.signal]);
            for await (const event of runs.follow(task, { signal: until, ...(after_seq !== undefined && { afterSeq: after_seq }) })) {
              if (until.aborted || !socket.send(event)) return;
              await socket.drained();
            }
          } finally {
            if (subscriptions.get(task.id) === replaced) subscriptions.delete(task.id);
          }
        }
      }
    };

    // Read before any frame is answered, so that no event after an answer is missed.
    const from = row.project_id === null ? 0 : await events.lastSeq(row.project_id);
    const live = row.project_id === null ? undefined : forward(row, row.project_id);
    live?.catch((err: unknown) => {
      if (signal.aborted) return;
      log.error({ err }, "chat events not forwarded");
      socket.close(1011);
    });

    const busy = new Set<Promise<void>>();
    for await (const frame of socket.frames) {
      const checked = check(frame);
      if ("problem" in checked) {
        socket.send({ type: "error", data: checked.problem });
        continue;
      }
      const { name } = checked;
      // A subscription lasts as long as its run, so it does not count as a frame in progress.
      const work = answer(name, frame).catch((error: unknown) => {
        if (!signal.aborted) sendError(error);
      });
      if (name === "subscribe") continue;
      busy.add(work);
      void work.then(() => busy.delete(work));
      if (busy.size >= maxConcurrentFrames) await Promise.race(busy);
    }

    /** Sends new events of this chat, and status changes of its project. */
    async function forward({ id }: ChatRow, projectId: string): Promise<void> {
      const known = new Map<string, boolean>();
      for await (const event of events.follow(projectId, { afterSeq: from, signal })) {
        const frame = event.task_id === undefined || event.type === "task_update" ? environmentFrame(event, id) : await runFrame(event);
        if (frame === undefined) continue;
        if (!socket.send(frame)) return;
        await socket.drained();
      }
      async function runFrame(event: ProjectEvent): Promise<RunEvent | undefined> {
        const taskId = event.task_id ?? "";
        if (!known.has(taskId))
          known.set(taskId, event.type === "task_started" ? event.data.chat_id === id : await runs.isRunOf(taskId, id));
        if (!known.get(taskId) || subscribed.has(taskId)) return undefined;
        if (event.type === "done") known.delete(taskId);
        return { seq: event.task_seq ?? 0, task_id: taskId, type: event.type, data: event.data } as RunEvent;
      }
    }
  };
}

function projectOf(row: ChatRow): string {
  if (row.project_id === null) throw new AppError("bad_request", "This chat has no project.");
  return row.project_id;
}

/** Project events that the chat shows: notices, status changes, and changes to its plan and queue. */
function environmentFrame(event: ProjectEvent, chatId: string): object | undefined {
  switch (event.type) {
    case "plan_updated":
    case "queue_changed":
      return event.data.chat_id === chatId ? { type: event.type, data: event.data } : undefined;
    case "notice":
      return { type: "notice", data: event.data };
    case "container_status":
      return {
        type: "status_update",
        data: {
          container_id: event.data.container_id,
          container_status: event.data.status,
          ...(event.data.message !== undefined && { message: event.data.message }),
        },
      };
    case "project_status":
      return { type: "status_update", data: { environment_status: event.data.environment_status } };
    default:
      return undefined;
  }
}
