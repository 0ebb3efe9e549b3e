import { and, count, desc, eq, inArray, isNull, or, sql } from "drizzle-orm";
import type { Database } from "../../../platform/database.ts";
import { liveProcesses } from "../../../platform/presence.ts";
import { shellSessions, type ShellSessionRow } from "../../../db/schema/runtime.ts";

const open = ["initializing", "active", "idle"] as const;

export type ShellStore = ReturnType<typeof createShellStore>;
export function createShellStore(db: Database) {
  const isOpen = inArray(shellSessions.status, open);
  return {
    /** Inserts unless the user or the project has `limit` open sessions; counted under a lock. */
    insertWithin: (limit: number, values: typeof shellSessions.$inferInsert): Promise<ShellSessionRow | undefined> =>
      db.transaction(async (tx) => {
        await tx.execute(
          sql`select pg_advisory_xact_lock(hashtextextended(${`shell:${values.user_id}`}, 0)), pg_advisory_xact_lock(hashtextextended(${`shell:${values.project_id}`}, 0))`,
        );
        const [[mine], [projects]] = await Promise.all([
          tx
            .select({ n: count() })
            .from(shellSessions)
            .where(and(eq(shellSessions.user_id, values.user_id), isOpen)),
          tx
            .select({ n: count() })
            .from(shellSessions)
            .where(and(eq(shellSessions.project_id, values.project_id), isOpen)),
        ]);
        if ((mine?.n ?? 0) >= limit || (projects?.n ?? 0) >= limit) return undefined;
        return (await tx.insert(shellSessions).values(values).returning())[0];
      }),
    find: async (id: string): Promise<ShellSessionRow | undefined> =>
      (await db.select().from(shellSessions).where(eq(shellSessions.id, id)))[0],
    list: async (userId: string, projectId: string | undefined, page: { limit: number; offset: number }) => {
      const where = and(eq(shellSessions.user_id, userId), isOpen, projectId ? eq(shellSessions.project_id, projectId) : undefined);
      const [rows, [total]] = await Promise.all([
        db
          .select()
          .from(shellSessions)
          .where(where)
          .orderBy(desc(shellSessions.created_at), desc(shellSessions.id))
          .limit(page.limit)
          .offset(page.offset),
        db.select({ n: count() }).from(shellSessions).where(where),
      ]);
      return { rows, total: total?.n ?? 0 };
    },
    listOpenOf: (projectIds: string[]): Promise<ShellSessionRow[]> =>
      db
        .select()
        .from(shellSessions)
        .where(and(inArray(shellSessions.project_id, projectIds), isOpen)),
    /** A closed session is not updated. */
    update: async (id: string, change: Partial<typeof shellSessions.$inferInsert>): Promise<void> => {
      await db
        .update(shellSessions)
        .set(change)
        .where(and(eq(shellSessions.id, id), isOpen));
    },
    close: async (id: string, change: Partial<typeof shellSessions.$inferInsert> = {}): Promise<void> => {
      await db
        .update(shellSessions)
        .set({ ...change, status: change.status ?? "closed", closed_at: sql`now()` })
        .where(and(eq(shellSessions.id, id), isOpen));
    },
    /** Sessions of processes that no longer run. */
    closeOrphans: async (): Promise<void> => {
      await db
        .update(shellSessions)
        .set({ status: "closed", closed_at: sql`now()` })
        .where(and(isOpen, or(isNull(shellSessions.process_id), sql`${shellSessions.process_id} not in ${liveProcesses}`)));
    },
  };
}
