import { createHmac } from "node:crypto";
import type { WebhookDelivery } from "@tesslate/contract";
import { randomToken, type CryptoBox } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import { AppError } from "../../../platform/errors.ts";
import { enqueueJob } from "../../../platform/jobs.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import type { TaskDefinition, TaskRow } from "../../core/tasks/index.ts";
import type { WebhooksStore } from "./run-webhooks.store.ts";
import type { RunWebhookRow } from "../../../db/schema/external.ts";

export const webhookPlace = (taskId: string): string => `run_webhooks/${taskId}`;
const job = "deliver_webhook";
const maxAttempts = 5;
const timeoutMs = 10_000;
/** Calls under way at once in this process, all together and for one person: receivers that do not answer keep nobody else waiting. */
const maxAtOnce = 32;
const maxPerUser = 4;
const laterMs = 2_000;

export interface WebhooksOptions {
  store: WebhooksStore;
  box: CryptoBox;
  outbound: Outbound;
  /** Waits between the tries, in ms; the last one counts for all that follow. */
  backoffMs: readonly number[];
  log: Logger;
}

export type Webhooks = ReturnType<typeof createWebhooks>;
/**
 * Tells a program once that its run has ended (agent-git-deploy 4.16). The row is made with the run, so a run has one delivery or none; it is
 * told through the jobs, at most five times, each within 10 s, and no redirect is followed. A server that was killed tells it after its
 * restart: at least once, and `webhook-id` says what was told already. Signed as standardwebhooks.com describes.
 */
