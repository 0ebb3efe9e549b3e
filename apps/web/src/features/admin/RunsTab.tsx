import type { AdminRun, AdminRunFilter } from "@tesslate/contract";
import { api } from "../../api.ts";
import { formatDuration } from "../../lib/durations.ts";
import { formatDollars } from "../../lib/money.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import type { Column } from "../../ui/Table.tsx";
import { errorColumn, projectColumn, ProjectWorkTable, userColumn } from "./ProjectWorkTable.tsx";
import { State } from "./State.tsx";
import { optionsOf, taskLooks } from "./state-words.ts";
import type { Filter } from "./table/AdminTable.tsx";
import type { TableRequest } from "./table/table-search.ts";

const columns: Column<AdminRun>[] = [
  projectColumn,
  { id: "state", head: "State", cell: ({ status }) => <State look={taskLooks[status]} /> },
  userColumn,
  { id: "model", head: "Model", isWideOnly: true, cell: ({ model }) => model },
  { id: "calls", head: "Model calls", isFigure: true, isWideOnly: true, cell: ({ model_calls }) => formatNumber(model_calls) },
  {
    id: "cost",
    head: "Cost",
    headHint: "At list prices",
    isFigure: true,
    isWideOnly: true,
    cell: ({ cost_cents }) => formatDollars(cost_cents),
  },
  { id: "credits", head: "Credits", isFigure: true, isWideOnly: true, cell: ({ credits }) => formatNumber(credits) },
  {
    id: "duration",
    head: "Duration",
    isFigure: true,
    isWideOnly: true,
    cell: ({ duration_ms }) => (duration_ms === null ? "" : formatDuration(duration_ms)),
  },
  { id: "started", head: "Started", sort: "created_at", cell: ({ created_at }) => <RelativeTime at={created_at} /> },
  errorColumn,
];
const filters: Filter[] = [
  { id: "status", label: "State", options: optionsOf(taskLooks) },
  {
    id: "error_code",
    label: "Error",
    options: [
      { value: "model_error", label: "Model failed" },
      { value: "model_auth_failed", label: "Model key refused" },
      { value: "rate_limited", label: "Too many requests" },
      { value: "insufficient_credits", label: "No credits" },
      { value: "interrupted", label: "Interrupted" },
      { value: "internal_error", label: "Internal error" },
    ],
  },
];
const filterOf = ({ search, filters: chosen }: TableRequest): AdminRunFilter => ({ ...chosen, ...(search && { search }) });

/** The runs of all projects. */
export function RunsTab() {
  return (
    <ProjectWorkTable
      noun="runs"
      placeholder="Search by user, project or ID"
      path="/api/admin/runs"
      columns={columns}
      filters={filters}
      filterOf={filterOf}
      list={api.adminRuns.list}
      empty={{ title: "No runs yet", text: "Runs of the agent appear here, with their cost and how they ended, for 30 days." }}
    />
  );
}
