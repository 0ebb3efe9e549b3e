import { Link } from "@tanstack/react-router";
import type { AdminRun, AdminRunFilter } from "@tesslate/contract";
import { urlOf } from "@tesslate/client/core";
import { api } from "../../api.ts";
import { formatDuration } from "../../lib/durations.ts";
import { formatDollars } from "../../lib/money.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import type { Column } from "../../ui/Table.tsx";
import { State } from "./State.tsx";
import { optionsOf, taskLooks } from "./state-words.ts";
import { AdminTable, type Filter } from "./table/AdminTable.tsx";
import type { TableRequest } from "./table/table-search.ts";

const columns: Column<AdminRun>[] = [
  {
    id: "project",
    head: "Project",
    isGreedy: true,
    cell: ({ project_id, project_name }) =>
      project_id !== null && project_name !== null ? (
        <Link to="/admin/projects/$projectId" params={{ projectId: project_id }} className="font-medium text-fg-0 hover:underline">
          {project_name}
        </Link>
      ) : (
        <span className="text-fg-2">Deleted project</span>
      ),
  },
  { id: "state", head: "State", cell: ({ status }) => <State look={taskLooks[status]} /> },
  {
    id: "user",
    head: "User",
    isWideOnly: true,
    cell: ({ user_id, username }) => (
      <Link to="/admin/users/$userId" params={{ userId: user_id }} className="hover:underline">
        {username}
      </Link>
    ),
  },
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
  {
    id: "error",
    head: "Error",
    isWideOnly: true,
    cell: ({ error }) => (
      <span className="block max-w-[48ch] truncate" title={error ?? undefined}>
        {error}
      </span>
    ),
  },
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
    <AdminTable
      label="Runs"
      failed="Couldn't load runs"
      searchBox={{ label: "Search runs", placeholder: "Search by user, project or ID" }}
      columns={columns}
      filters={filters}
      given={[
        { id: "user_id", label: "Only this user" },
        { id: "project_id", label: "Only this project" },
      ]}
      queryKey={["admin", "runs"]}
      load={(request, signal) =>
        api.adminRuns.list(
          {
            query: {
              page: request.page,
              limit: request.limit,
              ...filterOf(request),
              ...(request.sort_order && { sort_order: request.sort_order }),
            },
          },
          { signal },
        )
      }
      exportUrl={(request) => urlOf("/api/admin/runs/export", { query: filterOf(request) })}
      empty={{ title: "No runs yet", text: "Runs of the agent appear here, with their cost and how they ended, for 30 days." }}
    />
  );
}
