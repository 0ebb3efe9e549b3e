import { createHmac } from "node:crypto";
import type { WebhookDelivery } from "@tesslate/contract";
import { randomToken, type CryptoBox } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import { AppError } from "../../../platform/errors.ts";
import { enqueueJob } from "../../../platform/jobs.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import type { TaskDefinition, TaskRow } from "../../core/tasks/index.ts";
import type { RunWebhooksStore } from "./run-webhooks.store.ts";
import type { RunWebhookRow } from "../../../db/schema/external.ts";

export const runWebhookAad = (taskId: string): string => `run_webhooks/${taskId}`;
const job = "deliver_webhook";
const maxAttempts = 5;
const timeoutMs = 10_000;
/** Concurrent calls of this process, in total and per user, so that slow receivers do not delay others. */
const maxAtOnce = 32;
const maxPerUser = 4;
const requeueMs = 2_000;

export interface RunWebhooksOptions {
  store: RunWebhooksStore;
  box: CryptoBox;
  outbound: Outbound;
  /** Delays between attempts in ms; the last one applies to all further attempts. */
  backoffMs: readonly number[];
  log: Logger;
}

export type RunWebhooks = ReturnType<typeof createRunWebhooks>;
/**
 * Webhooks for the end of a run. The row is created with the run; delivery is at least once, with at most five attempts of 10 s each and without
 * following redirects. After a crash, delivery continues at the next start; receivers deduplicate by `webhook-id`. Signed as described at
 * standardwebhooks.com.
 */
export function createRunWebhooks({ store, box, outbound, backoffMs, log }: RunWebhooksOptions) {
  const enqueue = (tx: Queries, { id, user_id }: Pick<RunWebhookRow, "id" | "user_id">, delayMs = 0) =>
    enqueueJob(tx, job, { id, user_id }, { key: `webhook:${id}`, delayMs });
  const inFlight = new Set<{ user_id: string; done: Promise<void> }>();
  const shutdown = new AbortController();

  const makeDue = async (row: RunWebhookRow): Promise<void> => {
    const body = JSON.stringify(bodyOf(row, await store.endOf(row)));
    await store.transaction(async (tx) => {
      if (await store.makeDue(tx, row.id, body)) await enqueue(tx, row);
    });
  };
  const runEnded = async ({ id, input }: TaskRow): Promise<void> => {
    const { message_id } = input as { message_id: string };
    for (const row of await store.listOver(message_id)) await makeDue(row);
    log.debug({ task_id: id }, "run webhooks checked");
  };

  const send = async (row: RunWebhookRow): Promise<string | undefined> => {
    const { url, secret } = JSON.parse(box.open(row.encrypted_target, runWebhookAad(row.task_id))) as { url: string; secret: string };
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
    return response.ok ? undefined : `The receiver answered ${response.status}.`;
  };

  const deliver = async (id: string): Promise<void> => {
    const row = await store.claim(id, maxAttempts);
    if (!row) return;
    const problem = await send(row).catch(problemOf);
    // Interrupted by shutdown, not failed: the next process retries.
    if (problem !== undefined && shutdown.signal.aborted) return;
    const fields = { task_id: row.task_id, user_id: row.user_id, attempt: row.attempts };
    await store.transaction(async (tx) => {
      if (problem === undefined) return store.settle(tx, id, { status: "delivered" });
      if (row.attempts >= maxAttempts) return store.settle(tx, id, { status: "failed", last_error: problem });
      const delayMs = backoffMs[row.attempts - 1] ?? backoffMs.at(-1) ?? 0;
      await store.putOff(tx, id, delayMs, problem);
      await enqueue(tx, row, delayMs);
    });
    if (problem === undefined) log.info(fields, "webhook delivered");
    else log.warn({ ...fields, problem }, "webhook not delivered");
  };

  return {
    /** Throws `outbound_refused` for a URL that must not be called. */
    check: (url: string): Promise<void> => outbound.check(url),
    newSecret: (): string => `whsec_${Buffer.from(randomToken(24), "base64url").toString("base64")}`,
    /** Runs in the transaction that creates the run. */
    register: async (tx: Queries, task: TaskRow, messageId: string, target: { url: string; secret: string }): Promise<void> => {
      const encrypted_target = box.seal(JSON.stringify(target), runWebhookAad(task.id));
      await store.insert(tx, { user_id: task.user_id, task_id: task.id, message_id: messageId, encrypted_target });
    },
    /** Wraps a task definition so that the webhook is sent when the task ends. */
    watch: <Input>(definition: TaskDefinition<Input>): TaskDefinition<Input> => {
      const notify = (task: TaskRow) =>
        runEnded(task).catch((err: unknown) => log.error({ err, task_id: task.id }, "webhook not scheduled"));
      return {
        ...definition,
        ended: (task) => Promise.resolve(definition.ended?.(task)).finally(() => notify(task)),
        interrupted: (task) => Promise.resolve(definition.interrupted?.(task)).finally(() => notify(task)),
      };
    },
    /** Aborts deliveries in flight; they are retried after the next start. */
    close: async (): Promise<void> => {
      shutdown.abort();
      await Promise.all([...inFlight].map(({ done }) => done));
    },
    ofTask: async (taskId: string): Promise<WebhookDelivery | null> => {
      const row = await store.findOfTask(taskId);
      return row ? { status: row.status, attempts: row.attempts, last_error: row.last_error, delivered_at: row.delivered_at } : null;
    },
    jobHandlers: {
      /** Starts the delivery without waiting for it, to keep the few job slots free. A lost delivery is found by the sweep. */
      [job]: async (payload: unknown) => {
        const { id, user_id } = payload as { id: string; user_id: string };
        const inFlightOfUser = [...inFlight].filter((call) => call.user_id === user_id).length;
        if (inFlight.size >= maxAtOnce || inFlightOfUser >= maxPerUser)
          return store.transaction((tx) => enqueue(tx, { id, user_id }, requeueMs));
        const call = { user_id, done: Promise.resolve() };
        inFlight.add(call);
        call.done = deliver(id)
          .catch((err: unknown) => log.error({ err, webhook_id: id }, "webhook not delivered"))
          .finally(() => inFlight.delete(call));
      },
      /** Resumes deliveries of dead processes. */
      sweep_webhooks: async () => {
        for (const row of await store.listOver()) await makeDue(row);
        for (const row of await store.listLeft())
          await store.transaction(async (tx) => {
            if (row.attempts < maxAttempts) await enqueue(tx, row);
            else
              await store.settle(tx, row.id, { status: "failed", last_error: row.last_error ?? "The server stopped during the delivery." });
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

function bodyOf(row: RunWebhookRow, { message, task }: Awaited<ReturnType<RunWebhooksStore["endOf"]>>) {
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

/** Never includes the URL, which may contain a secret. */
function problemOf(error: unknown): string {
  if (error instanceof AppError)
    return error.code === "outbound_refused" ? "The URL points to a private or local address, which is not allowed." : error.message;
  if (error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError"))
    return `The receiver did not answer within ${timeoutMs / 1000} s.`;
  return "The receiver could not be reached.";
}
