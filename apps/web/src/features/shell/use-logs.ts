import type { Container, LogEvent } from "@tesslate/contract";
import { maxLogLines } from "@tesslate/contract/limits";
import { useEffect, useRef, useState } from "react";
import { browserHints } from "../../lib/browser-hints.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { useServices } from "../../project/services.ts";

export interface LogLine extends LogEvent {
  key: number;
}
const firstLines = 500;
/** A line longer than this is cut: it would hold up the page. */
const longestLine = 8000;

export interface Logs {
  lines: readonly LogLine[];
  /** The connection is lost and is retried automatically. */
  isBroken: boolean;
  /** Why it is not retried. */
  refusal: string | undefined;
  /** Lines dropped to make room. */
  forgotten: number;
  clear: () => void;
}

/** The live log lines of a container while the panel is visible. */
export function useLogs(projectId: string, container: Container | undefined, isFollowed: boolean): Logs {
  const { api } = useServices();
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const [forgotten, setForgotten] = useState(0);
  const [isBroken, setIsBroken] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  const last = useRef<{ containerId: string; seq: number }>(undefined);
  const count = useRef(0);
  const containerId = container?.id;
  // Another status may mean another process: the stream is reopened at once.
  const status = container?.status;
  useEffect(() => {
    if (!isFollowed || !containerId) return undefined;
    const abort = new AbortController();
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
        if (all <= maxLogLines) return [...known, ...fresh];
        setForgotten((n) => n + all - maxLogLines);
        return [...known, ...fresh].slice(-maxLogLines);
      });
    };
    const listen = async () => {
      const events = api.containers.logs(
        { params: { id: projectId, container_id: containerId }, query: { tail: firstLines } },
        {
          ...(last.current?.seq && { lastEventId: last.current.seq }),
          signal: abort.signal,
          hints: browserHints,
          // Before the next line, which may take hours.
          onOpen: () => setIsBroken(false),
          onBroken: () => setIsBroken(true),
        },
      );
      for await (const event of events) {
        last.current = { containerId, seq: event.seq };
        const { line } = event.data;
        const data = line.length > longestLine ? { ...event.data, line: `${line.slice(0, longestLine)} …` } : event.data;
        batch.push({ ...event, data, key: ++count.current });
        // A flood between two paints does not pile up either.
        if (batch.length > maxLogLines) batch = batch.slice(-maxLogLines);
        frame ??= setTimeout(flush, 50);
      }
    };
    listen().catch((error: unknown) => {
      setIsBroken(false);
      setRefusal(sentenceOf(error));
    });
    return () => {
      abort.abort();
      setIsBroken(false);
      setRefusal(undefined);
      clearTimeout(frame);
      if (batch.length > 0) flush();
    };
  }, [api, projectId, containerId, status, isFollowed]);
  const clear = () => {
    setLines([]);
    setForgotten(0);
  };
  return { lines, isBroken, refusal, forgotten, clear };
}
