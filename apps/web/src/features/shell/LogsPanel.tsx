import { Eraser, Pause, Play } from "lucide-react";
import type { Container, LogEvent } from "@tesslate/contract";
import { useEffect, useRef, useState } from "react";
import { useStickToBottom } from "use-stick-to-bottom";
import { cx } from "../../lib/cx.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Select } from "../../ui/Select.tsx";
import { plainLine } from "./plain-line.ts";
import { useServices } from "../workbench/services.ts";
import { scrollable } from "../../ui/scrollable.ts";

interface Line extends LogEvent {
  key: number;
}
const keptLines = 2000;
const retryMs = 3000;

/** The lines of one container, live while this is in sight; at most 2 000 are kept. */
function useLogs(projectId: string, container: Container | undefined, isFollowed: boolean) {
  const { api } = useServices();
  const [lines, setLines] = useState<readonly Line[]>([]);
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
    }
    let batch: Line[] = [];
    let frame: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      frame = undefined;
      const fresh = batch;
      batch = [];
      setLines((known) => [...known, ...fresh].slice(-keptLines));
    };
    const follow = async () => {
      try {
        const from = last.current?.seq ?? 0;
        const events = api.containers.logs(
          { params: { id: projectId, container_id: containerId }, query: { tail: 500, ...(from > 0 && { last_event_id: from }) } },
          { signal: abort.signal },
        );
        for await (const event of events) {
          setFailure(undefined);
          if (last.current && event.seq <= last.current.seq) continue;
          last.current = { containerId, seq: event.seq };
          batch.push({ ...event, key: ++count.current });
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
  return { lines, failure, clear: () => setLines([]) };
}

export function LogsPanel({
  projectId,
  containers,
  chosen,
  onChoose,
  isVisible,
}: {
  projectId: string;
  containers: readonly Container[];
  /** Undefined is the first. */
  chosen: string | undefined;
  onChoose: (containerId: string) => void;
  isVisible: boolean;
}) {
  const [isPaused, setIsPaused] = useState(false);
  const container = containers.find((candidate) => candidate.id === chosen) ?? containers[0];
  const { lines, failure, clear } = useLogs(projectId, container, isVisible && !isPaused);
  const { scrollRef, contentRef, isAtBottom, scrollToBottom } = useStickToBottom({ initial: "instant", resize: "instant" });
  if (!container) return <EmptyState title="No containers">Logs appear here when the project has something to run.</EmptyState>;
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex flex-none items-center gap-1 px-2 py-1">
        {containers.length > 1 ? (
          <Select
            className="w-44! flex-none"
            size="sm"
            label="Container"
            value={container.id}
            onChange={onChoose}
            options={containers.map((candidate) => ({ value: candidate.id, label: candidate.name }))}
          />
        ) : (
          <span className="px-1 font-mono text-2xs text-fg-2">{container.name}</span>
        )}
        <span className="flex-1" />
        {failure ? <span className="truncate text-xs text-err">{failure}</span> : null}
        {isAtBottom ? null : (
          <Button size="sm" variant="ghost" onClick={() => void scrollToBottom("instant")}>
            Follow
          </Button>
        )}
        <IconButton size="sm" label={isPaused ? "Go on" : "Pause"} isOn={isPaused} onClick={() => setIsPaused(!isPaused)}>
          {isPaused ? <Play size={14} /> : <Pause size={14} />}
        </IconButton>
        <IconButton size="sm" label="Clear" onClick={clear}>
          <Eraser size={14} />
        </IconButton>
      </div>
      <div
        ref={scrollRef}
        {...scrollable}
        role="log"
        aria-label={`Logs of ${container.name}`}
        aria-live="off"
        className="scroll-y min-h-0 flex-1 bg-term-bg focus-visible:-outline-offset-2"
      >
        <ol ref={contentRef} role="list" className="px-3 pb-2 font-mono text-xs leading-code">
          {lines.map(({ key, data }) => (
            <li key={key} className="flex gap-3">
              <time className="num flex-none text-(--term-bright-black)">{data.ts.slice(11, 19)}</time>
              <span
                className={cx(
                  "min-w-0 break-words whitespace-pre-wrap",
                  data.stream === "stderr" ? "text-(--term-red)" : data.stream === "system" ? "text-(--term-bright-black)" : "text-term-fg",
                )}
              >
                {plainLine(data.line)}
              </span>
            </li>
          ))}
          {lines.length === 0 ? <li className="text-(--term-bright-black)">{isPaused ? "Paused." : "Nothing was written yet."}</li> : null}
        </ol>
      </div>
    </div>
  );
}
