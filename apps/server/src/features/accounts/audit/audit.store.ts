import { and, desc, eq, gte, lt, sql } from "drizzle-orm";
import type { AuditFilter } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { users, type UserRow } from "../../../db/schema/accounts.ts";
import { auditLog, type AuditRow } from "../../../db/schema/core.ts";

/** An ILIKE pattern that matches `text` anywhere; `%`, `_` and `\` in it are literal. */
export const containsPattern = (text: string): string => `%${text.replace(/[\\%_]/g, (c) => `\\${c}`)}%`;

export type AuditStore = ReturnType<typeof createAuditStore>;
export function createAuditStore(db: Database) {
  const where = (f: AuditFilter) =>
    and(
      f.admin_id === undefined ? undefined : eq(auditLog.admin_id, f.admin_id),
      f.action_type === undefined ? undefined : sql`${auditLog.action_type} = ${f.action_type}`,
      f.target_type === undefined ? undefined : sql`${auditLog.target_type} = ${f.target_type}`,
      f.target_id === undefined ? undefined : eq(auditLog.target_id, f.target_id),
      f.created_after === undefined ? undefined : gte(auditLog.created_at, f.created_after),
      f.created_before === undefined ? undefined : lt(auditLog.created_at, f.created_before),
      f.search === undefined
        ? undefined
        : sql`(${auditLog.admin_name} ilike ${containsPattern(f.search)} or ${auditLog.target_name} ilike ${containsPattern(f.search)} or ${auditLog.reason} ilike ${containsPattern(f.search)})`,
    );
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    /** Locks these users' rows until the transaction ends; ordered by id, so that two administrators cannot deadlock. */
    lockUsers: async (tx: Queries, ids: readonly string[]): Promise<Map<string, UserRow>> => {
      const rows = await tx
        .select()
        .from(users)
        .where(sql`${users.id} = any(${sql.param([...new Set(ids)])}::uuid[])`)
        .orderBy(users.id)
        .for("no key update");
      return new Map(rows.map((row) => [row.id, row]));
    },
    insert: async (tx: Queries, row: typeof auditLog.$inferInsert): Promise<void> => {
      await tx.insert(auditLog).values(row);
    },
    /** Newest first. `before` is the id of a row: only older ones are returned. */
    list: async (
      f: AuditFilter,
      { limit, offset, before }: { limit: number; offset: number; before?: string },
    ): Promise<{ rows: AuditRow[]; total: number }> => {
      const isAfter = before === undefined ? undefined : sql`${auditLog.seq} < (select seq from audit_log where id = ${before})`;
      const [rows, total] = await Promise.all([
        db
          .select()
          .from(auditLog)
          .where(and(where(f), isAfter))
          .orderBy(desc(auditLog.seq))
          .limit(limit)
          .offset(before === undefined ? offset : 0),
        db.$count(auditLog, where(f)),
      ]);
      return { rows, total };
    },
  };
}

/** Removes the names of a deleted user and of what they owned from the audit log; the rows stay. Call it after their row was deleted. */
export async function anonymizeAuditLog(tx: Queries, userId: string): Promise<void> {
  const isTarget = sql`(${auditLog.target_type} = 'user' and ${auditLog.target_id} = ${userId})`;
  const isOwner = sql`coalesce(${auditLog.extra_data} ->> 'owner_id' = ${userId}, false)`;
  await tx
    .update(auditLog)
    .set({
      target_name: sql`case when ${isTarget} or ${isOwner} then null else ${auditLog.target_name} end`,
      extra_data: sql`${auditLog.extra_data} - '{before,after,slug,username,owner_username,comment}'::text[]`,
    })
    .where(
      sql`${isTarget} or ${userId} in (${auditLog.extra_data} ->> 'owner_id', ${auditLog.extra_data} ->> 'user_id', ${auditLog.extra_data} ->> 'author_id')`,
    );
}
