import { useQuery } from "@tanstack/react-query";
import type { Project } from "@tesslate/contract";
import { useMemo, type ReactNode } from "react";
import { ProjectContext, type OpenProject } from "./project-context.ts";
import { containersQuery, tasksQuery } from "./project.queries.ts";
import { useServices } from "./services.ts";
import { useProjectStream } from "./use-project-stream.ts";
import { useRuntimeActions } from "./use-runtime-actions.ts";

const none: readonly never[] = [];

/** Opens a project for everything inside: its event stream, and what the stream keeps current. */
export function ProjectProvider({ project, children }: { project: Project; children: ReactNode }) {
  const { api } = useServices();
  const events = useProjectStream(project);
  const runtime = useRuntimeActions(project);
  const enabled = events.isSettled;
  const { data: containers, error, refetch, isFetching } = useQuery({ ...containersQuery(api, project.id, events.during), enabled });
  const isLoaded = containers !== undefined;
  const containersLoading = useMemo(() => ({ isLoaded, error, refetch, isFetching }), [isLoaded, error, refetch, isFetching]);
  const tasks = useQuery({ ...tasksQuery(api, project.id, events.during), enabled }).data ?? none;
  const open = useMemo<OpenProject>(
    () => ({ project, events, containers: containers ?? none, containersLoading, tasks, runtime }),
    [project, events, containers, containersLoading, tasks, runtime],
  );
  return <ProjectContext value={open}>{children}</ProjectContext>;
}
