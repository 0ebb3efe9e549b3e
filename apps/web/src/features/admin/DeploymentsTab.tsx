import type { AdminDeployment, AdminDeploymentFilter, DeploymentStatus, DeployProvider } from "@tesslate/contract";
import { api } from "../../api.ts";
import { formatBytes } from "../../lib/bytes.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import type { Column } from "../../ui/Table.tsx";
import { errorColumn, projectColumn, ProjectWorkTable, userColumn } from "./ProjectWorkTable.tsx";
import { State } from "./State.tsx";
import { deploymentLooks, liveLook, optionsOf } from "./state-words.ts";
import type { Filter } from "./table/AdminTable.tsx";
import type { TableRequest } from "./table/table-search.ts";

const providerWords: Record<DeployProvider, string> = {
  local: "This server",
  vercel: "Vercel",
  netlify: "Netlify",
  cloudflare: "Cloudflare",
};

const columns: Column<AdminDeployment>[] = [
  projectColumn,
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
  userColumn,
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
  errorColumn,
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
    <ProjectWorkTable
      noun="deployments"
      placeholder="Search by user, project, URL or ID"
      path="/api/admin/deployments"
      columns={columns}
      filters={filters}
      filterOf={filterOf}
      list={api.adminDeployments.list}
      empty={{ title: "No deployments yet", text: "Versions of all projects appear here, with their provider and URL." }}
    />
  );
}
