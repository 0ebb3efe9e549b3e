import { and, asc, eq, getTableColumns, ne, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { chats } from "../../../db/schema/agent/chats.ts";
import { tasks } from "../../../db/schema/core.ts";
import { projects, type ProjectRow } from "../../../db/schema/projects.ts";
import { containers } from "../../../db/schema/runtime.ts";
import { branches, type BranchRow } from "../../../db/schema/source.ts";
import { isActiveRunIn } from "../../core/tasks/index.ts";

/** A branch with its project row, and what the list shows of its chat, containers and runs. */
export interface ListedBranch {
  branch: BranchRow;
  project: ProjectRow;
  chat_title: string | null;
  container_statuses: string[];
  is_running: boolean;
}

/** A branch that is not used, and the project that is told. */
export interface UnusedBranch {
  branch: BranchRow;
  project_id: string;
}

const isThere = ne(projects.environment_status, "deleting");

export type BranchesStore = ReturnType<typeof createBranchesStore>;
export function createBranchesStore(db: Database) {
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    /** Serializes what depends on the number of a project's branches, until the transaction ends. */
    lock: async (tx: Queries, projectId: string): Promise<void> => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`branches:${projectId}`}, 0))`);
    },
    list: (projectId: string): Promise<ListedBranch[]> =>
      db
        .select({
          branch: getTableColumns(branches),
          project: getTableColumns(projects),
          chat_title: chats.title,
          container_statuses: sql<
            string[]
          >`array(select ${containers.status} from ${containers} where ${containers.project_id} = ${projects.id} and ${containers.deployment_mode} <> 'external')`,
          is_running: sql<boolean>`exists (select 1 from ${tasks} where ${tasks.project_id} = ${projectId} and ${tasks.type} = 'agent_execution'
            and ${tasks.status} in ('queued', 'running') and ${tasks.input}->>'branch_id' = ${projects.id}::text)`,
        })
        .from(branches)
        .innerJoin(projects, eq(projects.id, branches.id))
        .leftJoin(chats, eq(chats.id, branches.chat_id))
        .where(and(eq(projects.branch_of, projectId), isThere))
        .orderBy(asc(branches.created_at), asc(branches.id)),
    count: (tx: Queries, projectId: string): Promise<number> => tx.$count(projects, and(eq(projects.branch_of, projectId), isThere)),
    find: async (projectId: string, id: string): Promise<{ branch: BranchRow; project: ProjectRow } | undefined> =>
      (
        await db
          .select({ branch: getTableColumns(branches), project: getTableColumns(projects) })
          .from(branches)
          .innerJoin(projects, eq(projects.id, branches.id))
          .where(and(eq(branches.id, id), eq(projects.branch_of, projectId), isThere))
      )[0],
    /** The branch in which a chat works. In a transaction it cannot be merged or discarded before that ends. */
    findOfChat: async (chatId: string, tx?: Queries): Promise<ProjectRow | undefined> => {
      const query = (tx ?? db)
        .select({ project: getTableColumns(projects) })
        .from(projects)
        .innerJoin(branches, eq(branches.id, projects.id))
        .where(and(eq(branches.chat_id, chatId), isThere))
        .orderBy(asc(branches.created_at))
        .limit(1);
      return (await (tx ? query.for("share", { of: projects }) : query))[0]?.project;
    },
    insert: async (tx: Queries, values: Pick<BranchRow, "id" | "chat_id">): Promise<void> => {
      await tx.insert(branches).values(values);
    },
    /** After a run in it. */
    update: async (id: string, size: Pick<BranchRow, "files" | "additions" | "deletions">): Promise<void> => {
      await db
        .update(branches)
        .set({ ...size, used_at: sql`now()`, noticed_at: null })
        .where(eq(branches.id, id));
    },
    hasActiveRun: async (q: Queries, projectId: string): Promise<boolean> =>
      (await q.select({ id: tasks.id }).from(tasks).where(isActiveRunIn(projectId)).limit(1)).length > 0,
    /** Branches in which neither a run nor a person worked for that many days. `isUnnoticed`: only those that were not announced. */
    listUnused: async (days: number, { isUnnoticed }: { isUnnoticed: boolean }): Promise<UnusedBranch[]> =>
      (
        await db
          .select({ branch: getTableColumns(branches), project_id: projects.branch_of })
          .from(branches)
          .innerJoin(projects, eq(projects.id, branches.id))
          .where(
            and(
              isThere,
              sql`greatest(${branches.used_at}, ${projects.last_activity}) < now() - make_interval(days => ${days})`,
              sql`not exists (select 1 from ${tasks} where ${tasks.project_id} = ${projects.branch_of} and ${tasks.type} = 'agent_execution'
                and ${tasks.status} in ('queued', 'running') and ${tasks.input}->>'branch_id' = ${projects.id}::text)`,
              isUnnoticed ? sql`${branches.noticed_at} is null` : undefined,
            ),
          )
          .orderBy(asc(branches.used_at))
      ).flatMap(({ branch, project_id }) => (project_id === null ? [] : [{ branch, project_id }])),
    /** Withdraws announcements of branches that were used since. */
    withdrawNotices: async (): Promise<void> => {
      await db.execute(sql`
        update branches set noticed_at = null from projects p
        where p.id = branches.id and noticed_at < greatest(branches.used_at, p.last_activity)`);
    },
    /** False when it was announced already. */
    notice: async (tx: Queries, id: string): Promise<boolean> =>
      (
        await tx
          .update(branches)
          .set({ noticed_at: sql`now()` })
          .where(and(eq(branches.id, id), sql`${branches.noticed_at} is null`))
          .returning({ id: branches.id })
      ).length > 0,
  };
}
