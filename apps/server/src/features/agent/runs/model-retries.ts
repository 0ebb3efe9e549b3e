import { pause } from "@tesslate/agent";
import type { Bus } from "../../../platform/bus.ts";
import { conflict } from "../../../platform/errors.ts";
import type { MessageCheck } from "./message-check.ts";
import type { RunInput } from "./run.ts";
import type { RunAccess } from "./runs.access.ts";
import type { RunsStore } from "./runs.store.ts";

const channel = "model_retry_requested";
interface Choice {
  /** Absent: the model that failed. */
  model?: string;
}

/** The waits of one run. */
export interface RunRetries extends Disposable {
  /** Lets a person end the wait of this call; before clients learn of it. */
  expect(retryId: string): void;
  /** Resolves after `delayMs`, or when a person ends the wait. Rejects with the signal's reason. */
  wait(retryId: string, delayMs: number, signal: AbortSignal): Promise<Choice>;
}

export type ModelRetries = ReturnType<typeof createModelRetries>;
/** Waits before calls to models are repeated. Requests to end one go over the bus, so that any process may take them. */
export function createModelRetries({
  store,
  access,
  check,
  bus,
  timeFactor,
}: {
  store: Pick<RunsStore, "isWaitingToRetry">;
  access: Pick<RunAccess, "ownRun">;
  check: Pick<MessageCheck, "resolveAgain">;
  bus: Bus;
  /** Of each wait. */
  timeFactor: number;
}) {
  interface Expected {
    choice: Promise<Choice>;
    choose(choice: Choice): void;
  }
  const byTask = new Map<string, Map<string, Expected>>();
  bus.listen<{ task_id: string; retry_id: string } & Choice>(channel, ({ task_id, retry_id, ...choice }) =>
    byTask.get(task_id)?.get(retry_id)?.choose(choice),
  );
  return {
    /** The waits of a run until the result is disposed. */
    open(taskId: string): RunRetries {
      const expected = new Map<string, Expected>();
      byTask.set(taskId, expected);
      return {
        expect(retryId) {
          const { promise: choice, resolve: choose } = Promise.withResolvers<Choice>();
          expected.set(retryId, { choice, choose });
        },
        async wait(retryId, delayMs, signal) {
          const over = new AbortController();
          try {
            const time = pause(delayMs * timeFactor, AbortSignal.any([signal, over.signal])).then((): Choice => ({}));
            return await Promise.race([time, ...(expected.has(retryId) ? [expected.get(retryId)!.choice] : [])]);
          } finally {
            over.abort();
            expected.delete(retryId);
          }
        },
        [Symbol.dispose]: () => void byTask.delete(taskId),
      };
    },
    /** Ends a wait. Throws 404, `not_waiting`, and for another model what starting a run with it throws. */
    retry: async (
      userId: string,
      { task_id, retry_id, model }: { task_id: string; retry_id: string; model?: string | null },
    ): Promise<{ retry_id: string; status: "retry_requested" }> => {
      const task = await access.ownRun(userId, task_id);
      if (task.status !== "running" || !(await store.isWaitingToRetry(task.id, retry_id)))
        throw conflict("not_waiting", "This call does not wait to be repeated.");
      const { agent_id } = task.input as RunInput;
      const chosen = model ? (await check.resolveAgain(userId, { agent_id, model_id: model })).model.model_id : undefined;
      await bus.notify(channel, { task_id: task.id, retry_id, ...(chosen !== undefined && { model: chosen }) });
      return { retry_id, status: "retry_requested" };
    },
  };
}
