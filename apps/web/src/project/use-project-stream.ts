import { useQueryClient } from "@tanstack/react-query";
import type { ProjectEvent, ProjectEventData } from "@tesslate/contract";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { browserHints } from "../lib/browser-hints.ts";
import { createProjectStream, type StreamState } from "../lib/project-stream.ts";
import { patchCache, patchFiles, refetchBroken } from "./project-cache.ts";
import { isFileChange, readDuring, type ProjectEvents } from "./project-events.ts";
import { useServices } from "./services.ts";

/** File changes come in bursts; the tree takes the changes of this many milliseconds at once. */
const burstMs = 30;

/** The project's one event stream: keeps the query cache true and hands every event on. */
export function useProjectStream(project: { id: string; slug: string }): ProjectEvents {
  const { api, connection } = useServices();
  const queries = useQueryClient();
  const listeners = useRef(new Set<(event: ProjectEvent) => void>());
  const [state, setState] = useState<StreamState>("connecting");
  const { id, slug } = project;

  useEffect(() => {
    const stream = createProjectStream({
      hints: browserHints,
      open: (options) => api.projects.events({ params: { id } }, options),
    });
    let wasAway = false;
    stream.onState((next) => {
      if (next === "open" && wasAway) refetchBroken(queries);
      wasAway = next === "reconnecting";
      setState(next);
      connection.reportStream(`project:${id}`, next === "reconnecting");
    });
    let changes: ProjectEventData<"file_changed">[] = [];
    let timer: number | undefined;
    const flush = () => {
      timer = undefined;
      patchFiles(queries, id, changes);
      changes = [];
    };
    stream.onEvent((event) => {
      if (isFileChange(event)) {
        changes.push(event.data);
        timer ??= window.setTimeout(flush, burstMs);
      } else patchCache(queries, { id, slug }, event);
      for (const listener of listeners.current) listener(event);
    });
    return () => {
      stream.close();
      if (timer !== undefined) {
        clearTimeout(timer);
        flush();
      }
      connection.reportStream(`project:${id}`, false);
      setState("connecting");
    };
  }, [api, connection, queries, id, slug]);

  const [hasSettled, setHasSettled] = useState(false);
  if (state !== "connecting" && !hasSettled) setHasSettled(true);

  const subscribe = useCallback((listener: (event: ProjectEvent) => void) => {
    listeners.current.add(listener);
    return () => void listeners.current.delete(listener);
  }, []);
  return useMemo(
    () => ({
      state,
      isSettled: hasSettled,
      subscribe,
      during: (read, apply) => readDuring(subscribe, read, apply),
    }),
    [state, hasSettled, subscribe],
  );
}
