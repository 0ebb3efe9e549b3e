import { bigint, index, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import type { AuditActionType, AuditTargetType } from "@tesslate/contract";
import { createdAt, id } from "../../../platform/columns.ts";

/**
 * What administrators did (marketplace-billing-admin 6). Rows are added and never changed: triggers of the migration refuse everything else, for
 * whoever holds the connection. No foreign keys, because what was done outlives both sides; the names are those of the moment, and can be taken out
 * once the person they belong to is gone.
 */
export const auditLog = pgTable(
  "audit_log",
  {
    id: id(),
    /** The order of the rows; pages go by it. */
    seq: bigint({ mode: "number" }).notNull().generatedAlwaysAsIdentity().unique(),
    admin_id: uuid().notNull(),
    admin_name: text().notNull(),
    action_type: text().$type<AuditActionType>().notNull(),
    target_type: text().$type<AuditTargetType>().notNull(),
    target_id: text(),
    target_name: text(),
    reason: text(),
    extra_data: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    ip_address: text(),
    user_agent: text(),
    created_at: createdAt(),
  },
  (t) => [
    index("audit_log_admin_id_seq_idx").on(t.admin_id, t.seq),
    index("audit_log_target_id_seq_idx").on(t.target_id, t.seq),
    index("audit_log_created_at_idx").on(t.created_at),
  ],
);
export type AuditRow = typeof auditLog.$inferSelect;
