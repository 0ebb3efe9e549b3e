import type { ChatSession } from "@tesslate/contract";
import { and, asc, count, desc, eq, getTableColumns, inArray, max, ne, or, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { containers, type ContainerRow } from "../../../db/schema/runtime.ts";
import {
  agentSteps,
  chatRewinds,
  chats,
  messages,
  plans,
  queuedMessages,
  type AgentStepRow,
  type ChatRow,
  type MessageRow,
} from "../../../db/schema/agent/chats.ts";
import { approvals } from "../../../db/schema/agent/runs.ts";
import { events, tasks, type TaskRow } from "../../../db/schema/core.ts";
import { isActiveRunIn } from "../../core/tasks/index.ts";

/** Metadata of an assistant message. */
export interface RunMetadata {
  [key: string]: unknown;
  agent_mode: true;
  task_id: string;
  completion_reason: string;
}
/** A position after all messages. */
export const endOfChat = 2_147_483_647;
export type ChatWithCount = ChatRow & { message_count: number; card: ChatSession["card"] };

const runType = "agent_execution";
const unfinished = ["queued", "running"] as const;
const messageCount = sql<number>`(select count(*)::int from messages m where m.chat_id = "chats"."id")`;
const withCount = {
  id: chats.id,
  user_id: chats.user_id,
  project_id: chats.project_id,
  title: chats.title,
  origin: chats.origin,
  status: chats.status,
  pinned: chats.pinned,
  allowed_tools: chats.allowed_tools,
  todos: chats.todos,
  seen_files: chats.seen_files,
  summary: chats.summary,
  created_at: chats.created_at,
  updated_at: chats.updated_at,
  message_count: messageCount,
  card: sql<ChatSession["card"]>`(
    select jsonb_build_object('id', c.id, 'ref_number', c.ref_number, 'title', c.title) from card_runs r join cards c on c.id = r.card_id where r.chat_id = "chats"."id")`,
};

export type ChatStore = ReturnType<typeof createChatStore>;
/** Chats and their messages. The API also calls chats sessions. */
export function createChatStore(db: Database) {
  const findActiveRun = async (chatId: string, q: Queries = db): Promise<TaskRow | undefined> =>
    (
      await q
        .select()
        .from(tasks)
        .where(and(eq(tasks.chat_id, chatId), eq(tasks.type, runType), inArray(tasks.status, unfinished)))
        .orderBy(desc(tasks.created_at))
        .limit(1)
    )[0];
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    /** Serializes changes to a chat across processes, until the transaction ends. */
    lock: async (tx: Queries, key: string): Promise<void> => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`);
    },

    insertChat: async (tx: Queries, values: typeof chats.$inferInsert): Promise<ChatRow> =>
      (await tx.insert(chats).values(values).returning())[0] as ChatRow,
    findChat: async (id: string): Promise<ChatWithCount | undefined> => (await db.select(withCount).from(chats).where(eq(chats.id, id)))[0],
    /** The chat that was used last. */
    findRecentChat: async (userId: string, projectId: string, q: Queries = db): Promise<ChatRow | undefined> =>
      (
        await q
          .select()
          .from(chats)
          .where(and(eq(chats.user_id, userId), eq(chats.project_id, projectId)))
          .orderBy(desc(chats.updated_at), desc(chats.id))
          .limit(1)
      )[0],
    /** The chat that was created last. */
    findNewestChat: async (userId: string, projectId: string): Promise<ChatRow | undefined> =>
      (
        await db
          .select()
          .from(chats)
          .where(and(eq(chats.user_id, userId), eq(chats.project_id, projectId)))
          .orderBy(desc(chats.created_at), desc(chats.id))
          .limit(1)
      )[0],
    listChats: async (userId: string, projectId: string | undefined, page: { limit: number; offset: number }) => {
      const where = and(eq(chats.user_id, userId), projectId === undefined ? undefined : eq(chats.project_id, projectId));
      const [rows, [total]] = await Promise.all([
        db
          .select(withCount)
          .from(chats)
          .where(where)
          .orderBy(desc(chats.pinned), desc(chats.updated_at), desc(chats.id))
          .limit(page.limit)
          .offset(page.offset),
        db.select({ n: count() }).from(chats).where(where),
      ]);
      return { rows: rows as ChatWithCount[], total: total?.n ?? 0 };
    },
    updateChat: async (q: Queries, id: string, change: Partial<typeof chats.$inferInsert>): Promise<void> => {
      await q
        .update(chats)
        .set({ ...change, updated_at: sql`now()` })
        .where(eq(chats.id, id));
    },
    /** False when the title has changed from `from`. Does not update `updated_at`. */
    retitle: async (tx: Queries, id: string, { from, to }: { from: string | null; to: string }): Promise<boolean> =>
      (
        await tx
          .update(chats)
          .set({ title: to })
          .where(and(eq(chats.id, id), sql`${chats.title} is not distinct from ${from}`))
          .returning({ id: chats.id })
      ).length > 0,
    /** Does not update `updated_at`. */
    setSeenFiles: async (id: string, seen: Record<string, string>): Promise<void> => {
      await db.update(chats).set({ seen_files: seen }).where(eq(chats.id, id));
    },
    /** Does not update `updated_at`. */
    setPinned: async (id: string, pinned: boolean): Promise<void> => {
      await db.update(chats).set({ pinned }).where(eq(chats.id, id));
    },
    copyPlan: async (tx: Queries, from: string, to: string): Promise<void> => {
      await tx.execute(sql`
        insert into plans (chat_id, name, task, steps, critical_files, created_at, updated_at)
        select ${to}, name, task, steps, critical_files, created_at, updated_at from plans where chat_id = ${from}`);
    },
    /** Locks the chat's row until the transaction ends. */
    readTodos: async (tx: Queries, id: string): Promise<ChatRow["todos"]> =>
      (await tx.select({ todos: chats.todos }).from(chats).where(eq(chats.id, id)).for("update"))[0]?.todos ?? [],
    /** Copies messages up to a position with their steps and transcripts, except an unfinished answer. */
    copyMessages: async (tx: Queries, from: string, to: string, upTo: number): Promise<void> => {
      await tx.execute(sql`
        insert into messages (chat_id, role, content, message_metadata, position, created_at)
        select ${to}, role, content, message_metadata, position, created_at from messages
        where chat_id = ${from} and position <= ${upTo} and coalesce(message_metadata->>'completion_reason', '') <> 'in_progress'`);
      await tx.execute(sql`
        insert into agent_steps (message_id, chat_id, step_index, step_data, created_at)
        select copy.id, ${to}, step.step_index, step.step_data, step.created_at
        from agent_steps step
        join messages original on original.id = step.message_id
        join messages copy on copy.chat_id = ${to} and copy.position = original.position
        where original.chat_id = ${from}`);
      await tx.execute(sql`
        insert into run_transcripts (message_id, position, task_id, last_seq, events, created_at)
        select copy.id, part.position, part.task_id, part.last_seq, part.events, part.created_at
        from run_transcripts part
        join messages original on original.id = part.message_id
        join messages copy on copy.chat_id = ${to} and copy.position = original.position
        where original.chat_id = ${from}`);
    },
    /** Copies the summary if all messages that it replaces were copied. */
    copySummary: async (tx: Queries, from: string, to: string): Promise<void> => {
      await tx.execute(sql`
        update chats set summary = jsonb_build_object('text', original.summary->'text', 'until_message_id', copy.id)
        from chats original
        join messages until on until.chat_id = original.id and until.id = (original.summary->>'until_message_id')::uuid
        join messages copy on copy.chat_id = ${to} and copy.position = until.position
        where chats.id = ${to} and original.id = ${from}`);
    },
    /** Deletes messages, approvals, plan, queue and rewinds. Returns the number of messages. */
    clear: async (tx: Queries, chatId: string): Promise<number> => {
      await tx.delete(plans).where(eq(plans.chat_id, chatId));
      await tx.delete(queuedMessages).where(eq(queuedMessages.chat_id, chatId));
      await tx.delete(approvals).where(eq(approvals.chat_id, chatId));
      await tx.delete(chatRewinds).where(eq(chatRewinds.chat_id, chatId));
      await tx.update(chats).set({ todos: [], allowed_tools: [], seen_files: {}, summary: null }).where(eq(chats.id, chatId));
      return (await tx.delete(messages).where(eq(messages.chat_id, chatId)).returning({ id: messages.id })).length;
    },
    /** Sets the status of the run. An archived chat stays archived. */
    setStatus: async (q: Queries, id: string, status: "running" | "waiting_approval"): Promise<void> => {
      await q
        .update(chats)
        .set({ status })
        .where(and(eq(chats.id, id), ne(chats.status, "archived")));
    },
    /** False once the run has emitted its end, although its task may still be active. */
    isRunning: async (q: Queries, id: string): Promise<boolean> =>
      (await q.select({ status: chats.status }).from(chats).where(eq(chats.id, id))).some(
        ({ status }) => status === "running" || status === "waiting_approval" || status === "archived",
      ),
    allowTool: async (q: Queries, id: string, tool: string): Promise<void> => {
      await q
        .update(chats)
        .set({
          allowed_tools: sql`case when ${chats.allowed_tools} ? ${tool} then ${chats.allowed_tools} else ${chats.allowed_tools} || to_jsonb(${tool}::text) end`,
        })
        .where(eq(chats.id, id));
    },
    removeChat: async (tx: Queries, id: string): Promise<void> => {
      await tx.delete(chats).where(eq(chats.id, id));
    },

    /** The caller holds the chat's lock, so positions do not collide. */
    insertMessages: async (
      tx: Queries,
      chatId: string,
      rows: Omit<typeof messages.$inferInsert, "chat_id" | "position">[],
    ): Promise<MessageRow[]> => {
      const [last] = await tx
        .select({ position: sql<number>`coalesce(max(${messages.position}), -1)` })
        .from(messages)
        .where(eq(messages.chat_id, chatId));
      const next = Number(last?.position ?? -1) + 1;
      return tx
        .insert(messages)
        .values(rows.map((row, i) => ({ ...row, chat_id: chatId, position: next + i })))
        .returning();
    },
    findMessage: async (id: string): Promise<MessageRow | undefined> => (await db.select().from(messages).where(eq(messages.id, id)))[0],
    setMetadata: async (tx: Queries, id: string, metadata: RunMetadata): Promise<void> => {
      await tx.update(messages).set({ message_metadata: metadata }).where(eq(messages.id, id));
    },
    findLastMessage: async (q: Queries, chatId: string): Promise<MessageRow | undefined> =>
      (await q.select().from(messages).where(eq(messages.chat_id, chatId)).orderBy(desc(messages.position)).limit(1))[0],
    listMessages: async (chatId: string, page: { limit: number; offset: number; order: "asc" | "desc" }) => {
      const by = page.order === "asc" ? asc : desc;
      const [rows, [total]] = await Promise.all([
        db.select().from(messages).where(eq(messages.chat_id, chatId)).orderBy(by(messages.position)).limit(page.limit).offset(page.offset),
        db.select({ n: count() }).from(messages).where(eq(messages.chat_id, chatId)),
      ]);
      return { rows, total: total?.n ?? 0 };
    },
    /** The newest messages, newest first, and the active run, both as of one moment: a run starts with its messages and ends with its answer. */
    latest: (chatId: string, limit: number): Promise<{ rows: MessageRow[]; run: TaskRow | undefined }> =>
      db.transaction(
        async (tx) => ({
          rows: await tx.select().from(messages).where(eq(messages.chat_id, chatId)).orderBy(desc(messages.position)).limit(limit),
          run: await findActiveRun(chatId, tx),
        }),
        { isolationLevel: "repeatable read", accessMode: "read only" },
      ),
    /** Of all chats of a person in a project, by time; within a chat by position. */
    listMessagesOfProject: async (userId: string, projectId: string, page: { limit: number; offset: number; order: "asc" | "desc" }) => {
      const by = page.order === "asc" ? asc : desc;
      const where = and(eq(chats.user_id, userId), eq(chats.project_id, projectId));
      const [rows, [total]] = await Promise.all([
        db
          .select(getTableColumns(messages))
          .from(messages)
          .innerJoin(chats, eq(chats.id, messages.chat_id))
          .where(where)
          .orderBy(by(messages.created_at), by(messages.chat_id), by(messages.position))
          .limit(page.limit)
          .offset(page.offset),
        db.select({ n: count() }).from(messages).innerJoin(chats, eq(chats.id, messages.chat_id)).where(where),
      ]);
      return { rows, total: total?.n ?? 0 };
    },
    /** Newest first. */
    listMessagesBefore: (chatId: string, position: number, limit: number): Promise<MessageRow[]> =>
      db
        .select()
        .from(messages)
        .where(and(eq(messages.chat_id, chatId), sql`${messages.position} < ${position}`))
        .orderBy(desc(messages.position))
        .limit(limit),
    listSteps: async (messageIds: string[]): Promise<AgentStepRow[]> =>
      messageIds.length === 0
        ? []
        : db
            .select()
            .from(agentSteps)
            .where(inArray(agentSteps.message_id, messageIds))
            .orderBy(asc(agentSteps.message_id), asc(agentSteps.step_index)),

    /** The queued or running run of the chat. */
    findActiveRun,
    findActiveRunOfProject: async (userId: string, projectId: string): Promise<TaskRow | undefined> =>
      (
        await db
          .select()
          .from(tasks)
          .where(
            and(eq(tasks.user_id, userId), eq(tasks.project_id, projectId), eq(tasks.type, runType), inArray(tasks.status, unfinished)),
          )
          .orderBy(desc(tasks.created_at))
          .limit(1)
      )[0],
    /** Runs that may change the files of the project, until they have emitted their end; those in plan mode and in branches do not. */
    listRunsThatChangeFiles: (q: Queries, projectId: string): Promise<TaskRow[]> =>
      q
        .select(getTableColumns(tasks))
        .from(tasks)
        .innerJoin(chats, eq(chats.id, tasks.chat_id))
        .where(
          and(
            isActiveRunIn(projectId),
            sql`${tasks.input}->>'edit_mode' <> 'plan'`,
            inArray(chats.status, ["running", "waiting_approval", "archived"]),
          ),
        )
        .orderBy(asc(tasks.created_at)),
    /** The run that a queued message started. */
    findRunOfQueued: async (chatId: string, queuedId: string): Promise<TaskRow | undefined> =>
      (
        await db
          .select()
          .from(tasks)
          .where(and(eq(tasks.chat_id, chatId), eq(tasks.type, runType), sql`${tasks.input}->>'queued_id' = ${queuedId}`))
      )[0],
    /** Runs of the project's chats; for a branch, those that work in it. */
    listActiveRuns: (projectId: string): Promise<TaskRow[]> =>
      db
        .select()
        .from(tasks)
        .where(
          and(
            or(eq(tasks.project_id, projectId), sql`${tasks.input}->>'branch_id' = ${projectId}`),
            eq(tasks.type, runType),
            inArray(tasks.status, unfinished),
          ),
        ),
    findRun: async (taskId: string): Promise<TaskRow | undefined> =>
      (
        await db
          .select()
          .from(tasks)
          .where(and(eq(tasks.id, taskId), eq(tasks.type, runType)))
      )[0],
    /** The sequence number of the run's `done` event. */
    findDoneSeq: async (taskId: string): Promise<number | undefined> =>
      (
        await db
          .select({ seq: events.task_seq })
          .from(events)
          .where(and(eq(events.task_id, taskId), eq(events.type, "done")))
      )[0]?.seq ?? undefined,
    findLastSeq: async (taskId: string): Promise<number | undefined> =>
      (
        await db
          .select({ seq: max(events.task_seq) })
          .from(events)
          .where(eq(events.task_id, taskId))
      )[0]?.seq ?? undefined,
    /** The runs among these whose task was deleted, or ended longer ago than cleanup takes. */
    listOrphanedRuns: async (taskIds: string[]): Promise<Set<string>> => {
      if (taskIds.length === 0) return new Set();
      const rows = await db
        .select({ id: tasks.id, isOrphaned: sql<boolean>`coalesce(${tasks.completed_at} < now() - interval '15 seconds', false)` })
        .from(tasks)
        .where(inArray(tasks.id, taskIds));
      const alive = new Set(rows.filter((r) => !r.isOrphaned).map((r) => r.id));
      return new Set(taskIds.filter((id) => !alive.has(id)));
    },

    findContainer: async (projectId: string, id: string): Promise<ContainerRow | undefined> =>
      (
        await db
          .select()
          .from(containers)
          .where(and(eq(containers.project_id, projectId), eq(containers.id, id)))
      )[0],
    listContainers: (projectId: string): Promise<ContainerRow[]> =>
      db.select().from(containers).where(eq(containers.project_id, projectId)).orderBy(asc(containers.created_at), asc(containers.id)),
    /** Preview reports of the last ten minutes, newest first. */
    listPreviewReports: (projectId: string, limit: number) =>
      db
        .select({ data: events.data, ts: events.ts })
        .from(events)
        .where(and(eq(events.project_id, projectId), eq(events.type, "preview_report"), sql`${events.ts} > now() - interval '10 minutes'`))
        .orderBy(desc(events.seq))
        .limit(limit),
  };
}
