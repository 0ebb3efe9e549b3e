import type { ExternalRun, InvokeAgent, SendMessage } from "@tesslate/contract";
import type { Principal } from "../../../http/context.ts";
import { unauthorized } from "../../../platform/errors.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { Chat, Entrance, RunInput } from "../../agent/chat/index.ts";
import type { TaskRow } from "../../core/tasks/index.ts";
import type { Webhooks } from "./run-webhooks.ts";

export interface ExternalOptions {
  chat: Pick<Chat, "start" | "ownRun" | "follow" | "wasToldAll" | "messageOf">;
  pendingApproval(chatId: string): Promise<Record<string, unknown> | null>;
  webhooks: Webhooks;
  limits: RateLimiter;
  /** The task after each change, until it has ended. */
  follow(taskId: string, signal: AbortSignal): AsyncIterable<unknown>;
}

const perMinute = 60;

export type External = ReturnType<typeof createExternal>;
/** Runs by personal API key, for bots and programs (agent-git-deploy 10). The scope was checked at the door, the edit mode is in `chat.start`. */
export function createExternal({ chat, pendingApproval, webhooks, limits, follow }: ExternalOptions) {
  const statusOf = async (task: TaskRow): Promise<ExternalRun> => {
    const input = task.input as RunInput;
    const message = await chat.messageOf(input.message_id);
    const metadata = message?.message_metadata ?? {};
    const isOver = message !== undefined && metadata["completion_reason"] !== "in_progress";
    const question = isOver ? null : await pendingApproval(input.chat_id);
    const last = String(metadata["task_id"] ?? task.id);
    const run = last === task.id ? task : await chat.ownRun(task.user_id, last).catch(() => task);
    return {
      task_id: task.id,
      chat_id: input.chat_id,
      project_id: input.project_id,
      status: question && question["task_id"] === run.id ? "waiting_approval" : run.status,
      completion_reason: isOver ? String(metadata["completion_reason"]) : null,
      final_response: isOver ? message.content : null,
      iterations: Number(metadata["iterations"] ?? 0),
      tool_calls_made: Number(metadata["tool_calls_made"] ?? 0),
      error: run.error,
      pending_approval: question,
      continued_as: run.id === task.id ? null : run.id,
      webhook: await webhooks.ofTask(task.id),
      created_at: task.created_at,
      started_at: task.started_at,
      completed_at: run.completed_at,
    };
  };

  /** Starts a run in the name of a program. Throws what `chat.start` throws, and `rate_limited`. */
  const begin = async (user: Principal, body: SendMessage, created?: Entrance["created"]) => {
    await limits.count({ key: `external:${user.key?.id ?? user.id}`, max: perMinute, windowSeconds: 60 });
    const task = await chat.start(user, body, { origin: "api", ...(created && { created }) });
    return { task, input: task.input as RunInput };
  };

  return {
    begin,
    /** Throws what `begin` throws, and `outbound_refused`; nothing is stored then. */
    invoke: async (user: Principal, { webhook_callback_url: url, webhook_secret, ...body }: InvokeAgent) => {
      keyOf(user);
      if (url) await webhooks.check(url);
      const secret = url ? (webhook_secret ?? webhooks.newSecret()) : null;
      const { task } = await begin(user, body, async (tx, made, input) => {
        if (url && secret) await webhooks.expect(tx, made, input.message_id, { url, secret });
      });
      return {
        task_id: task.id,
        status_url: `/api/external/agent/status/${task.id}`,
        events_url: `/api/external/agent/events/${task.id}`,
        chat_id: (task.input as RunInput).chat_id,
        webhook_secret: webhook_secret ? null : secret,
      };
    },
    status: async (user: Principal, taskId: string): Promise<ExternalRun> => {
      keyOf(user);
      return statusOf(await chat.ownRun(user.id, taskId));
    },
    events: async (user: Principal, taskId: string, options: { afterSeq?: number; signal: AbortSignal }) => {
      keyOf(user);
      const task = await chat.ownRun(user.id, taskId);
      return (await chat.wasToldAll(task.id, options.afterSeq)) ? undefined : chat.follow(task, options);
    },
    /** Where a run stands, at once or when it has ended within `waitMs`. For programs that come another way. */
    runOf: async (userId: string, taskId: string, { waitMs, signal }: { waitMs: number; signal: AbortSignal }): Promise<ExternalRun> => {
      const task = await chat.ownRun(userId, taskId);
      const now = await statusOf(task);
      if (waitMs === 0 || now.completed_at !== null || now.pending_approval) return now;
      for await (const _ of follow(task.id, AbortSignal.any([signal, AbortSignal.timeout(waitMs)])));
      return statusOf(await chat.ownRun(userId, taskId));
    },
  };
}

function keyOf({ key }: Principal): { id: string } {
  if (!key) throw unauthorized("Call this with a personal API key: Authorization: Bearer tsk_…");
  return key;
}
