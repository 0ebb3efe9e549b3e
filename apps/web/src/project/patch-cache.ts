import type { QueryClient } from "@tanstack/react-query";
import type { Container, Preview, Project, ProjectEvent, ProjectEventData, Task } from "@tesslate/contract";
import { patchDeployments, planKey } from "../features/deployments/deployments.queries.ts";
import { patchTreeAll, type FileTree } from "../lib/file-tree.ts";

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
  queries.setQueryData<FileTree>(["project", projectId, "tree"], (tree) => tree && patchTreeAll(tree, changes));
}

/** What could not be read while the server was away is read again now that it is back: no event tells of it. */
export function refetchBroken(queries: QueryClient): void {
  void queries.refetchQueries({ type: "active", predicate: (query) => query.state.status === "error" });
}

/** Brings the cached answers of one project in line with an event. Only what the event does not tell in full is fetched again. */
export function patchCache(queries: QueryClient, project: { id: string; slug: string }, event: ProjectEvent): void {
  const key = (name: string) => ["project", project.id, name] as const;
  switch (event.type) {
    case "container_status": {
      const list = queries.getQueryData<Container[]>(key("containers"));
      if (!list) return;
      const patched = patchContainers(list, event.data);
      if (patched) queries.setQueryData(key("containers"), patched);
      else void queries.invalidateQueries({ queryKey: key("containers") });
      return;
    }
    case "graph_changed":
      void queries.invalidateQueries({ queryKey: key(`${event.data.part}s`) });
      // With a container go its connections, and previews lose what they show.
      if (event.data.part === "container" && event.data.op === "delete") {
        void queries.invalidateQueries({ queryKey: key("connections") });
        void queries.invalidateQueries({ queryKey: key("previews") });
      }
      return;
    case "positions_changed":
      queries.setQueryData<readonly Container[]>(key("containers"), (list) => list && patchPlaces(list, event.data.containers));
      queries.setQueryData<readonly Preview[]>(key("previews"), (list) => list && patchPlaces(list, event.data.previews));
      return;
    case "project_status":
      queries.setQueryData<Project>(
        ["projects", project.slug],
        (known) =>
          known && {
            ...known,
            environment_status: event.data.environment_status as Project["environment_status"],
            name: event.data.name ?? known.name,
            stop_reason: event.data.stop_reason ?? null,
            is_deployed: event.data.is_deployed ?? known.is_deployed,
          },
      );
      return;
    case "file_changed":
      // In bursts: see patchFiles.
      return;
    case "task_update": {
      const task = event.data;
      queries.setQueryData<Task[]>(key("tasks"), (list) => patchTasks(list ?? [], task));
      if (task.status === "completed" || task.status === "failed" || task.status === "cancelled") {
        // What an operation leaves behind is more than its own record says.
        void queries.invalidateQueries({ queryKey: ["projects", project.slug] });
        void queries.invalidateQueries({ queryKey: key("containers") });
      }
      return;
    }
    case "secrets_changed":
      // Which containers want a restart now, only the server knows.
      void queries.invalidateQueries({ queryKey: key("secrets") });
      void queries.invalidateQueries({ queryKey: planKey(project.id) });
      void queries.invalidateQueries({ queryKey: key("containers") });
      return;
    case "board_changed":
      void queries.invalidateQueries({ queryKey: key("board") });
      if (event.data.subject !== "column")
        void queries.invalidateQueries({ queryKey: [...key("card"), event.data.card_id ?? event.data.id] });
      return;
    case "git_changed":
      void queries.invalidateQueries({ queryKey: key("git") });
      return;
    case "snapshot_changed":
      void queries.invalidateQueries({ queryKey: key("points") });
      return;
    case "deployment_changed":
      patchDeployments(queries, project.id, event.data);
      return;
    case "target_changed":
      void queries.invalidateQueries({ queryKey: key("targets") });
      return;
    case "task_started":
    case "complete":
      void queries.invalidateQueries({ queryKey: key("sessions") });
      return;
    default:
      return;
  }
}
