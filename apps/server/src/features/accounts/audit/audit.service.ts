import type { AuditAction, AuditActionType, AuditFilter, AuditTargetType, List } from "@tesslate/contract";
import type { Context } from "../../../http/context.ts";
import type { Queries } from "../../../platform/database.ts";
import { forbidden } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import { canSignIn, type UserRow } from "../users/index.ts";
import { pagesOf } from "../../../platform/csv.ts";
import type { AuditStore } from "./audit.store.ts";

/** The administrator who makes a change, and the request's origin. */
export interface Actor {
  id: string;
  name: string;
  ip: string;
  user_agent: string | undefined;
}
export const actorOf = ({ user, ip, headers }: Pick<Context, "user" | "ip" | "headers">): Actor => ({
  id: user.id,
  name: user.username,
  ip,
  user_agent: headers["user-agent"],
});

export interface AuditEntry {
  action: AuditActionType;
  target: { type: AuditTargetType; id: string | null; name: string | null };
  reason?: string | null;
  /** Facts about what changed; never a secret. */
  details?: Record<string, unknown>;
}
/** What `Audit.change` passes to the work it wraps. */
export interface AuditedChange {
  tx: Queries;
  /** The locked users by id. */
  users: ReadonlyMap<string, UserRow>;
  /** Inserts an audit log row in this transaction. */
  record(entry: AuditEntry): Promise<void>;
  /** Marks the call as a no-op, so that no audit log row is required. */
  recordNothing(): void;
}

/** Changes made by administrators, and the audit log. */
export type Audit = ReturnType<typeof createAudit>;
export function createAudit({ store, limits }: { store: AuditStore; limits: RateLimiter }) {
  const record = (tx: Queries, { actor, action, target, reason, details }: AuditEntry & { actor: Actor }): Promise<void> =>
    store.insert(tx, {
      admin_id: actor.id,
      admin_name: actor.name,
      action_type: action,
      target_type: target.type,
      target_id: target.id,
      target_name: target.name,
      reason: reason?.trim() || null,
      extra_data: details ?? {},
      ip_address: actor.ip,
      user_agent: actor.user_agent?.slice(0, 400) ?? null,
    });
  return {
    record,
    /**
     * Every change by an administrator goes through this: one transaction that locks the caller and the `holding` users, checks that the caller is
     * still an administrator, and requires at least one audit log row; otherwise it rolls back. Throws `forbidden`, `rate_limited`.
     */
    change: async <T>(
      actor: Actor,
      work: (change: AuditedChange) => Promise<T>,
      { holding = [] }: { holding?: readonly string[] } = {},
    ): Promise<T> => {
      await limits.count({ key: `admin:${actor.id}`, max: 60, windowSeconds: 60 });
      return store.transaction(async (tx) => {
        const users = await store.lockUsers(tx, [actor.id, ...holding]);
        const self = users.get(actor.id);
        if (!self?.is_superuser || !canSignIn(self)) throw forbidden("forbidden", "Only administrators can do this.");
        let isRecorded = false;
        const result = await work({
          tx,
          users,
          record: async (entry) => {
            await record(tx, { ...entry, actor });
            isRecorded = true;
          },
          recordNothing: () => (isRecorded = true),
        });
        if (!isRecorded) throw new Error("an administrator's change left no row in the audit log");
        return result;
      });
    },
    /** All matching rows, page by page, newest first. */
    pages: (filter: AuditFilter): AsyncIterable<AuditAction[]> =>
      pagesOf<AuditAction>(async (after) => (await store.list(filter, { limit: 500, offset: 0, ...(after && { before: after.id }) })).rows),
    list: async ({
      before,
      ...query
    }: PageQuery & AuditFilter & { before?: string }): Promise<List<AuditAction> & { next_before: string | null }> => {
      const page = pageOf(query);
      const { rows, total } = await store.list(query, { ...page, ...(before !== undefined && { before }) });
      return { ...page.envelope(rows, total), next_before: rows.length === page.limit ? (rows.at(-1)?.id ?? null) : null };
    },
  };
}
