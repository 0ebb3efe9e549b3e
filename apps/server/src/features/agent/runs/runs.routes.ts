import type { IncomingHttpHeaders } from "node:http";
import { chatRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import { taskLinks } from "../../core/tasks/index.ts";
import type { Approvals } from "./approvals.ts";
import type { ChatBudget } from "./budget.ts";
import { refuseOwnAnswer } from "./key-permissions.ts";
import type { Questions } from "./questions.ts";
import type { Rewinds, Chats } from "../chats/index.ts";
import type { Chat } from "./runs.service.ts";
import type { createChatSocket } from "./runs.socket.ts";

/** agent-git-deploy 3 and 10. */
export function mountChat(
  mount: Mount,
  {
    chat,
    sessions,
    approvals,
    questions,
    rewinds,
    socket,
    budget,
  }: {
    chat: Chat;
    budget: ChatBudget;
    sessions: Chats;
    approvals: Approvals;
    questions: Questions;
    rewinds: Rewinds;
    socket: ReturnType<typeof createChatSocket>;
  },
): void {
  mount("chat", chatRoutes, {
    history: ({ user }, { params, query }) => sessions.history(user.id, params.project_id, query),
    stream: async ({ user, signal, once }, { body }) => chat.follow(await once(() => chat.start(user, body)), { signal }),
    cancel: ({ user }, { body }) => chat.cancel(user.id, body),
    sessions: ({ user }, { query }) => sessions.list(user.id, query),
    createSession: ({ user }, { body }) => sessions.create(user.id, body),
    approval: async ({ user }, { body }) => {
      refuseOwnAnswer(user, body.response);
      await approvals.answer(user.id, body.approval_id, body.response, body.note);
      return { approval_id: body.approval_id, response: body.response };
    },
    answer: async ({ user }, { body }) => ({ question_id: body.question_id, outcome: await questions.answer(user.id, body) }),
    active: async ({ user }, { query }) => ({ active: await chat.active(user.id, query.project_id, query.chat_id) }),
    runEvents: async ({ user, signal, headers }, { params, query }) => {
      const task = await chat.ownRun(user.id, params.task_id);
      const afterSeq = lastSeqOf(headers, query);
      if (await chat.wasToldAll(task.id, afterSeq)) return undefined;
      return chat.follow(task, { signal, ...(afterSeq !== undefined && { afterSeq }) });
    },
    resume: async ({ user }, { body }) => taskLinks(await chat.resume(user, body.task_id)),
    socket: (context, { params }, frames) => socket(context, params.chat_id, frames),
    get: ({ user }, { params }) => sessions.get(user.id, params.chat_id),
    update: ({ user }, { params, body }) => sessions.update(user.id, params.chat_id, body),
    restore: ({ user }, { params, body }) => rewinds.restore(user.id, params.chat_id, body.message_id),
    redo: ({ user }, { params }) => rewinds.redo(user.id, params.chat_id),
    remove: ({ user }, { params }) => sessions.remove(user.id, params.chat_id),
    fork: ({ user }, { params, body }) => sessions.fork(user.id, params.chat_id, body),
    estimate: ({ user }, { body }) => budget.estimate(user.id, body),
    compact: ({ user }, { params, body }) => budget.compact(user.id, params.chat_id, body),
    clear: async ({ user }, { params }) => ({ deleted_count: await sessions.clear(user.id, params.chat_id) }),
  });
}

/** A browser that reconnects by itself says where it was in the header; that is newer than its address. */
export function lastSeqOf(headers: IncomingHttpHeaders, query: { last_event_id?: number }): number | undefined {
  const header = Number(headers["last-event-id"]);
  return headers["last-event-id"] !== undefined && Number.isSafeInteger(header) && header >= 0 ? header : query.last_event_id;
}
