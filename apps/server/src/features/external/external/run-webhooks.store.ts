import { and, eq, inArray, lt, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { messages } from "../../../db/schema/agent/chats.ts";
import { tasks } from "../../../db/schema/core.ts";
import { runWebhooks, type RunWebhookRow } from "../../../db/schema/external.ts";

const keptDays = 30;
/** An attempt that takes longer than this died with its process. */
const tryMs = 30_000;

export type RunWebhooksStore = ReturnType<typeof createRunWebhooksStore>;
export function createRunWebhooksStore(db: Database) {
  const continues = sql`exists (select 1 from ${messages} where ${messages.id} = ${runWebhooks.message_id} and ${messages.message_metadata}->>'completion_reason' = 'in_progress')`;
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    insert: async (tx: Queries, values: typeof runWebhooks.$inferInsert): Promise<void> => {
      await tx.insert(runWebhooks).values(values);
    },
    findOfTask: async (taskId: string): Promise<RunWebhookRow | undefined> =>
      (await db.select().from(runWebhooks).where(eq(runWebhooks.task_id, taskId)))[0],
    /** Waiting webhooks whose run has ended; with `messageId` only that one. */
    listOver: async (messageId?: string): Promise<RunWebhookRow[]> =>
      db
        .select()
        .from(runWebhooks)
        .where(
          and(
            eq(runWebhooks.status, "waiting"),
            messageId === undefined
              ? lt(runWebhooks.created_at, sql`now() - interval '10 seconds'`)
              : eq(runWebhooks.message_id, messageId),
            sql`not ${continues}`,
          ),
        )
        .limit(200),
    /** The outcome of a run: its final message and its last task. */
    endOf: async (row: RunWebhookRow) => {
      const [message] = await db.select().from(messages).where(eq(messages.id, row.message_id));
      const taskId = (message?.message_metadata?.["task_id"] as string | undefined) ?? row.task_id;
      const [task] = await db.select().from(tasks).where(eq(tasks.id, taskId));
      return { message, task };
    },
    /** False when another process did it already. */
    makeDue: async (tx: Queries, id: string, body: string): Promise<boolean> =>
      (
        await tx
          .update(runWebhooks)
          .set({ status: "due", body, next_at: sql`now()` })
          .where(and(eq(runWebhooks.id, id), eq(runWebhooks.status, "waiting")))
          .returning({ id: runWebhooks.id })
      ).length > 0,
    /** Claims the next attempt, unless it is not due yet or another process has it. */
    claim: async (id: string, maxAttempts: number): Promise<RunWebhookRow | undefined> =>
      (
        await db
          .update(runWebhooks)
          .set({ attempts: sql`${runWebhooks.attempts} + 1`, next_at: sql`now() + make_interval(secs => ${tryMs / 1000})` })
          .where(
            and(
              eq(runWebhooks.id, id),
              eq(runWebhooks.status, "due"),
              lt(runWebhooks.attempts, maxAttempts),
              sql`${runWebhooks.next_at} <= now()`,
            ),
          )
          .returning()
      )[0],
    settle: async (q: Queries, id: string, outcome: { status: "delivered" } | { status: "failed"; last_error: string }): Promise<void> => {
      await q
        .update(runWebhooks)
        .set({ ...outcome, next_at: null, ...(outcome.status === "delivered" && { delivered_at: sql`now()`, last_error: null }) })
        .where(and(eq(runWebhooks.id, id), eq(runWebhooks.status, "due")));
    },
    putOff: async (tx: Queries, id: string, delayMs: number, last_error: string): Promise<void> => {
      await tx
        .update(runWebhooks)
        .set({ last_error, next_at: sql`now() + make_interval(secs => ${delayMs / 1000}::float8)` })
        .where(and(eq(runWebhooks.id, id), eq(runWebhooks.status, "due")));
    },
    /** Due webhooks whose process died or whose job was lost. */
    listLeft: async (): Promise<RunWebhookRow[]> =>
      db
        .select()
        .from(runWebhooks)
        .where(and(eq(runWebhooks.status, "due"), sql`${runWebhooks.next_at} < now() - interval '5 seconds'`))
        .limit(200),
    prune: async (): Promise<void> => {
      await db
        .delete(runWebhooks)
        .where(
          and(
            inArray(runWebhooks.status, ["delivered", "failed"]),
            lt(runWebhooks.created_at, sql`now() - make_interval(days => ${keptDays})`),
          ),
        );
    },
  };
}
