import { and, asc, desc, eq, gte, inArray, isNull, sql } from "drizzle-orm";
import type { PendingBatch } from "@tesslate/agent";
import type { SubagentEvent } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { asJsonb } from "../../../platform/postgres-text.ts";
import { holdAfter } from "./hold.ts";
import {
  queuedMessages,
  agentSteps,
  approvals,
  chats,
  messages,
  type AgentStepRow,
  type ApprovalRow,
  type ChatRow,
  type MessageRow,
} from "../../../db/schema/agent.ts";
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
  /** Null: nobody can go on waiting for it after a restart. */
  pending: PendingBatch | null;
}

/** A notice as its message keeps it: before what the turn `iteration` said and did. */
export interface KeptNotice {
  level: "info" | "warning";
  message: string;
  iteration: number;
  at: string;
}

export type RunsStore = ReturnType<typeof createRunsStore>;
/** What a run leaves behind: steps, approvals, usage, its final message. */
export function createRunsStore(db: Database) {
  /** The approval an interrupted run waited for: nobody answered, or the answer came too late to be heard. */
  const findInterruptedApproval = async (taskId: string, q: Queries = db): Promise<ApprovalRow | undefined> => {
    const [last] = await q.select().from(approvals).where(eq(approvals.task_id, taskId)).orderBy(desc(approvals.created_at)).limit(1);
    if (!last || last.pending === null) return undefined;
    if (last.response === "expired" || last.response === null) return last;
    const heard = await q
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
    return heard.length === 0 ? last : undefined;
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
    /** The batch will be played again, so its half-done step goes. */
    removeStepsFrom: async (tx: Queries, messageId: string, iteration: number): Promise<void> => {
      await tx
        .delete(agentSteps)
        .where(and(eq(agentSteps.message_id, messageId), gte(sql`(${agentSteps.step_data}->>'iteration')::int`, iteration)));
    },

    /** What the run was told of the project, for as long as the message is. */
    noteContext: async (messageId: string, context: Record<string, unknown>): Promise<void> => {
      await db
        .update(messages)
        .set({ message_metadata: sql`${messages.message_metadata} || ${asJsonb({ context })}` })
        .where(eq(messages.id, messageId));
    },
    /** Something told on the way, for as long as the message is; never before the turns that are kept already. At most fifty. */
    keepNotice: async (tx: Queries, messageId: string, notice: KeptNotice): Promise<void> => {
      await tx.execute(sql`
        update messages set message_metadata = message_metadata || jsonb_build_object('notices', coalesce(message_metadata->'notices', '[]'::jsonb) || (
          ${asJsonb(notice)} || jsonb_build_object('iteration',
            greatest(${notice.iteration}::int, (select coalesce(max((step_data->>'iteration')::int), 0) + 1 from agent_steps where message_id = ${messageId})))))
        where id = ${messageId} and coalesce(jsonb_array_length(message_metadata->'notices'), 0) < 50`);
    },
    /** The message's end, once: `undefined` when it had ended, or belongs to a later run. The chat's status follows it. */
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
              // A later run that goes on already has the say.
              sql`not exists (select 1 from tasks t where t.chat_id = ${row.chat_id} and t.id <> ${taskId} and t.type = 'agent_execution' and t.status in ('queued', 'running'))`,
            ),
          );
      return row;
    },
    /** Of these runs, the ones whose last event has been told. */
    listDone: async (taskIds: string[]): Promise<Set<string>> =>
      new Set(
        (
          await db
            .select({ id: events.task_id })
            .from(events)
            .where(and(inArray(events.task_id, taskIds), eq(events.type, "done")))
        ).flatMap(({ id }) => id ?? []),
      ),
    /** An interrupted message goes on under another task. */
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

    /** What the interrupted run was to hear is for the one that goes on; what waited behind it waits again for its end. */
    carryQueueOver: async (tx: Queries, chatId: string, from: string, to: string, reason: string): Promise<void> => {
      await tx.update(queuedMessages).set({ steer_task_id: to }).where(eq(queuedMessages.steer_task_id, from));
      await tx
        .update(queuedMessages)
        .set({ held: null })
        .where(and(eq(queuedMessages.chat_id, chatId), sql`${queuedMessages.held}->>'reason' = ${reason}`));
    },

    /** Asked again after an interruption, the same request keeps a person's answer and loses any other end. */
    openApproval: async (tx: Queries, request: NewApproval): Promise<void> => {
      const isAnswer = sql`${approvals.response} in ('allow_once', 'allow_all', 'deny', 'stop', 'answered', 'declined')`;
      await tx
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
        });
    },
    findApproval: async (id: string): Promise<ApprovalRow | undefined> =>
      (await db.select().from(approvals).where(eq(approvals.id, id)))[0],
    /** The question the chat waits on, if its run is alive or goes on after an interruption. */
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
    /** What nobody will answer any more. */
    closeApprovals: (tx: Queries, taskIds: readonly string[], response: "expired" | "cancelled"): Promise<ApprovalRow[]> =>
      tx
        .update(approvals)
        .set({ response, answered_at: sql`now()` })
        .where(and(inArray(approvals.task_id, taskIds), isNull(approvals.answered_at)))
        .returning(),
    /** The question that the interrupted run waits for, which may be one it took over from the run it `resumes`; unanswered, or answered and not heard. */
    findWaiting: async (taskId: string, resumes: string | null, q?: Queries): Promise<ApprovalRow | undefined> => {
      for (const id of resumes === null ? [taskId] : [taskId, resumes]) {
        const row = await findInterruptedApproval(id, q);
        if (row && row.response !== "expired") return row;
      }
      return undefined;
    },
    findInterruptedApproval,
    /** What the run told after its last step of calls, changes and words, in order. */
    listSinceStep: (taskId: string): Promise<{ type: string; data: Record<string, unknown> }[]> =>
      db
        .select({ type: events.type, data: events.data })
        .from(events)
        .where(
          and(
            eq(events.task_id, taskId),
            inArray(events.type, ["tool_started", "file_changed", "text_chunk"]),
            sql`${events.task_seq} > coalesce((select max(e.task_seq) from events e where e.task_id = ${taskId} and e.type = 'agent_step'), 0)`,
          ),
        )
        .orderBy(asc(events.task_seq))
        .limit(5_000),
    /** The batch whose question the run has heard the answer of last. */
    findAnsweredBatch: async (taskId: string): Promise<ApprovalRow["pending"]> =>
      (await db.select().from(approvals).where(eq(approvals.task_id, taskId)).orderBy(desc(approvals.created_at)).limit(1))[0]?.pending ??
      null,
    /** What sub-agents told after the run's last step, in order; at most a thousand events, without their words. */
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
