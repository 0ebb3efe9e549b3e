import { and, desc, eq, gt, inArray, or, sql } from "drizzle-orm";
import type { PreviewReport, ProjectEventData } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { asJsonb } from "../../../platform/postgres-text.ts";
import { chats, messages, type ChatRow, type MessageRow } from "../../../db/schema/agent/chats.ts";
import { events, tasks, type TaskRow } from "../../../db/schema/core.ts";
import { users } from "../../../db/schema/accounts.ts";
import { containers } from "../../../db/schema/runtime.ts";
import type { Crash } from "./repairs.rules.ts";

const maxReports = 200;
/** The newest failures of a project's containers that are read. */
const maxFailures = 50;
/** Older reports are ignored. */
const maxAge = sql`now() - interval '10 minutes'`;
/** Events of changes to the project's own files, not to those of a branch. */
const isFileChangeBy = (by: "agent" | "user") =>
  and(eq(events.type, "file_changed"), sql`not ${events.data} ? 'branch_id'`, sql`${events.data}->>'by' = ${by}`);

export type RepairsStore = ReturnType<typeof createRepairsStore>;
export function createRepairsStore(db: Database) {
  return {
    /** Runs `work` under the project's lock, across processes; undefined when the lock is taken. */
    withLock: async <T>(projectId: string, work: () => Promise<T>): Promise<T | undefined> =>
      db.transaction(async (tx) => {
        const { rows } = await tx.execute<{ is_mine: boolean }>(
          sql`select pg_try_advisory_xact_lock(hashtextextended(${`repairs:${projectId}`}, 0)) as is_mine`,
        );
        return rows[0]?.is_mine ? work() : undefined;
      }),
    hasActiveRun: async (projectId: string): Promise<boolean> =>
      (
        await db
          .select({ id: tasks.id })
          .from(tasks)
          .where(and(eq(tasks.project_id, projectId), eq(tasks.type, "agent_execution"), inArray(tasks.status, ["queued", "running"])))
          .limit(1)
      ).length > 0,
    findOwnerName: async (userId: string): Promise<string> =>
      (await db.select({ name: users.name }).from(users).where(eq(users.id, userId)))[0]?.name ?? "",
    /** The chat that was used last and works in the project's files. */
    findLastChat: async (projectId: string, userId: string): Promise<ChatRow | undefined> =>
      (
        await db
          .select()
          .from(chats)
          .where(
            and(
              eq(chats.project_id, projectId),
              eq(chats.user_id, userId),
              sql`${chats.status} <> 'archived'`,
              sql`not exists (select 1 from branches b join projects p on p.id = b.id where b.chat_id = ${chats.id} and p.environment_status <> 'deleting')`,
            ),
          )
          .orderBy(desc(chats.updated_at))
          .limit(1)
      )[0],
    /** User messages, including automatic ones, newest first. */
    lastQuestions: (chatId: string, limit: number): Promise<MessageRow[]> =>
      db
        .select()
        .from(messages)
        .where(and(eq(messages.chat_id, chatId), eq(messages.role, "user")))
        .orderBy(desc(messages.position))
        .limit(limit),
    lastRun: async (chatId: string): Promise<TaskRow | undefined> =>
      (
        await db
          .select()
          .from(tasks)
          .where(and(eq(tasks.chat_id, chatId), eq(tasks.type, "agent_execution")))
          .orderBy(desc(tasks.created_at))
          .limit(1)
      )[0],
    findProjectOf: async (chatId: string): Promise<string | undefined> =>
      (await db.select({ id: chats.project_id }).from(chats).where(eq(chats.id, chatId)))[0]?.id ?? undefined,
    mark: async (tx: Queries, messageId: string, change: Record<string, unknown>): Promise<void> => {
      await tx
        .update(messages)
        .set({ message_metadata: sql`coalesce(${messages.message_metadata}, '{}'::jsonb) || ${asJsonb(change)}` })
        .where(eq(messages.id, messageId));
    },
    /** Sets a flag; false when it was set before. */
    markOnce: async (tx: Queries, messageId: string, key: string): Promise<boolean> =>
      (
        await tx
          .update(messages)
          .set({ message_metadata: sql`coalesce(${messages.message_metadata}, '{}'::jsonb) || jsonb_build_object(${key}::text, true)` })
          .where(and(eq(messages.id, messageId), sql`not coalesce(${messages.message_metadata} ? ${key}, false)`))
          .returning({ id: messages.id })
      ).length > 0,
    /** The position of the agent's last change to a file among the project's events. */
    findLastChange: async (projectId: string): Promise<number | undefined> =>
      (
        await db
          .select({ seq: events.seq })
          .from(events)
          .where(and(eq(events.project_id, projectId), gt(events.ts, sql`${maxAge}`), isFileChangeBy("agent")))
          .orderBy(desc(events.seq))
          .limit(1)
      )[0]?.seq,
    /**
     * Whether a person changed files of the project since then: through the API (editor, review, visual edits, merge of a branch), or with a
     * restore, an undo, a redo, a clone or git. Changes by processes are not counted: a terminal's cannot be told from those of services.
     */
    hasPersonChanged: async (projectId: string, since: string): Promise<boolean> =>
      (
        await db
          .select({ seq: events.seq })
          .from(events)
          .where(and(eq(events.project_id, projectId), gt(events.ts, since), or(eq(events.type, "files_replaced"), isFileChangeBy("user"))))
          .limit(1)
      ).length > 0,
    /** Containers that have failed, with the event of their last failure. */
    listCrashes: async (projectId: string): Promise<Crash[]> => {
      const failed = await db
        .select({ id: containers.id, name: containers.name, directory: containers.directory, reason: containers.status_message })
        .from(containers)
        .where(and(eq(containers.project_id, projectId), eq(containers.status, "failed")));
      if (failed.length === 0) return [];
      const rows = await db
        .select({ seq: events.seq, ts: events.ts, data: events.data })
        .from(events)
        .where(
          and(
            eq(events.project_id, projectId),
            eq(events.type, "container_status"),
            gt(events.ts, sql`now() - interval '1 day'`),
            sql`${events.data}->>'status' = 'failed'`,
          ),
        )
        .orderBy(desc(events.seq))
        .limit(maxFailures);
      return failed.flatMap(({ id, name, directory, reason }) => {
        const event = rows.find(({ data }) => (data as unknown as ProjectEventData<"container_status">).container_id === id);
        if (!event) return [];
        const { last_lines = [] } = event.data as unknown as ProjectEventData<"container_status">;
        return [{ name, directory, reason: reason ?? "The process exited.", last_lines, seq: event.seq, at: event.ts }];
      });
    },
    /** Preview reports since that time and, if given, after that position, oldest first. */
    reportsSince: async (projectId: string, since: string, after = 0): Promise<PreviewReport[]> => {
      const rows = await db
        .select({ data: events.data })
        .from(events)
        .where(
          and(
            eq(events.project_id, projectId),
            eq(events.type, "preview_report"),
            gt(events.seq, after),
            gt(events.ts, since),
            gt(events.ts, sql`${maxAge}`),
          ),
        )
        .orderBy(desc(events.seq))
        .limit(maxReports);
      return rows.map(({ data }) => data as unknown as PreviewReport).toReversed();
    },
  };
}
