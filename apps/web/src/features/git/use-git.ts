import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { useProject, useProjectEvents, useProjectQuery } from "../../project/project-context.ts";
import { isFileChange } from "../../project/project-events.ts";
import { useServices } from "../../project/services.ts";
import type { FileMark } from "../files/index.ts";
import { marksOf } from "./changes.ts";
import { gitKey, gitStateKey, gitStateQuery, workKey } from "./git.queries.ts";

/** File events come in bursts: the status is loaded again after `quietMs` without one, at the latest after `longestMs`. */
const quietMs = 700;
const longestMs = 4000;

/** The project's Git status, and its marks for the file tree. */
export function useGitStatus() {
  const { api } = useServices();
  const { id, environment_status: environment } = useProject();
  const query = useProjectQuery({
    ...gitStateQuery(api, id),
    enabled: environment !== "provisioning" && environment !== "setup_failed" && environment !== "files_missing",
  });
  const status = query.data?.status ?? undefined;
  const marks = useMemo((): ReadonlyMap<string, FileMark> | undefined => (status ? marksOf(status) : undefined), [status]);
  return { status, marks };
}

/** Keeps the Git status current while the workbench is open. */
export function useGitRefresh(): void {
  const { id: projectId } = useProject();
  const events = useProjectEvents();
  const queries = useQueryClient();
  const hasRepository = useGitStatus().status !== undefined;

  useEffect(() => {
    let quiet: number | undefined;
    let since: number | undefined;
    const look = () => {
      clearTimeout(quiet);
      since = undefined;
      void queries.invalidateQueries({ queryKey: gitStateKey(projectId) });
      void queries.invalidateQueries({ queryKey: workKey(projectId) });
    };
    const stop = events.subscribe((event) => {
      // The run may have used git in its shell.
      if (event.type === "complete") void queries.invalidateQueries({ queryKey: gitKey(projectId) });
      if (!isFileChange(event) || !hasRepository) return;
      since ??= Date.now();
      clearTimeout(quiet);
      quiet = window.setTimeout(look, Math.max(0, Math.min(quietMs, since + longestMs - Date.now())));
    });
    return () => {
      stop();
      clearTimeout(quiet);
    };
  }, [events, hasRepository, projectId, queries]);

  // Repeat failed queries when the event stream is connected again.
  useEffect(() => {
    if (events.state === "open")
      void queries.refetchQueries({ queryKey: gitKey(projectId), type: "active", predicate: ({ state }) => state.status === "error" });
  }, [events.state, projectId, queries]);
}
