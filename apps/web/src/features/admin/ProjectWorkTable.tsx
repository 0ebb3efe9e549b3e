import { Link } from "@tanstack/react-router";
import type { List } from "@tesslate/contract";
import { urlOf } from "@tesslate/client/core";
import type { Column } from "../../ui/Table.tsx";
import { AdminTable, type Filter } from "./table/AdminTable.tsx";
import type { TableRequest } from "./table/table-search.ts";

/** What a run and a deployment have in common. */
interface ProjectWork {
  id: string;
  user_id: string;
  username: string;
  project_id: string | null;
  project_name: string | null;
  error: string | null;
}

export const projectColumn: Column<ProjectWork> = {
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
};
export const userColumn: Column<ProjectWork> = {
  id: "user",
  head: "User",
  isWideOnly: true,
  cell: ({ user_id, username }) => (
    <Link to="/admin/users/$userId" params={{ userId: user_id }} className="hover:underline">
      {username}
    </Link>
  ),
};
export const errorColumn: Column<ProjectWork> = {
  id: "error",
  head: "Error",
  isWideOnly: true,
  cell: ({ error }) => (
    <span className="block max-w-[48ch] truncate" title={error ?? undefined}>
      {error}
    </span>
  ),
};

/** What was done in the projects of all users, newest first: by project and user, with an export of what is filtered. */
export function ProjectWorkTable<Row extends ProjectWork, Query extends object>({
  noun,
  placeholder,
  path,
  columns,
  filters,
  filterOf,
  list,
  empty,
}: {
  /** "runs": part of the texts. */
  noun: string;
  placeholder: string;
  /** Of the API: "/api/admin/runs". */
  path: string;
  columns: readonly Column<Row>[];
  filters: readonly Filter[];
  filterOf: (request: TableRequest) => Query;
  list: (
    asked: { query: Query & { page: number; limit: number; sort_order?: "asc" | "desc" } },
    options: { signal: AbortSignal },
  ) => Promise<List<Row>>;
  empty: { title: string; text: string };
}) {
  return (
    <AdminTable
      label={noun.charAt(0).toUpperCase() + noun.slice(1)}
      failed={`Couldn't load ${noun}`}
      searchBox={{ label: `Search ${noun}`, placeholder }}
      columns={columns}
      filters={filters}
      given={[
        { id: "user_id", label: "Only this user" },
        { id: "project_id", label: "Only this project" },
      ]}
      queryKey={["admin", noun]}
      load={(request, signal) =>
        list(
          {
            query: {
              ...filterOf(request),
              page: request.page,
              limit: request.limit,
              ...(request.sort_order && { sort_order: request.sort_order }),
            },
          },
          { signal },
        )
      }
      exportUrl={(request) => urlOf(`${path}/export`, { query: filterOf(request) as Record<string, string> })}
      empty={empty}
    />
  );
}