export function createWebhooks({ store, box, outbound, backoffMs, log }: WebhooksOptions) {
  const ring = (tx: Queries, { id, user_id }: Pick<RunWebhookRow, "id" | "user_id">, delayMs = 0) =>
    enqueueJob(tx, job, { id, user_id }, { key: `webhook:${id}`, delayMs });
  const underWay = new Set<{ user_id: string; done: Promise<void> }>();
  const shutdown = new AbortController();

  const makeDue = async (row: RunWebhookRow): Promise<void> => {
    const body = JSON.stringify(bodyOf(row, await store.endOf(row)));
    await store.transaction(async (tx) => {
      if (await store.makeDue(tx, row.id, body)) await ring(tx, row);
    });
  };
  const runEnded = async ({ id, input }: TaskRow): Promise<void> => {
    const { message_id } = input as { message_id: string };
    for (const row of await store.listOver(message_id)) await makeDue(row);
    log.debug({ task_id: id }, "webhooks of a run looked for");
  };

  const send = async (row: RunWebhookRow): Promise<string | undefined> => {
    const { url, secret } = JSON.parse(box.open(row.sealed_target, webhookPlace(row.task_id))) as { url: string; secret: string };
    const body = row.body ?? "";
    const timestamp = String(Math.floor(Date.now() / 1000));
    const response = await outbound.limited({ timeoutMs })(url, {
      method: "POST",
      redirect: "manual",
      headers: {
        "content-type": "application/json",
        "user-agent": "TesslateStudio-Webhook",
        "webhook-id": row.id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signatureOf(secret, row.id, timestamp, body),
      },
      body,
      signal: shutdown.signal,
    });
    await response.body?.cancel();
    return response.ok ? undefined : `It answered ${response.status}.`;
  };

  const deliver = async (id: string): Promise<void> => {
    const row = await store.claim(id, maxAttempts);
    if (!row) return;
    const problem = await send(row).catch(problemOf);
    // Unfinished, not failed: the next process goes on with it.
    if (problem !== undefined && shutdown.signal.aborted) return;
    const fields = { task_id: row.task_id, user_id: row.user_id, attempt: row.attempts };
    await store.transaction(async (tx) => {
      if (problem === undefined) return store.settle(tx, id, { status: "delivered" });
      if (row.attempts >= maxAttempts) return store.settle(tx, id, { status: "failed", last_error: problem });
      const delayMs = backoffMs[row.attempts - 1] ?? backoffMs.at(-1) ?? 0;
      await store.putOff(tx, id, delayMs, problem);
      await ring(tx, row, delayMs);
    });
    if (problem === undefined) log.info(fields, "webhook delivered");
    else log.warn({ ...fields, problem }, "webhook not delivered");
  };

  return {
    /** Throws `outbound_refused` for an address that would never be called. */
    check: (url: string): Promise<void> => outbound.check(url),
    newSecret: (): string => `whsec_${Buffer.from(randomToken(24), "base64url").toString("base64")}`,
    /** In the transaction that makes the run. */
    expect: async (tx: Queries, task: TaskRow, messageId: string, target: { url: string; secret: string }): Promise<void> => {
      const sealed_target = box.seal(JSON.stringify(target), webhookPlace(task.id));
      await store.insert(tx, { user_id: task.user_id, task_id: task.id, message_id: messageId, sealed_target });
    },
    /** The same kind of task, heard when it ends. */
    watch: <Input>(definition: TaskDefinition<Input>): TaskDefinition<Input> => {
      const heard = (task: TaskRow) => runEnded(task).catch((err: unknown) => log.error({ err, task_id: task.id }, "webhook not made due"));
      return {
        ...definition,
        ended: (task) => Promise.resolve(definition.ended?.(task)).finally(() => heard(task)),
        interrupted: (task) => Promise.resolve(definition.interrupted?.(task)).finally(() => heard(task)),
      };
    },
    /** Gives up what is under way; it is told after the next start. */
    close: async (): Promise<void> => {
      shutdown.abort();
      await Promise.all([...underWay].map(({ done }) => done));
    },
    ofTask: async (taskId: string): Promise<WebhookDelivery | null> => {
      const row = await store.findOfTask(taskId);
      return row ? { status: row.status, attempts: row.attempts, last_error: row.last_error, delivered_at: row.delivered_at } : null;
    },
    jobHandlers: {
      /** Begins the call and leaves: jobs are few, and what others wait for. Should it be lost, the row says so. */
      [job]: async (payload: unknown) => {
        const { id, user_id } = payload as { id: string; user_id: string };
        const ofUser = [...underWay].filter((call) => call.user_id === user_id).length;
        if (underWay.size >= maxAtOnce || ofUser >= maxPerUser) return store.transaction((tx) => ring(tx, { id, user_id }, laterMs));
        const call = { user_id, done: Promise.resolve() };
        underWay.add(call);
        call.done = deliver(id)
          .catch((err: unknown) => log.error({ err, webhook_id: id }, "webhook not delivered"))
          .finally(() => underWay.delete(call));
      },
      /** What a dead process left behind. */
      sweep_webhooks: async () => {
        for (const row of await store.listOver()) await makeDue(row);
        for (const row of await store.listLeft())
          await store.transaction(async (tx) => {
            if (row.attempts < maxAttempts) await ring(tx, row);
            else
              await store.settle(tx, row.id, { status: "failed", last_error: row.last_error ?? "The server stopped while it was told." });
          });
        await store.prune();
      },
    },
  };
}

/** `v1,` and the HMAC-SHA256 over id, time and the raw body. */
export function signatureOf(secret: string, id: string, timestamp: string, body: string): string {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

function bodyOf(row: RunWebhookRow, { message, task }: Awaited<ReturnType<WebhooksStore["endOf"]>>) {
  const metadata = message?.message_metadata ?? {};
  const input = (task?.input ?? {}) as { chat_id?: string; project_id?: string };
  const reason = metadata["completion_reason"];
  const status = task?.completed_at ? task.status : reason === "cancelled" || !message ? "cancelled" : "failed";
  return {
    task_id: row.task_id,
    status,
    final_response: message?.content ?? "",
    chat_id: message?.chat_id ?? input.chat_id ?? null,
    project_id: input.project_id ?? null,
    iterations: Number(metadata["iterations"] ?? 0),
    tool_calls_made: Number(metadata["tool_calls_made"] ?? 0),
  };
}

/** Nothing of the address, which may hold a secret. */
function problemOf(error: unknown): string {
  if (error instanceof AppError) return error.code === "outbound_refused" ? "Its address may not be called from here." : error.message;
  if (error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError"))
    return `It did not answer within ${timeoutMs / 1000} s.`;
  return "It could not be reached.";
}
