import { Outlet, useNavigate, useParams } from "@tanstack/react-router";
import type { AdminProject } from "@tesslate/contract";
import { urlOf } from "@tesslate/client/core";
import { api } from "../../api.ts";
import { formatBytes } from "../../lib/bytes.ts";
import { cx } from "../../lib/cx.ts";
import { isCopyLate } from "../../lib/late-copy.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { BulkProjectDeletion } from "./BulkDeletion.tsx";
import { MissingFiles } from "./MissingFiles.tsx";
import { TimeOrNever, State } from "./State.tsx";
import { environmentLooks, optionsOf } from "./state-words.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import type { Column } from "../../ui/Table.tsx";
import { AdminTable, type Filter } from "./table/AdminTable.tsx";
import type { TableRequest } from "./table/table-search.ts";

const columns: Column<AdminProject>[] = [
  { id: "name", head: "Project", sort: "name", isGreedy: true, cell: ({ name }) => <span className="font-medium text-fg-0">{name}</span> },
  { id: "state", head: "State", cell: (project) => <State look={environmentLooks[project.environment_status]} /> },
  {
    id: "owner",
    head: "Owner",
    isWideOnly: true,
    cell: ({ owner_username, owner_email }) => <span title={owner_email}>{owner_username}</span>,
  },
  { id: "hosted", head: "Always-on", isWideOnly: true, cell: ({ is_deployed }) => (is_deployed ? "On" : "") },
  {
    id: "containers",
    head: "Containers",
    sort: "container_count",
    isFigure: true,
    isWideOnly: true,
    cell: ({ container_count }) => formatNumber(container_count),
  },
  {
    id: "size",
    head: "Size",
    sort: "disk_bytes",
    isFigure: true,
    isWideOnly: true,
    cell: ({ disk_bytes }) => (disk_bytes === null ? "Not measured" : formatBytes(disk_bytes)),
  },
  {
    id: "copied",
    head: "Last copy",
    sort: "copy_due_since",
    isWideOnly: true,
    cell: (project) => <LastCopy project={project} />,
  },
  {
    id: "used",
    head: "Last activity",
    sort: "last_activity",
    isWideOnly: true,
    cell: ({ last_activity }) => <TimeOrNever at={last_activity} />,
  },
  { id: "made", head: "Created", sort: "created_at", isWideOnly: true, cell: ({ created_at }) => <TimeOrNever at={created_at} /> },
];
function LastCopy({ project: { copied_until, copy_due_since } }: { project: AdminProject }) {
  const isLate = isCopyLate(copy_due_since);
  return (
    <span className={isLate ? "text-warn" : undefined}>
      {copied_until === null ? "None" : <RelativeTime at={copied_until} />}
      {isLate ? ", late" : ""}
    </span>
  );
}
const yesNo = (yes: string, no: string) => [
  { value: "true", label: yes },
  { value: "false", label: no },
];
const filters: Filter[] = [
  { id: "status", label: "State", options: optionsOf(environmentLooks) },
  {
    id: "deployment_status",
    label: "Always-on",
    options: [
      { value: "deployed", label: "On" },
      { value: "development", label: "Off" },
    ],
  },
  { id: "has_git", label: "Git", options: yesNo("With repository", "Without repository") },
  { id: "has_containers", label: "Containers", options: yesNo("With containers", "Without containers") },
];
type ProjectQuery = NonNullable<NonNullable<Parameters<typeof api.adminProjects.list>[0]>["query"]>;
const isTrue = (value: string | undefined) => (value === undefined ? undefined : value === "true");

function queryOf({ page, limit, search, sort_by, sort_order, filters: chosen }: TableRequest): ProjectQuery {
  const [has_git, has_containers] = [isTrue(chosen["has_git"]), isTrue(chosen["has_containers"])];
  const { status, deployment_status } = chosen as Pick<ProjectQuery, "status" | "deployment_status">;
  return {
    page,
    limit,
    ...(search && { search }),
    ...(sort_by && { sort_by: sort_by as NonNullable<ProjectQuery["sort_by"]> }),
    ...(sort_order && { sort_order }),
    ...(status && { status }),
    ...(deployment_status && { deployment_status }),
    ...(has_git !== undefined && { has_git }),
    ...(has_containers !== undefined && { has_containers }),
  };
}

/** All projects. The open one is shown next to the list; on phones it replaces the list. */
export function ProjectsTab() {
  const navigate = useNavigate();
  const { projectId } = useParams({ strict: false });
  return (
    <>
      <div className={cx("flex min-h-0 min-w-0 flex-1 flex-col", projectId && "narrow:hidden")}>
        <MissingFiles />
        <AdminTable
          label="Projects"
          failed="Couldn't load projects"
          searchBox={{ label: "Search projects", placeholder: "Search by name or slug" }}
          columns={columns}
          filters={filters}
          queryKey={["admin", "projects", "list"]}
          load={(request, signal) => api.adminProjects.list({ query: queryOf(request) }, { signal })}
          exportUrl={(request) => {
            const { page: _page, limit: _limit, sort_by: _by, sort_order: _order, ...filter } = queryOf(request);
            return urlOf("/api/admin/projects/export", { query: filter });
          }}
          bulk={{
            labelOf: ({ name }) => `Select ${name}`,
            render: (projects, clear) => <BulkProjectDeletion projects={projects} onDone={clear} />,
          }}
          openId={projectId}
          onOpen={({ id }) => void navigate({ to: "/admin/projects/$projectId", params: { projectId: id }, search: (before) => before })}
          empty={{ title: "No projects yet", text: "Projects of all users appear here." }}
        />
      </div>
      <Outlet />
    </>
  );
}
