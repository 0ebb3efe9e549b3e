import { and, desc, eq, lte, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { anonymizeAuditLog } from "../../accounts/audit/index.ts";
import { giveAwayAgentsOf } from "../../agent/agents/index.ts";
import { anonymizeUsageOf } from "../../billing/credits/index.ts";
import { deletePodAccessOf } from "../../runtime/previews/index.ts";
import { deleteEmailsTo } from "../../../platform/mail.store.ts";
import { deleteVotesAndComments } from "../feedback/index.ts";
import { deleteRecordedRunsOf, deleteReviewsOf, giveAwayBasesOf } from "../../store/marketplace/index.ts";
import { forgetReferrer } from "../../billing/referrals/index.ts";
import { projects, type ProjectRow } from "../../../db/schema/projects.ts";
import { tasks, type TaskRow } from "../../../db/schema/core.ts";
import { giveAwayThemesOf } from "../../accounts/themes/index.ts";
import { deleteUser, systemAccounts } from "../../accounts/users/index.ts";
import { users, type UserRow } from "../../../db/schema/accounts.ts";
import type { OwnedTable } from "./owned-tables.ts";

export type AccountStore = ReturnType<typeof createAccountStore>;
export function createAccountStore(db: Database) {
  return {
    find: async (id: string): Promise<UserRow | undefined> => (await db.select().from(users).where(eq(users.id, id)))[0],
    /** Users whose grace period has ended. */
    listDue: async (): Promise<string[]> =>
      (
        await db
          .select({ id: users.id })
          .from(users)
          .where(and(eq(users.is_deleted, true), lte(users.scheduled_hard_delete_at, sql`now()`)))
      ).map((row) => row.id),
    isDue: async (id: string): Promise<boolean> =>
      (await db.$count(users, and(eq(users.id, id), eq(users.is_deleted, true), lte(users.scheduled_hard_delete_at, sql`now()`)))) > 0,
    /** Including projects that are being deleted. */
    projectsOf: (id: string): Promise<ProjectRow[]> => db.select().from(projects).where(eq(projects.owner_id, id)),
    /** Ids of all projects named by the user's tasks, deleted ones too. */
    formerProjectsOf: async (id: string): Promise<string[]> =>
      (
        await db.execute<{ project_id: string }>(
          sql`select distinct project_id from tasks where user_id = ${id} and project_id is not null`,
        )
      ).rows.map((row) => row.project_id),
    unfinishedTasksOf: async (id: string): Promise<Pick<TaskRow, "id" | "type">[]> =>
      db
        .select({ id: tasks.id, type: tasks.type })
        .from(tasks)
        .where(and(eq(tasks.user_id, id), sql`${tasks.status} in ('queued', 'running')`)),
    lastTask: async (id: string, type: string): Promise<TaskRow | undefined> =>
      (
        await db
          .select()
          .from(tasks)
          .where(and(eq(tasks.user_id, id), eq(tasks.type, type)))
          .orderBy(desc(tasks.created_at))
          .limit(1)
      )[0],
    taskIdsOf: async (id: string, type: string): Promise<string[]> =>
      (
        await db
          .select({ id: tasks.id })
          .from(tasks)
          .where(and(eq(tasks.user_id, id), eq(tasks.type, type)))
      ).map((row) => row.id),
    /** Ids of tasks of the type that are unfinished, or that completed within `hours`. */
    livingTasks: async (type: string, hours: number): Promise<Set<string>> =>
      new Set(
        (
          await db
            .select({ id: tasks.id })
            .from(tasks)
            .where(
              and(
                eq(tasks.type, type),
                sql`(${tasks.status} in ('queued', 'running') or (${tasks.status} = 'completed' and ${tasks.completed_at} > now() - make_interval(hours => ${hours})))`,
              ),
            )
        ).map((row) => row.id),
      ),

    /**
     * The last step of the deletion: rows without a foreign key to the user, then the user with everything that cascades. Usage and ledger rows stay
     * without the user. Agents, bases and themes in other users' libraries stay and move to the community account.
     */
    erase: async (user: UserRow, alongside: (tx: Queries) => Promise<void>): Promise<void> => {
      await db.transaction(async (tx) => {
        const { id } = user;
        await anonymizeUsageOf(tx, id);
        const community = systemAccounts.community.id;
        await deleteRecordedRunsOf(tx, id);
        await giveAwayAgentsOf(tx, id, community);
        await giveAwayBasesOf(tx, id, community);
        await giveAwayThemesOf(tx, id, systemAccounts.community);
        await deleteReviewsOf(tx, id);
        await deleteVotesAndComments(tx, id);
        await deletePodAccessOf(tx, id);
        if (user.referral_code !== null) await forgetReferrer(tx, user.referral_code);
        await deleteEmailsTo(tx, [user.email, user.pending_email]);
        // Jobs that are over and failed would keep saying whom they were for.
        await tx.execute(
          sql`select graphile_worker.complete_jobs(array(select id from graphile_worker._private_jobs where locked_at is null and (position(${id} in payload::text) > 0 or lower(payload ->> 'email') = lower(${user.email}))))`,
        );
        await deleteUser(tx, id);
        await anonymizeAuditLog(tx, id);
        await alongside(tx);
      });
    },

    /** Runs `read` on one consistent snapshot of the database. */
    snapshot: (read: (rowsOf: (table: OwnedTable, userId: string) => AsyncGenerator<unknown>) => Promise<void>): Promise<void> =>
      db.transaction(
        async (tx) => {
          let opened = 0;
          await read(async function* ({ name, columns, isOwn }, userId) {
            // DECLARE takes no parameters; the names come from the database's catalog.
            if (!/^[0-9a-f-]{36}$/.test(userId)) throw new Error("not a user's id");
            const cursor = sql.identifier(`account_export_${++opened}`);
            const shown = columns.map((column) => `t."${column}"`).join(", ");
            await tx.execute(
              sql`declare ${cursor} no scroll cursor for ${sql.raw(`select ${shown} from "${name}" t where ${isOwn(`'${userId}'`)}`)}`,
            );
            for (;;) {
              const { rows } = await tx.execute<Record<string, unknown>>(sql`fetch 200 from ${cursor}`);
              if (rows.length === 0) break;
              yield* rows;
            }
            await tx.execute(sql`close ${cursor}`);
          });
        },
        { isolationLevel: "repeatable read", accessMode: "read only" },
      ),
    /** Columns and foreign keys of all tables. */
    schema: async () => {
      const [columns, keys] = await Promise.all([
        db.execute<{ table: string; column: string; type: string }>(
          sql`select table_name as table, column_name as column, data_type as type from information_schema.columns where table_schema = 'public' and is_generated = 'NEVER' order by table_name, ordinal_position`,
        ),
        db.execute<{ table: string; column: string; target: string; target_column: string }>(sql`
          select c.conrelid::regclass::text as table, a.attname as column, c.confrelid::regclass::text as target, f.attname as target_column
          from pg_constraint c
          join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
          join pg_attribute f on f.attrelid = c.confrelid and f.attnum = c.confkey[1]
          where c.contype = 'f' and (c.confdeltype = 'c' or a.attname in ('user_id', 'project_id')) and array_length(c.conkey, 1) = 1 and c.connamespace = 'public'::regnamespace`),
      ]);
      return { columns: columns.rows, keys: keys.rows };
    },
  };
}
