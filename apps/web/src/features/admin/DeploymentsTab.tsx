import { Link } from "@tanstack/react-router";
import type { AdminDeployment, AdminDeploymentFilter, DeploymentStatus, DeployProvider } from "@tesslate/contract";
import { urlOf } from "@tesslate/client/core";
import { api } from "../../api.ts";
import { formatBytes } from "../../lib/bytes.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import type { Column } from "../../ui/Table.tsx";
import { State } from "./State.tsx";
import { deploymentLooks, liveLook, optionsOf } from "./state-words.ts";
import { AdminTable, type Filter } from "./table/AdminTable.tsx";
import type { TableRequest } from "./table/table-search.ts";

const providerWords: Record<DeployProvider, string> = {
  local: "This server",
  vercel: "Vercel",
  netlify: "Netlify",
  cloudflare: "Cloudflare",
};

const columns: Column<AdminDeployment>[] = [
  {
    id: "project",
    head: "Project",
    isGreedy: true,
    cell: ({ project_id, project_name }) => (
      <Link to="/admin/projects/$projectId" params={{ projectId: project_id }} className="font-medium text-fg-0 hover:underline">
        {project_name}
      </Link>
    ),
  },
  {
    id: "state",
    head: "State",
    cell: ({ is_live, status }) => <State look={is_live ? liveLook : deploymentLooks[status]} />,
  },
  { id: "version", head: "Version", cell: ({ version }) => `v${version}` },
  { id: "provider", head: "Provider", isWideOnly: true, cell: ({ provider }) => providerWords[provider] },
  {
    id: "environment",
    head: "Environment",
    isWideOnly: true,
    cell: ({ environment }) => (environment === "preview" ? "Preview" : "Production"),
  },
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
  { id: "container", head: "Container", isWideOnly: true, cell: ({ container_name }) => container_name },
  { id: "size", head: "Size", isFigure: true, isWideOnly: true, cell: ({ bytes }) => (bytes === null ? "" : formatBytes(bytes)) },
  { id: "started", head: "Started", sort: "created_at", isWideOnly: true, cell: ({ created_at }) => <RelativeTime at={created_at} /> },
  {
    id: "url",
    head: "URL",
    isWideOnly: true,
    cell: ({ deployment_url }) =>
      deployment_url === null ? null : (
        <a href={deployment_url} target="_blank" rel="noreferrer" className="block max-w-[36ch] truncate hover:underline">
          {deployment_url.replace(/^https?:\/\//, "")}
        </a>
      ),
  },
  {
    id: "error",
    head: "Error",
    isWideOnly: true,
    cell: ({ error }) => (
      <span className="block max-w-[40ch] truncate" title={error ?? undefined}>
        {error}
      </span>
    ),
  },
];
const filters: Filter[] = [
  { id: "status", label: "State", options: optionsOf(deploymentLooks) },
  {
    id: "is_live",
    label: "Live",
    options: [
      { value: "true", label: "Live" },
      { value: "false", label: "Not live" },
    ],
  },
  { id: "provider", label: "Provider", options: Object.entries(providerWords).map(([value, label]) => ({ value, label })) },
  {
    id: "environment",
    label: "Environment",
    options: [
      { value: "production", label: "Production" },
      { value: "preview", label: "Preview" },
    ],
  },
];

function filterOf({ search, filters: chosen }: TableRequest): AdminDeploymentFilter {
  const { is_live, status, provider, ...rest } = chosen;
  return {
    ...(rest as Pick<AdminDeploymentFilter, "environment" | "user_id" | "project_id">),
    ...(status && { status: status as DeploymentStatus }),
    ...(provider && { provider: provider as DeployProvider }),
    ...(is_live && { is_live: is_live === "true" }),
    ...(search && { search }),
  };
}

/** The deployments of all projects. */
export function DeploymentsTab() {
  return (
    <AdminTable
      label="Deployments"
      failed="Couldn't load deployments"
      searchBox={{ label: "Search deployments", placeholder: "Search by user, project, URL or ID" }}
      columns={columns}
      filters={filters}
      given={[
        { id: "user_id", label: "Only this user" },
        { id: "project_id", label: "Only this project" },
      ]}
      queryKey={["admin", "deployments"]}
      load={(request, signal) =>
        api.adminDeployments.list(
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
      exportUrl={(request) => urlOf("/api/admin/deployments/export", { query: filterOf(request) })}
      empty={{ title: "No deployments yet", text: "Versions of all projects appear here, with their provider and URL." }}
    />
  );
}
