import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ArrowDownUp, LayoutGrid, List, ListFilter, Pin, Plus, Search } from "lucide-react";
import { useRef } from "react";
import type { Project, ProjectHistory, RunStatus } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { useSearchText } from "../../lib/use-search-text.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { listLimit, projectsQuery, useProjectHistories } from "../../project/projects.queries.ts";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Input } from "../../ui/Input.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { Page } from "../../ui/page/Page.tsx";
import { Pager } from "../../ui/Pager.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { Table, type Column } from "../../ui/Table.tsx";
import { BulkBar } from "./BulkBar.tsx";
import { ImportButton } from "./ImportButton.tsx";
import { pageOf, projectsPerPage, sortOrders, sortProjects } from "./project-list.ts";
import { ProjectActions } from "./ProjectActions.tsx";
import { ProjectCard, ProjectCardSkeletons, projectGrid } from "./ProjectCard.tsx";
import { ProjectPill } from "./ProjectPill.tsx";
import { SelectProject } from "./SelectProject.tsx";
import { useProjectSelection, type ProjectSelection } from "./use-project-selection.ts";
import type { ProjectsSearch } from "./projects-search.ts";

const route = getRouteApi("/app/projects");
const statusFilters: Partial<Record<RunStatus | "any", string>> = {
  any: "Any status",
  running: "Running",
  partial: "Partially running",
  stopped: "Stopped",
  hibernated: "Hibernated",
  error: "Failed",
};

export function ProjectsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const box = useRef<HTMLInputElement>(null);
  const { status, sort = "updated" } = search;
  const list = useQuery(projectsQuery({ ...(search.q && { q: search.q }), ...(status && { status }) }));
  const change = (next: ProjectsSearch) => void navigate({ search: (before) => ({ ...before, page: undefined, ...next }), replace: true });

  useShortcuts({ "projects.search": () => box.current?.focus() });
  const [text, setText] = useSearchText(search.q ?? "", (words) => change({ q: words || undefined }));

  const rows = sortProjects(list.data?.items ?? [], sort);
  const slice = pageOf(rows.length, search.page ?? 1);
  const shown = rows.slice(slice.from, slice.to);
  const histories = useProjectHistories(shown);
  const selection = useProjectSelection(shown);
  const isFiltered = Boolean(search.q ?? status);

  return (
    <Page
      title="Projects"
      heading="Projects"
      action={
        <>
          <ImportButton />
          <Link to="/new" className={buttonClass({ variant: "primary" })}>
            <Plus size={14} />
            New
          </Link>
        </>
      }
    >
      <div className="flex flex-wrap items-center gap-2 pb-4 narrow:pt-2" role="search" aria-label="Projects">
        <Input
          ref={box}
          size="sm"
          isSoft
          type="search"
          aria-label="Search projects"
          placeholder="Search by name"
          value={text}
          onChange={(event) => setText(event.target.value)}
          leading={<Search size={14} className="flex-none text-fg-3" />}
          boxClassName="max-w-72 narrow:max-w-none"
        />
        <Menu
          label="Status"
          trigger={
            <Button size="sm" variant="ghost" icon={<ListFilter size={14} />}>
              {statusFilters[status ?? "any"]}
            </Button>
          }
          choice={{
            value: status ?? "any",
            onChange: (value) => change({ status: value === "any" ? undefined : (value as ProjectsSearch["status"]) }),
            options: Object.entries(statusFilters).map(([value, label]) => ({ value, label })),
          }}
        />
        <Menu
          label="Sort by"
          trigger={
            <Button size="sm" variant="ghost" icon={<ArrowDownUp size={14} />}>
              {sortOrders[sort]}
            </Button>
          }
          choice={{
            value: sort,
            onChange: (value) => change({ sort: value === "updated" ? undefined : (value as ProjectsSearch["sort"]) }),
            options: Object.entries(sortOrders).map(([value, label]) => ({ value, label })),
          }}
        />
        <span className="flex-1" />
        <SegmentedControl
          label="View"
          value={search.view ?? "cards"}
          onChange={(view) => change({ view: view === "list" ? "list" : undefined })}
          segments={[
            { value: "cards", label: "Cards", icon: <LayoutGrid size={14} /> },
            { value: "list", label: "List", icon: <List size={14} /> },
          ]}
        />
      </div>

      {list.isError && list.data ? <ShownFromBefore of={list} className="mb-4" /> : null}
      {list.isPending ? (
        <ProjectCardSkeletons count={8} />
      ) : list.isError && !list.data ? (
        <LoadFailed title="Couldn't load projects" of={list} />
      ) : rows.length === 0 ? (
        isFiltered ? (
          <EmptyState
            title={search.q ? `No results for “${search.q}”` : "No results"}
            action={
              <Button
                onClick={() => {
                  setText("");
                  change({ q: undefined, status: undefined });
                }}
              >
                Clear filters
              </Button>
            }
          />
        ) : (
          <EmptyState
            title="No projects yet"
            action={
              <Link to="/new" className={buttonClass()}>
                Create project
              </Link>
            }
          >
            Choose a template, or describe an app on Home and the agent builds it. Your projects appear here.
          </EmptyState>
        )
      ) : search.view === "list" ? (
        <Table
          columns={columns}
          rows={shown.map((project) => ({ project, history: histories.get(project.id), selection }))}
          keyOf={({ project }) => project.id}
        />
      ) : (
        <div className={projectGrid}>
          {shown.map((project) => (
            <ProjectCard
              key={project.id}
              project={project}
              history={histories.get(project.id)}
              heading="h2"
              checkbox={<SelectProject project={project} selection={selection} />}
            />
          ))}
        </div>
      )}

      {selection.selected.length > 0 ? (
        <BulkBar selected={selection.selected} total={shown.length} onSelectAll={selection.selectAll} onClear={selection.clear} />
      ) : null}
      <Pager
        list={{ items: shown, total: rows.length, total_pages: slice.pages }}
        page={slice.page}
        perPage={projectsPerPage}
        onPage={(page) => change({ page })}
        className="mt-8 justify-center"
      />
      {list.data && list.data.total > listLimit ? (
        <p className="mt-4 text-center text-xs text-fg-2">
          Showing the {listLimit} most recently updated of {counted(list.data.total, "project")}. Use search to find others.
        </p>
      ) : null}
    </Page>
  );
}

