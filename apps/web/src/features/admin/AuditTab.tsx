import type { AuditAction, AuditActionType, AuditTargetType } from "@tesslate/contract";
import { api } from "../../api.ts";
import { agoOf, momentOf } from "../../lib/time.ts";
import { actionWords, targetWords } from "./audit-words.ts";
import { AdminTable, type Column } from "./table/AdminTable.tsx";

const columns: Column<AuditAction>[] = [
  {
    id: "when",
    head: "When",
    cell: ({ created_at }) => (
      <time dateTime={created_at} title={momentOf(created_at)}>
        {agoOf(created_at)}
      </time>
    ),
  },
  { id: "who", head: "Administrator", cell: ({ admin_name }) => <span className="font-medium text-fg-0">{admin_name}</span> },
  { id: "what", head: "What", cell: ({ action_type }) => actionWords[action_type] },
  {
    id: "target",
    head: "Whom or what",
    cell: ({ target_type, target_name, target_id }) => (
      <span title={target_id ?? undefined}>
        {targetWords[target_type]} {target_name ?? target_id ?? ""}
      </span>
    ),
  },
  {
    id: "reason",
    head: "Reason",
    isGreedy: true,
    isWideOnly: true,
    cell: ({ reason }) => <span title={reason ?? undefined}>{reason}</span>,
  },
];
const optionsOf = (words: Record<string, string>) => Object.entries(words).map(([value, label]) => ({ value, label }));

/** Everything administrators did. */
export function AuditTab() {
  return (
    <AdminTable
      label="Audit log"
      searchIn="names and reasons"
      columns={columns}
      filters={[
        { id: "action_type", label: "Action", options: optionsOf(actionWords) },
        { id: "target_type", label: "Kind", options: optionsOf(targetWords) },
      ]}
      queryKey={["admin", "audit"]}
      load={({ page, limit, search, filters }, signal) =>
        api.adminAudit.list(
          {
            query: {
              page,
              limit,
              ...(search && { search }),
              ...(filters["action_type"] && { action_type: filters["action_type"] as AuditActionType }),
              ...(filters["target_type"] && { target_type: filters["target_type"] as AuditTargetType }),
            },
          },
          { signal },
        )
      }
      empty={{ title: "Nothing was done yet", text: "What administrators change is written down here, with who, when and why." }}
    />
  );
}
