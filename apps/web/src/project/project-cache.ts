import type { QueryClient } from "@tanstack/react-query";
import type { Container, Preview, Project, ProjectEvent, ProjectEventData, ProjectEventType, Task } from "@tesslate/contract";
import { patchTreeAll, type FileTree } from "../lib/file-tree.ts";
import { changeSetKey, changeSetsKey, partKey, projectKey } from "./cache-keys.ts";
import { patchDeployments } from "./deployments.queries.ts";
import { patchThumbnail } from "./projects.queries.ts";

export function patchContainers(list: readonly Container[], data: ProjectEventData<"container_status">): Container[] | undefined {
  const known = list.find((container) => container.id === data.container_id);
  if (!known) return undefined;
  const next: Container = {
    ...known,
    status: data.status,
    status_message: data.status === "failed" ? (data.message ?? null) : null,
    exit_code: data.status === "failed" ? (data.exit_code ?? null) : null,
    // What starts takes its present variables and port along.
    needs_restart: data.status === "starting" || data.status === "stopped" ? false : known.needs_restart,
    url: data.url ?? known.url,
    port: data.port ?? known.port,
  };
  return list.map((container) => (container === known ? next : container));
}

/** The same list when nothing of it was moved. */
export function patchPlaces<T extends { id: string; position_x: number; position_y: number }>(
  list: readonly T[],
  places: readonly (Partial<T> & { id: string })[],
): readonly T[] {
  const byId = new Map(places.map((place) => [place.id, place]));
  return list.some((item) => byId.has(item.id)) ? list.map((item) => ({ ...item, ...byId.get(item.id) })) : list;
}

const keptTasks = 50;
export function patchTasks(list: readonly Task[], task: Task): Task[] {
  return list.some((known) => known.id === task.id)
    ? list.map((known) => (known.id === task.id ? task : known))
    : [task, ...list].slice(0, keptTasks);
}

/** File changes of one moment: a tree of ten thousand is copied once, not for each of them. */
export function patchFiles(queries: QueryClient, projectId: string, changes: readonly ProjectEventData<"file_changed">[]): void {
  queries.setQueryData<FileTree>(partKey(projectId, "tree"), (tree) => tree && patchTreeAll(tree, changes));
}

/** What could not be read while the server was away is read again now that it is back: no event reports it. */
export function refetchBroken(queries: QueryClient): void {
  void queries.refetchQueries({ type: "active", predicate: (query) => query.state.status === "error" });
}

/** The cache of one project, as the changes below see it. */
interface Cache {
  queries: QueryClient;
  project: { id: string; slug: string };
}
type Part = Parameters<typeof partKey>[1];
const refetch = ({ queries, project }: Cache, ...parts: Part[]): void => {
  for (const part of parts) void queries.invalidateQueries({ queryKey: partKey(project.id, part) });
};
const ended: ReadonlySet<Task["status"]> = new Set(["completed", "failed", "cancelled"]);
const listOf = { container: "containers", connection: "connections", preview: "previews" } as const;

/** What each event changes in the cache. Only what an event does not contain in full is fetched again. File changes come in bursts: see `patchFiles`. */
const changes: { [T in ProjectEventType]?: (cache: Cache, data: ProjectEventData<T>) => void } = {
  container_status: (cache, data) => {
    refetch(cache, "databases");
    const key = partKey(cache.project.id, "containers");
    const list = cache.queries.getQueryData<Container[]>(key);
    if (!list) return;
    const patched = patchContainers(list, data);
    if (patched) cache.queries.setQueryData(key, patched);
    else refetch(cache, "containers");
  },
  graph_changed: (cache, { part, op }) => {
    refetch(cache, listOf[part]);
    // With a container go its connections, and previews lose what they show.
    if (part === "container" && op === "delete") refetch(cache, "connections", "previews");
    if (part === "container") refetch(cache, "databases");
  },
  positions_changed: ({ queries, project }, { containers, previews }) => {
    queries.setQueryData<readonly Container[]>(partKey(project.id, "containers"), (list) => list && patchPlaces(list, containers));
    queries.setQueryData<readonly Preview[]>(partKey(project.id, "previews"), (list) => list && patchPlaces(list, previews));
  },
  project_status: (cache, data) => {
    const { queries, project } = cache;
    refetch(cache, "databases", "files-copy");
    queries.setQueryData<Project>(
      projectKey(project.slug),
      (known) =>
        known && {
          ...known,
          environment_status: data.environment_status as Project["environment_status"],
          name: data.name ?? known.name,
          stop_reason: data.stop_reason ?? null,
          is_deployed: data.is_deployed ?? known.is_deployed,
        },
    );
  },
  task_update: (cache, task) => {
    const { queries, project } = cache;
    queries.setQueryData<Task[]>(partKey(project.id, "tasks"), (list) => patchTasks(list ?? [], task));
    if (!ended.has(task.status)) return;
    // What an operation leaves behind is more than its own record says.
    void queries.invalidateQueries({ queryKey: projectKey(project.slug) });
    refetch(cache, "containers");
    // The figures of a run; a restore hides runs, a redo shows them again.
    if (task.type === "files_restore") refetch(cache, "files-copy", "tree", "git", "points");
    if (task.type === "agent_execution" || task.type === "snapshot_restore") refetch(cache, "runs");
    // A run's changes can be rejected from now on: its last event came before its task had ended.
    void queries.invalidateQueries({ queryKey: changeSetKey(task.id) });
  },
  // Only the server knows which containers need a restart now.
  secrets_changed: (cache) => refetch(cache, "secrets", "deployment-plan", "containers"),
  board_changed: (cache, { subject, card_id, id }) => {
    refetch(cache, "board");
    if (subject !== "column") void cache.queries.invalidateQueries({ queryKey: [...partKey(cache.project.id, "card"), card_id ?? id] });
  },
  picture_changed: ({ queries, project }, { thumbnail }) => patchThumbnail(queries, project, thumbnail),
  git_changed: (cache) => refetch(cache, "git"),
  // What is rejected of a run depends on what the files contain.
  files_replaced: ({ queries }) => void queries.invalidateQueries({ queryKey: changeSetsKey }),
  branch_changed: (cache) => refetch(cache, "branches"),
  snapshot_changed: (cache) => refetch(cache, "points", "runs"),
  deployment_changed: (cache, data) => {
    patchDeployments(cache.queries, cache.project.id, data);
    // A deployment can have databases of its own.
    refetch(cache, "databases");
  },
  data_changed: ({ queries, project }, { database_id, op }) => {
    const key = [...partKey(project.id, "database"), database_id];
    // Edited rows change neither tables nor columns.
    void queries.invalidateQueries({ queryKey: op === "rows" ? [...key, "rows"] : key });
  },
  target_changed: (cache) => refetch(cache, "targets"),
  site_changed: (cache) => refetch(cache, "sites"),
  task_started: (cache) => refetch(cache, "sessions", "board", "card"),
  complete: (cache) => refetch(cache, "sessions", "board", "card"),
  // Cards show whether their run waits.
  approval_required: (cache) => refetch(cache, "board"),
  approval_resolved: (cache) => refetch(cache, "board"),
  question_asked: (cache) => refetch(cache, "board"),
  question_resolved: (cache) => refetch(cache, "board"),
};

/** Brings the cached answers of one project in line with an event. */
export function patchCache(queries: QueryClient, project: { id: string; slug: string }, event: ProjectEvent): void {
  const change = changes[event.type] as ((cache: Cache, data: unknown) => void) | undefined;
  change?.({ queries, project }, event.data);
}
