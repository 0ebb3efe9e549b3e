import { boolean, index, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { createdAt, id } from "../../../platform/columns.ts";

/** What outside proxies asked and were told, refusals included (accounts-projects 2, verify-pod-access). No foreign keys: the log outlives what it speaks of. */
export const podAccessLog = pgTable(
  "pod_access_log",
  {
    id: id(),
    user_id: uuid(),
    expected_user_id: text(),
    project_id: uuid(),
    success: boolean().notNull(),
    request_uri: text(),
    request_host: text(),
    ip_address: text(),
    user_agent: text(),
    failure_reason: text(),
    created_at: createdAt(),
  },
  (t) => [index("pod_access_log_created_at_idx").on(t.created_at)],
);
