import { useQuery, type DefaultError, type QueryKey, type UseQueryOptions, type UseQueryResult } from "@tanstack/react-query";
import type { Container, Project, ProjectEvent, ProjectEventData, ProjectEventType, Task } from "@tesslate/contract";
import { createContext, use, useEffect } from "react";
import type { FileTree } from "../lib/file-tree.ts";
import type { ProjectEvents } from "./project-events.ts";
import { treeQuery } from "./project.queries.ts";
import { useServices } from "./services.ts";
import type { RuntimeActions } from "./use-runtime-actions.ts";
import { useHandler } from "../lib/use-handler.ts";

/** Whether the containers are known, and why loading them failed. */
export type ContainersLoading = Pick<UseQueryResult, "error" | "refetch" | "isFetching"> & { isLoaded: boolean };

/** The project that is open, as every part of the workbench reads it. */
export interface OpenProject {
  project: Project;
  events: ProjectEvents;
  containers: readonly Container[];
  containersLoading: ContainersLoading;
  tasks: readonly Task[];
  runtime: RuntimeActions;
}

export const ProjectContext = createContext<OpenProject | undefined>(undefined);
function useOpenProject(): OpenProject {
  const open = use(ProjectContext);
  if (!open) throw new Error("This must be used within ProjectProvider.");
  return open;
}

export const useProject = (): Project => useOpenProject().project;
/** The project's event stream. */
export const useProjectEvents = (): ProjectEvents => useOpenProject().events;
/** Calls `handle` for every event of this type. */
export function useProjectEvent<T extends ProjectEventType>(
  type: T,
  handle: (data: ProjectEventData<T>, event: Pick<ProjectEvent, "seq" | "ts" | "task_id">) => void,
): void {
  const { subscribe } = useProjectEvents();
  const latest = useHandler(handle);
  useEffect(
    () =>
      subscribe((event) => {
        if (event.type === type) latest(event.data as ProjectEventData<T>, event);
      }),
    [subscribe, type, latest],
  );
}

/** Calls `callback` once no event that `isRelevant` has come for `quietMs`: events come in bursts. */
export function useQuietProject(isRelevant: (event: ProjectEvent) => boolean, quietMs: number, callback: () => void): void {
  const { subscribe } = useProjectEvents();
  const relevant = useHandler(isRelevant);
  const latest = useHandler(callback);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const unsubscribe = subscribe((event) => {
      if (!relevant(event)) return;
      clearTimeout(timer);
      timer = setTimeout(latest, quietMs);
    });
    return () => {
      unsubscribe();
      clearTimeout(timer);
    };
  }, [subscribe, relevant, latest, quietMs]);
}

/** Empty until they are loaded. */
export const useContainers = (): readonly Container[] => useOpenProject().containers;
export const useContainersLoading = (): ContainersLoading => useOpenProject().containersLoading;
/** The project's long operations, newest first; empty until they are loaded. */
export const useTasks = (): readonly Task[] => useOpenProject().tasks;
/** Start, stop and restart of the project. */
export const useRuntime = (): RuntimeActions => useOpenProject().runtime;

/** `useQuery` for what the event stream keeps current: it waits until the stream is open, so that no change falls between the answer and the first event. */
export function useProjectQuery<Q = unknown, E = DefaultError, D = Q, K extends QueryKey = QueryKey>(
  options: UseQueryOptions<Q, E, D, K>,
): UseQueryResult<D, E> {
  const { isSettled } = useProjectEvents();
  return useQuery({ ...options, enabled: isSettled && (options.enabled ?? true) !== false });
}

/** The project's files. */
export function useFileTree(): UseQueryResult<FileTree> {
  const { api } = useServices();
  const { project, events } = useOpenProject();
  return useProjectQuery({ ...treeQuery(api, project.id, events.during), enabled: project.environment_status !== "provisioning" });
}
