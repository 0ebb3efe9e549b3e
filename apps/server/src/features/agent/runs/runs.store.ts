import { and, asc, desc, eq, gte, inArray, isNull, sql } from "drizzle-orm";
import type { PendingBatch } from "@tesslate/agent";
import type { QueueHold, SubagentEvent } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { asJsonb } from "../../../platform/postgres-text.ts";
import {
  agentSteps,
  chats,
  messages,
  queuedMessages,
  type AgentStepRow,
  type ChatRow,
  type MessageRow,
} from "../../../db/schema/agent/chats.ts";
import { approvals, type ApprovalRow } from "../../../db/schema/agent/runs.ts";
import { events, tasks } from "../../../db/schema/core.ts";

export interface NewApproval {
  id: string;
  task_id: string;
  chat_id: string;
  user_id: string;
  kind?: ApprovalRow["kind"];
  tool_name: string;
  tool_parameters: Record<string, unknown>;
  tool_description: string;
  /** Null: cannot be resumed after a restart. */
  pending: PendingBatch | null;
}

/** A notice as it is stored in the message; it is shown before step `iteration`. */
export interface StoredNotice {
  level: "info" | "warning";
  message: string;
  iteration: number;
  at: string;
}

const holdMessages: Record<string, string> = {
  cancelled: "The run was stopped.",
  user_stopped: "The run was stopped.",
  approval_timeout: "The run's question was not answered in time.",
  interrupted: "The server stopped during the run.",
  credits_exhausted: "There are no credits left.",
  credit_deduction_failed: "The cost of the run could not be recorded.",
  resource_limit_exceeded: "The run reached a limit.",
  max_iterations: "The run reached its step limit.",
};

/** Why a run did not complete, as a sentence. */
export const runEndReason = (completionReason: string): string => holdMessages[completionReason] ?? "The run failed.";

/** Queued messages are held after a run that did not complete, so that a person decides. */
const holdAfter = (completionReason: string): QueueHold => ({
  reason: completionReason,
  message: runEndReason(completionReason),
});

