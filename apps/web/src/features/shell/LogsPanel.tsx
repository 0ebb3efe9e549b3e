import { Download, Eraser, Pause, Play, Search } from "lucide-react";
import type { Container } from "@tesslate/contract";
import { memo, useDeferredValue, useMemo, useState, type ReactNode } from "react";
import { useStickToBottom } from "use-stick-to-bottom";
import { plainLine } from "../../lib/ansi.ts";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { formatLogTime } from "../../lib/time.ts";
import { AnsiLine } from "../../ui/AnsiLine.tsx";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Input } from "../../ui/Input.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { Select } from "../../ui/Select.tsx";
import { useLogs, type LogLine } from "./use-logs.ts";

const textOf = (lines: readonly LogLine[]): string => lines.map(({ data }) => `${data.ts} ${plainLine(data.line)}`).join("\n");

/** Live logs of one container, with filter, copy and download. */
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
  const [filter, setFilter] = useState("");
  const container = containers.find((candidate) => candidate.id === chosen) ?? containers[0];
  const { lines, isBroken, refusal, forgotten, clear } = useLogs(projectId, container, isVisible && !isPaused);
  const wanted = useDeferredValue(filter.trim().toLowerCase());
  const shown = useMemo(
    () => (wanted === "" ? lines : lines.filter(({ data }) => plainLine(data.line).toLowerCase().includes(wanted))),
    [lines, wanted],
  );
  const { scrollRef, contentRef, isAtBottom, scrollToBottom } = useStickToBottom({ initial: "instant", resize: "instant" });
  if (!container) return <EmptyState title="No containers">Logs of this project's containers appear here.</EmptyState>;
  const download = () => {
    const url = URL.createObjectURL(new Blob([`${textOf(shown)}\n`], { type: "text/plain" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `${container.container_name}-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.log`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex flex-none items-center gap-1 px-2 py-1 narrow:flex-wrap">
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
        <Input
          size="sm"
          isSoft
          type="search"
          aria-label="Filter logs"
          placeholder="Filter"
          boxClassName="h-6! w-52! text-xs narrow:h-9! narrow:w-auto! narrow:flex-1"
          leading={<Search size={12} className="text-fg-3" />}
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Escape" || filter === "") return;
            event.stopPropagation();
            setFilter("");
          }}
        />
        <span role="status" className="num text-2xs text-fg-2">
          {wanted === ""
            ? forgotten > 0
              ? `Last ${counted(lines.length, "line")}`
              : null
            : `${shown.length} of ${counted(lines.length, "line")}`}
        </span>
        <span className="flex-1" />
        {isBroken || refusal !== undefined ? <span className="truncate text-xs text-err">{refusal ?? "Reconnecting…"}</span> : null}
        {isAtBottom ? null : (
          <Button size="sm" variant="ghost" onClick={() => void scrollToBottom("instant")}>
            Jump to latest
          </Button>
        )}
        <IconButton size="sm" label={isPaused ? "Resume" : "Pause"} isOn={isPaused} onClick={() => setIsPaused(!isPaused)}>
          {isPaused ? <Play size={14} /> : <Pause size={14} />}
        </IconButton>
        <CopyButton text={() => textOf(shown)} label="Copy logs" />
        <IconButton size="sm" label="Download logs" disabled={shown.length === 0} onClick={download}>
          <Download size={14} />
        </IconButton>
        <IconButton size="sm" label="Clear logs" onClick={clear}>
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
          {shown.map((line) => (
            <Line key={line.key} line={line} wanted={wanted} />
          ))}
          {shown.length === 0 ? (
            <li className="text-(--term-bright-black)">
              {wanted !== "" && lines.length > 0 ? `No results for “${filter.trim()}”` : isPaused ? "Paused" : "No logs yet"}
            </li>
          ) : null}
        </ol>
      </div>
    </div>
  );
}

const Line = memo(function Line({ line: { data }, wanted }: { line: LogLine; wanted: string }) {
  return (
    <li className="flex gap-3">
      <time className="num flex-none text-(--term-bright-black)">{formatLogTime(data.ts)}</time>
      <span
        className={cx(
          "min-w-0 break-words whitespace-pre-wrap",
          data.stream === "stderr" ? "text-(--term-red)" : data.stream === "system" ? "text-(--term-bright-black)" : "text-term-fg",
        )}
      >
        {wanted === "" ? <AnsiLine line={data.line} /> : marked(plainLine(data.line), wanted)}
      </span>
    </li>
  );
});

/** The text with every match of `wanted` (lower case) highlighted. */
function marked(text: string, wanted: string): ReactNode[] {
  const low = text.toLowerCase();
  // Some letters change their length in lower case; then the positions would be wrong.
  if (low.length !== text.length) return [text];
  const out: ReactNode[] = [];
  let from = 0;
  for (let at = low.indexOf(wanted); at !== -1; at = low.indexOf(wanted, from)) {
    out.push(
      text.slice(from, at),
      <mark key={at} className="bg-brand-soft text-fg-0">
        {text.slice(at, at + wanted.length)}
      </mark>,
    );
    from = at + wanted.length;
  }
  out.push(text.slice(from));
  return out;
}
