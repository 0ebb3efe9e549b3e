import { Link } from "@tanstack/react-router";
import type { AuditAction, AuditFilter } from "@tesslate/contract";
import { urlOf } from "@tesslate/client/core";
import { api } from "../../api.ts";
import { actionWords, targetWords } from "./audit-words.ts";
import { Input } from "../../ui/Input.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import type { Column } from "../../ui/Table.tsx";
import { AdminTable } from "./table/AdminTable.tsx";
import type { TableRequest } from "./table/table-search.ts";

type AuditQuery = NonNullable<NonNullable<Parameters<typeof api.adminAudit.list>[0]>["query"]>;

/** A name that links to the log filtered by it. */
const Narrowed = ({ by, value, text }: { by: "admin_id" | "target_id"; value: string; text: string }) => (
  <Link
    from="/admin/audit"
    to="/admin/audit"
    search={(before) => ({ ...before, page: undefined, [by]: value })}
    className="font-medium text-fg-0 hover:underline"
  >
    {text}
  </Link>
);
const columns: Column<AuditAction>[] = [
  {
    id: "when",
    head: "Date",
    cell: ({ created_at }) => <RelativeTime at={created_at} />,
  },
  { id: "who", head: "Administrator", cell: ({ admin_name, admin_id }) => <Narrowed by="admin_id" value={admin_id} text={admin_name} /> },
  { id: "what", head: "Action", cell: ({ action_type }) => actionWords[action_type] },
  {
    id: "target",
    head: "Target",
    cell: ({ target_type, target_name, target_id }) => (
      <span title={target_id ?? undefined}>
        {targetWords[target_type]}{" "}
        {target_id === null ? target_name : <Narrowed by="target_id" value={target_id} text={target_name ?? target_id} />}
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

/** Days in the reader's time zone. The last day is included. */
const startOf = (day: string) => new Date(`${day}T00:00:00`);
function queryOf({ search, filters }: TableRequest): AuditFilter {
  const { created_after, created_before, ...rest } = filters;
  const from = created_after ? startOf(created_after) : undefined;
  const to = created_before ? startOf(created_before) : undefined;
  to?.setDate(to.getDate() + 1);
  return {
    ...rest,
    ...(search && { search }),
    ...(from && !Number.isNaN(from.getTime()) && { created_after: from.toISOString() }),
    ...(to && !Number.isNaN(to.getTime()) && { created_before: to.toISOString() }),
  };
}

/** All actions of administrators. */
export function AuditTab() {
  return (
    <AdminTable
      label="Audit log"
      failed="Couldn't load the audit log"
      searchBox={{ label: "Search audit log", placeholder: "Search by name or reason" }}
      columns={columns}
      filters={[
        { id: "action_type", label: "Action", options: optionsOf(actionWords) },
        { id: "target_type", label: "Target type", options: optionsOf(targetWords) },
      ]}
      given={[
        { id: "admin_id", label: "Only this administrator" },
        { id: "target_id", label: "Only this target" },
      ]}
      controls={{
        ids: ["created_after", "created_before"],
        render: ({ created_after = "", created_before = "" }, change) => (
          <span className="flex items-center gap-1.5 text-xs text-fg-2">
            <Input
              type="date"
              size="sm"
              isSoft
              aria-label="From date"
              value={created_after}
              max={created_before || undefined}
              onChange={(event) => change({ created_after: event.target.value || undefined })}
              boxClassName="w-auto"
            />
            to
            <Input
              type="date"
              size="sm"
              isSoft
              aria-label="To date"
              value={created_before}
              min={created_after || undefined}
              onChange={(event) => change({ created_before: event.target.value || undefined })}
              boxClassName="w-auto"
            />
          </span>
        ),
      }}
      queryKey={["admin", "audit"]}
      load={(request, signal) =>
        api.adminAudit.list({ query: { page: request.page, limit: request.limit, ...queryOf(request) } as AuditQuery }, { signal })
      }
      exportUrl={(request) => urlOf("/api/admin/audit-logs/export", { query: queryOf(request) })}
      empty={{ title: "No activity yet", text: "Changes by administrators appear here, with the date and the reason." }}
    />
  );
}
