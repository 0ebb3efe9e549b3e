import type { ExternalRun, InvokeAgent, PendingApproval, PendingQuestion, SendMessage } from "@tesslate/contract";
import type { Principal } from "../../../http/context.ts";
import { unauthorized } from "../../../platform/errors.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { RunInput, Runs, StartOptions } from "../../agent/runs/index.ts";
import type { TaskRow } from "../../core/tasks/index.ts";
import type { RunWebhooks } from "./run-webhooks.ts";

export interface ExternalApiOptions {
  runs: Pick<Runs, "start" | "ownRun" | "follow" | "hasDelivered" | "findMessage">;
  pendingApproval(chatId: string): Promise<PendingApproval | PendingQuestion | null>;
  webhooks: RunWebhooks;
  limits: RateLimiter;
  /** Yields after each change of the task, until it has ended. */
  follow(taskId: string, signal: AbortSignal): AsyncIterable<unknown>;
}

const perMinute = 60;

export type ExternalApi = ReturnType<typeof createExternalApi>;
/** Agent runs started by programs with an API key. The route checks the scope, `runs.start` the edit mode. */
export function createExternalApi({ runs, pendingApproval, webhooks, limits, follow }: ExternalApiOptions) {
  const statusOf = async (task: TaskRow): Promise<ExternalRun> => {
    const input = task.input as RunInput;
    const message = await runs.findMessage(input.message_id);
    const metadata = message?.message_metadata ?? {};
    const isOver = message !== undefined && metadata["completion_reason"] !== "in_progress";
    const question = isOver ? null : await pendingApproval(input.chat_id);
    const last = String(metadata["task_id"] ?? task.id);
    const run = last === task.id ? task : await runs.ownRun(task.user_id, last).catch(() => task);
    return {
      task_id: task.id,
      chat_id: input.chat_id,
      project_id: input.project_id,
      status: question?.task_id === run.id ? "waiting_approval" : run.status,
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

  /** Starts a run. Throws what `runs.start` throws, and `rate_limited`. */
  const startRun = async (user: Principal, body: SendMessage, created?: StartOptions["created"]) => {
    await limits.count({ key: `external:${user.key?.id ?? user.id}`, max: perMinute, windowSeconds: 60 });
    const task = await runs.start(user, body, { origin: "api", ...(created && { created }) });
    return { task, input: task.input as RunInput };
  };

  return {
    startRun,
    /** Throws what `startRun` throws, and `outbound_refused`; nothing is stored then. */
    invoke: async (user: Principal, { webhook_callback_url: url, webhook_secret, ...body }: InvokeAgent) => {
      requireApiKey(user);
      if (url) await webhooks.check(url);
      const secret = url ? (webhook_secret ?? webhooks.newSecret()) : null;
      const { task } = await startRun(user, body, async (tx, made, input) => {
        if (url && secret) await webhooks.register(tx, made, input.message_id, { url, secret });
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
      requireApiKey(user);
      return statusOf(await runs.ownRun(user.id, taskId));
    },
    events: async (user: Principal, taskId: string, options: { afterSeq?: number; signal: AbortSignal }) => {
      requireApiKey(user);
      const task = await runs.ownRun(user.id, taskId);
      return (await runs.hasDelivered(task, options.afterSeq)) ? undefined : runs.follow(task, options);
    },
    /** The state of a run, after it ended or after `waitMs`. For MCP clients. */
    runOf: async (userId: string, taskId: string, { waitMs, signal }: { waitMs: number; signal: AbortSignal }): Promise<ExternalRun> => {
      const task = await runs.ownRun(userId, taskId);
      const now = await statusOf(task);
      if (waitMs === 0 || now.completed_at !== null || now.pending_approval) return now;
      for await (const _ of follow(task.id, AbortSignal.any([signal, AbortSignal.timeout(waitMs)])));
      return statusOf(await runs.ownRun(userId, taskId));
    },
  };
}

function requireApiKey({ key }: Principal): { id: string } {
  if (!key) throw unauthorized("This requires an API key: send `Authorization: Bearer tsk_…`.");
  return key;
}