export type RunsStore = ReturnType<typeof createRunsStore>;
/** Steps, approvals and final messages of runs. */
export function createRunsStore(db: Database) {
  /** The approval that an interrupted run waited for: unanswered, or answered but not delivered. */
  const findInterruptedApproval = async (taskId: string, q: Queries = db): Promise<ApprovalRow | undefined> => {
    const [last] = await q.select().from(approvals).where(eq(approvals.task_id, taskId)).orderBy(desc(approvals.created_at)).limit(1);
    // Batches in an older form cannot be executed.
    if (!last?.pending || !("parts" in last.pending.message)) return undefined;
    if (last.response === "expired" || last.response === null) return last;
    const delivered = await q
      .select({ seq: events.seq })
      .from(events)
      .where(
        and(
          eq(events.task_id, taskId),
          inArray(events.type, ["approval_resolved", "question_resolved"]),
          sql`coalesce(${events.data}->>'approval_id', ${events.data}->>'question_id') = ${last.id}`,
        ),
      )
      .limit(1);
    return delivered.length === 0 ? last : undefined;
  };

  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    insertStep: async (tx: Queries, row: Omit<typeof agentSteps.$inferInsert, "step_index">): Promise<void> => {
      await tx.execute(sql`
        insert into agent_steps (message_id, chat_id, step_index, step_data)
        select ${row.message_id}, ${row.chat_id}, coalesce(max(step_index), -1) + 1, ${asJsonb(row.step_data)} from agent_steps where message_id = ${row.message_id}`);
    },
    listSteps: (messageId: string, q: Queries = db): Promise<AgentStepRow[]> =>
      q.select().from(agentSteps).where(eq(agentSteps.message_id, messageId)).orderBy(asc(agentSteps.step_index)),
    /** Removes the partial step of a batch that will be executed again. */
    removeStepsFrom: async (tx: Queries, messageId: string, iteration: number): Promise<void> => {
      await tx
        .delete(agentSteps)
        .where(and(eq(agentSteps.message_id, messageId), gte(sql`(${agentSteps.step_data}->>'iteration')::int`, iteration)));
    },

    /** Stores in the message which rules, memory and skills the run was given. */
    storeContext: async (messageId: string, context: Record<string, unknown>): Promise<void> => {
      await db
        .update(messages)
        .set({ message_metadata: sql`${messages.message_metadata} || ${asJsonb({ context })}` })
        .where(eq(messages.id, messageId));
    },
    /** At most fifty per message; never before steps that are stored already. */
    storeNotice: async (tx: Queries, messageId: string, notice: StoredNotice): Promise<void> => {
      await tx.execute(sql`
        update messages set message_metadata = message_metadata || jsonb_build_object('notices', coalesce(message_metadata->'notices', '[]'::jsonb) || (
          ${asJsonb(notice)} || jsonb_build_object('iteration',
            greatest(${notice.iteration}::int, (select coalesce(max((step_data->>'iteration')::int), 0) + 1 from agent_steps where message_id = ${messageId})))))
        where id = ${messageId} and coalesce(jsonb_array_length(message_metadata->'notices'), 0) < 50`);
    },
    /** Finishes the message once and updates the chat's status; undefined when it was finished before, or belongs to a later run. */
    finishMessage: async (
      tx: Queries,
      taskId: string,
      messageId: string,
      end: { content: string; metadata: Record<string, unknown>; status: ChatRow["status"] },
    ): Promise<MessageRow | undefined> => {
      const [row] = await tx
        .update(messages)
        .set({
          content: end.content,
          message_metadata: sql`${messages.message_metadata} || ${asJsonb(end.metadata)}`,
          updated_at: sql`now()`,
        })
        .where(
          and(
            eq(messages.id, messageId),
            sql`${messages.message_metadata}->>'completion_reason' = 'in_progress'`,
            sql`${messages.message_metadata}->>'task_id' = ${taskId}`,
          ),
        )
        .returning();
      if (row && end.status !== "completed")
        await tx
          .update(queuedMessages)
          .set({ held: holdAfter(String(end.metadata["completion_reason"])) })
          .where(eq(queuedMessages.chat_id, row.chat_id));
      if (row)
        await tx
          .update(chats)
          .set({ status: end.status, updated_at: sql`now()` })
          .where(
            and(
              eq(chats.id, row.chat_id),
              sql`${chats.status} <> 'archived'`,
              // A later run decides the status.
              sql`not exists (select 1 from tasks t where t.chat_id = ${row.chat_id} and t.id <> ${taskId} and t.type = 'agent_execution' and t.status in ('queued', 'running'))`,
            ),
          );
      return row;
    },
    /** The runs among these that have emitted `done`. */
    listDone: async (taskIds: string[]): Promise<Set<string>> =>
      new Set(
        (
          await db
            .select({ id: events.task_id })
            .from(events)
            .where(and(inArray(events.task_id, taskIds), eq(events.type, "done")))
        ).flatMap(({ id }) => id ?? []),
      ),
    /** Assigns the message to the run that resumes it. */
    reopenMessage: async (tx: Queries, messageId: string, change: Record<string, unknown>): Promise<void> => {
      await tx
        .update(messages)
        .set({
          content: "",
          message_metadata: sql`(${messages.message_metadata} - 'error') || ${asJsonb(change)}`,
          updated_at: sql`now()`,
        })
        .where(eq(messages.id, messageId));
    },

    /** Hands steering messages to the run that resumes, and releases the queue that the interruption put on hold. */
    moveQueue: async (tx: Queries, chatId: string, from: string, to: string, reason: string): Promise<void> => {
      await tx.update(queuedMessages).set({ steer_task_id: to }).where(eq(queuedMessages.steer_task_id, from));
      await tx
        .update(queuedMessages)
        .set({ held: null })
        .where(and(eq(queuedMessages.chat_id, chatId), sql`${queuedMessages.held}->>'reason' = ${reason}`));
    },

    /** A request that is opened again after an interruption keeps an answer that a person gave; a timeout or a cancellation is cleared. */
    /** Returns when the request was opened, or opened again by a resumed run. */
    openApproval: async (tx: Queries, request: NewApproval): Promise<string> => {
      const isAnswer = sql`${approvals.response} in ('allow_once', 'allow_all', 'deny', 'stop', 'answered', 'declined')`;
      const [row] = await tx
        .insert(approvals)
        .values(request)
        .onConflictDoUpdate({
          target: approvals.id,
          set: {
            task_id: request.task_id,
            pending: request.pending,
            response: sql`case when ${isAnswer} then ${approvals.response} end`,
            answered_at: sql`case when ${isAnswer} then ${approvals.answered_at} end`,
            created_at: sql`now()`,
          },
        })
        .returning({ created_at: approvals.created_at });
      if (!row) throw new Error("the request was not stored");
      return row.created_at;
    },
    findApproval: async (id: string): Promise<ApprovalRow | undefined> =>
      (await db.select().from(approvals).where(eq(approvals.id, id)))[0],
    /** The open request of the chat, if its run is active or is being resumed. */
    findPendingApproval: async (chatId: string): Promise<ApprovalRow | undefined> =>
      (
        await db
          .select({ approval: approvals })
          .from(approvals)
          .innerJoin(tasks, eq(tasks.id, approvals.task_id))
          .where(
            and(
              eq(approvals.chat_id, chatId),
              isNull(approvals.answered_at),
              sql`(${tasks.status} in ('queued', 'running') or exists (
            select 1 from tasks t where t.chat_id = ${approvals.chat_id} and t.status in ('queued', 'running') and t.input->>'resumes' = ${approvals.task_id}::text))`,
            ),
          )
          .orderBy(desc(approvals.created_at))
          .limit(1)
      )[0]?.approval,
    /** `undefined` when it was answered already. */
    answerApproval: async (
      q: Queries,
      id: string,
      answer: { response: NonNullable<ApprovalRow["response"]>; note?: string | null; choices?: string[] },
    ): Promise<ApprovalRow | undefined> =>
      (
        await q
          .update(approvals)
          .set({ response: answer.response, note: answer.note ?? null, choices: answer.choices ?? null, answered_at: sql`now()` })
          .where(and(eq(approvals.id, id), isNull(approvals.answered_at)))
          .returning()
      )[0],
    /** Closes open requests. */
    closeApprovals: (tx: Queries, taskIds: readonly string[], response: "expired" | "cancelled"): Promise<ApprovalRow[]> =>
      tx
        .update(approvals)
        .set({ response, answered_at: sql`now()` })
        .where(and(inArray(approvals.task_id, taskIds), isNull(approvals.answered_at)))
        .returning(),
    /** The request that an interrupted run waits for, also one of the run that it resumed: unanswered, or answered but not delivered. */
    findWaiting: async (taskId: string, resumes: string | null, q?: Queries): Promise<ApprovalRow | undefined> => {
      for (const id of resumes === null ? [taskId] : [taskId, resumes]) {
        const row = await findInterruptedApproval(id, q);
        if (row && row.response !== "expired") return row;
      }
      return undefined;
    },
    findInterruptedApproval,
    /** Tool calls, file changes, text and reasoning after the last step, in order. */
    listSinceStep: (taskId: string): Promise<{ type: string; data: Record<string, unknown> }[]> =>
      db
        .select({ type: events.type, data: events.data })
        .from(events)
        .where(
          and(
            eq(events.task_id, taskId),
            inArray(events.type, ["tool_started", "file_changed", "text_chunk", "reasoning_chunk"]),
            sql`${events.task_seq} > coalesce((select max(e.task_seq) from events e where e.task_id = ${taskId} and e.type = 'agent_step'), 0)`,
          ),
        )
        .orderBy(asc(events.task_seq))
        .limit(5_000),
    /** Whether the last event of a command is not its end. */
    isCommandRunning: async (taskId: string, commandId: string): Promise<boolean> => {
      const found = await db
        .select({ type: events.type })
        .from(events)
        .where(
          and(
            eq(events.task_id, taskId),
            inArray(events.type, ["command_started", "command_ended"]),
            sql`${events.data}->>'command_id' = ${commandId}`,
          ),
        );
      return found.length > 0 && found.every(({ type }) => type === "command_started");
    },
    /** Whether the last event of a call's retries is a wait. */
    isWaitingToRetry: async (taskId: string, retryId: string): Promise<boolean> => {
      const [last] = await db
        .select({ status: sql<string>`${events.data}->>'status'` })
        .from(events)
        .where(and(eq(events.task_id, taskId), eq(events.type, "model_retry"), sql`${events.data}->>'retry_id' = ${retryId}`))
        .orderBy(desc(events.task_seq))
        .limit(1);
      return last?.status === "waiting";
    },
    /** The batch whose request was answered last. */
    findAnsweredBatch: async (taskId: string): Promise<ApprovalRow["pending"]> =>
      (await db.select().from(approvals).where(eq(approvals.task_id, taskId)).orderBy(desc(approvals.created_at)).limit(1))[0]?.pending ??
      null,
    /** Events of sub-agents after the last step, without text, in order; at most a thousand. */
    listSubagentsSinceStep: async (taskId: string): Promise<SubagentEvent[]> =>
      (
        await db
          .select({ data: events.data })
          .from(events)
          .where(
            and(
              eq(events.task_id, taskId),
              eq(events.type, "subagent_event"),
              sql`${events.data}->>'kind' <> 'text'`,
              sql`${events.task_seq} > coalesce((select max(e.task_seq) from events e where e.task_id = ${taskId} and e.type = 'agent_step'), 0)`,
            ),
          )
          .orderBy(asc(events.task_seq))
          .limit(1_000)
      ).map(({ data }) => data as unknown as SubagentEvent),
  };
}
