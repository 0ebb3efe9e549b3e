import type { Container, LogEvent } from "@tesslate/contract";
import { useEffect, useRef, useState } from "react";
import { useServices } from "../workbench/services.ts";

export interface LogLine extends LogEvent {
  key: number;
}
/** What the page remembers of one container; older lines stay on the server. */
export const keptLines = 5000;
const firstLines = 500;
/** A line longer than this is cut: it would hold up the page. */
const longestLine = 8000;
const retryMs = 3000;

export interface Logs {
  lines: readonly LogLine[];
  /** Why there is no stream now; it is tried again by itself. */
  failure: string | undefined;
  /** Lines that were let go to make room. */
  forgotten: number;
  clear: () => void;
}

/** The lines of one container, live while this is in sight. */
export function useLogs(projectId: string, container: Container | undefined, isFollowed: boolean): Logs {
  const { api } = useServices();
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const [forgotten, setForgotten] = useState(0);
  const [failure, setFailure] = useState<string>();
  const last = useRef<{ containerId: string; seq: number }>(undefined);
  const count = useRef(0);
  const containerId = container?.id;
  // Another status may mean another process: the stream that ended with the old one is opened again.
  const status = container?.status;
  useEffect(() => {
    if (!isFollowed || !containerId) return undefined;
    const abort = new AbortController();
    let retry: ReturnType<typeof setTimeout> | undefined;
    if (last.current?.containerId !== containerId) {
      last.current = { containerId, seq: 0 };
      setLines([]);
      setForgotten(0);
    }
    let batch: LogLine[] = [];
    let frame: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      frame = undefined;
      const fresh = batch;
      batch = [];
      setLines((known) => {
        const all = known.length + fresh.length;
        if (all <= keptLines) return [...known, ...fresh];
        setForgotten((n) => n + all - keptLines);
        return [...known, ...fresh].slice(-keptLines);
      });
    };
    const follow = async () => {
      try {
        const from = last.current?.seq ?? 0;
        const events = api.containers.logs(
          { params: { id: projectId, container_id: containerId }, query: { tail: firstLines, ...(from > 0 && { last_event_id: from }) } },
          { signal: abort.signal },
        );
        for await (const event of events) {
          setFailure(undefined);
          if (last.current && event.seq <= last.current.seq) continue;
          last.current = { containerId, seq: event.seq };
          const { line } = event.data;
          const data = line.length > longestLine ? { ...event.data, line: `${line.slice(0, longestLine)} …` } : event.data;
          batch.push({ ...event, data, key: ++count.current });
          // A flood between two paints does not pile up either.
          if (batch.length > keptLines) batch = batch.slice(-keptLines);
          frame ??= setTimeout(flush, 50);
        }
      } catch (error) {
        if (abort.signal.aborted) return;
        setFailure(error instanceof Error ? error.message : "The logs could not be read.");
        retry = setTimeout(() => void follow(), retryMs);
      }
    };
    void follow();
    return () => {
      abort.abort();
      clearTimeout(retry);
      clearTimeout(frame);
      if (batch.length > 0) flush();
    };
  }, [api, projectId, containerId, status, isFollowed]);
  const clear = () => {
    setLines([]);
    setForgotten(0);
  };
  return { lines, failure, forgotten, clear };
}