interface ListRow {
  project: Project;
  history: ProjectHistory | undefined;
  selection: ProjectSelection;
}

/** Of the list. Its order is chosen with "Sort by", which the cards have too, and not in the heads of the table. */
const columns: Column<ListRow>[] = [
  {
    id: "select",
    head: "Select",
    isHeadHidden: true,
    cell: ({ project, selection }) => <SelectProject project={project} selection={selection} isInline />,
  },
  {
    id: "name",
    head: "Name",
    isGreedy: true,
    cell: ({ project: { name, slug, pinned_at } }) => (
      <span className="flex min-w-0 items-center gap-2">
        <Link to="/p/$slug/{-$view}" params={{ slug }} className="block truncate font-medium text-fg-0 hover:underline">
          {name}
        </Link>
        {pinned_at ? <Pin size={14} aria-label="Pinned" role="img" className="flex-none text-fg-3" /> : null}
      </span>
    ),
  },
  { id: "status", head: "Status", cell: ({ project, history }) => <ProjectPill project={project} history={history} isBare /> },
  { id: "updated", head: "Updated", isWideOnly: true, cell: ({ project: { updated_at } }) => <RelativeTime at={updated_at} /> },
  { id: "created", head: "Created", isWideOnly: true, cell: ({ project: { created_at } }) => <RelativeTime at={created_at} /> },
  { id: "actions", head: "Actions", isHeadHidden: true, isFigure: true, cell: ({ project }) => <ProjectActions project={project} /> },
];
