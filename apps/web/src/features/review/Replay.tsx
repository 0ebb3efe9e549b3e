import { useQuery } from "@tanstack/react-query";
import { Pause, Play, SkipBack, SkipForward } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { cx } from "../../lib/cx.ts";
import { diffLines } from "../../lib/diff-lines.ts";
import { useServices } from "../../project/services.ts";
import { DiffBlock } from "../../ui/DiffBlock.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { FileLetter } from "../../ui/FileLetter.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Markdown } from "../../ui/markdown/Markdown.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { Thread } from "../../ui/thread/index.ts";
import { Lines } from "../changes/index.ts";
import { pictureUrl, retryText, ToolRow } from "../chat/index.ts";
import { runEventsQuery } from "./replay.queries.ts";
import { momentsOf, type Moment } from "./replay.ts";

/** Duration of a moment during playback. */
const stepMs = 1200;
const shownPoints = 60;

/** Replays a run from its transcript: what it did at each moment, and which files it had changed. */
export function Replay({ chatId, taskId, isRunning }: { chatId: string; taskId: string; isRunning: boolean }) {
  const { api } = useServices();
  const query = useQuery({ ...runEventsQuery(api, { chatId, taskId }), enabled: !isRunning });
  const moments = useMemo(() => momentsOf(query.data ?? []), [query.data]);
  const [at, setAt] = useState(0);
  const [isPlaying, setIsPlaying] = useState(false);
  const last = moments.length - 1;
  const index = Math.min(at, Math.max(0, last));
  const moment = moments[index];
  const isOver = index >= last;
  useEffect(() => {
    if (!isPlaying || isOver) return undefined;
    const timer = window.setTimeout(() => setAt(index + 1), stepMs);
    return () => clearTimeout(timer);
  }, [isPlaying, isOver, index]);

  if (isRunning) return <EmptyState title="Run in progress">You can replay this run when it has ended.</EmptyState>;
  if (query.error && !query.data) return <LoadFailed title="Couldn't load run" of={query} />;
  if (!query.data)
    return (
      <div role="status" aria-label="Loading run…" className="grid gap-3 p-4">
        <Skeleton className="h-8" />
        <Skeleton className="h-40" />
      </div>
    );
  if (!moment) return <EmptyState title="Nothing to replay">The steps of this run are no longer stored.</EmptyState>;

  const go = (to: number) => {
    setIsPlaying(false);
    setAt(Math.max(0, Math.min(last, to)));
  };
  // For long runs, only points near the current moment are shown; the slider covers the whole run.
  const from = Math.max(0, Math.min(index - shownPoints / 2, moments.length - shownPoints));
  return (
    <>
      <div className="flex flex-none flex-wrap items-center gap-2 border-b border-line-0 px-3 py-2">
        <span className="flex">
          <IconButton size="sm" label="Previous moment" disabled={index === 0} onClick={() => go(index - 1)}>
            <SkipBack size={14} />
          </IconButton>
          <IconButton
            size="sm"
            label={isPlaying && !isOver ? "Pause" : "Play"}
            onClick={() => {
              if (isPlaying && !isOver) setIsPlaying(false);
              else {
                if (isOver) setAt(0);
                setIsPlaying(true);
              }
            }}
          >
            {isPlaying && !isOver ? <Pause size={14} /> : <Play size={14} />}
          </IconButton>
          <IconButton size="sm" label="Next moment" disabled={isOver} onClick={() => go(index + 1)}>
            <SkipForward size={14} />
          </IconButton>
        </span>
        <span className="grid min-w-40 flex-1 gap-1">
          <input
            type="range"
            aria-label="Moment of the run"
            aria-valuetext={`${index + 1} of ${moments.length}: ${moment.label}`}
            min={0}
            max={Math.max(0, last)}
            value={index}
            onChange={(event) => go(Number(event.target.value))}
            className="h-5 w-full accent-fg-0"
          />
          <span className="overflow-hidden narrow:hidden" aria-hidden="true">
            <Thread
              orientation="horizontal"
              label=""
              points={moments.slice(from, from + shownPoints).map((one, i) => ({
                id: one.key,
                kind: from + i === index ? "checkpoint" : one.bead,
                ...(from + i === index && { tone: "on" as const }),
                label: one.label,
                line: from + i > index ? ("gone" as const) : ("done" as const),
              }))}
            />
          </span>
        </span>
        <span className="num flex-none text-xs text-fg-2">
          {index + 1} of {moments.length}
        </span>
      </div>
      <div className="grid min-h-0 flex-1 grid-cols-[minmax(180px,240px)_minmax(0,1fr)] narrow:grid-cols-1 narrow:grid-rows-[minmax(0,1fr)_auto]">
        <aside
          aria-label="Files at this moment"
          className="scroll-y min-h-0 border-r border-line-0 p-1.5 narrow:order-2 narrow:max-h-40 narrow:border-t narrow:border-r-0"
        >
          <p className="px-2.5 pt-1 pb-1.5 text-xs text-fg-2">{moment.files.length === 0 ? "No files changed yet" : "Changed so far"}</p>
          <ul className="grid gap-px">
            {moment.files.map((file) => (
              <li
                key={file.path}
                data-testid="file-then"
                className={cx("flex min-h-(--row) min-w-0 items-center gap-2 rounded-2 px-2.5 text-sm", file.isNow && "bg-bg-3")}
              >
                <FileLetter status={file.status} />
                <span className="min-w-0 flex-1 truncate font-mono text-xs text-fg-0" title={file.path}>
                  {file.path}
                </span>
                <Lines additions={file.additions} deletions={file.deletions} />
              </li>
            ))}
          </ul>
        </aside>
        <div
          {...scrollable}
          role="group"
          aria-label="Selected moment"
          className="scroll-y min-h-0 min-w-0 bg-bg-0 p-4 focus-visible:-outline-offset-2 narrow:p-3"
        >
          <MomentView key={moment.key} moment={moment} taskId={taskId} />
        </div>
      </div>
    </>
  );
}

function MomentView({ moment: { part, picture }, taskId }: { moment: Moment; taskId: string }) {
  return (
    <div className="grid max-w-215 gap-3">
      {part.kind === "text" ? <Markdown text={part.text} isStreaming={false} /> : null}
      {part.kind === "steered" ? <p className="text-md leading-read whitespace-pre-wrap text-fg-0">{part.text}</p> : null}
      {part.kind === "error" ? <p className="text-sm text-err">{part.message}</p> : null}
      {part.kind === "retry" ? (
        <div className="text-sm text-fg-1">
          <p>{retryText(part)}</p>
          {part.reason ? <q className="block text-fg-2">{part.reason}</q> : null}
        </div>
      ) : null}
      {part.kind === "tool" ? (
        <>
          <ToolRow part={part} />
          {part.edits.map((edit) =>
            edit.diff === undefined ? null : (
              <section key={`${edit.path}-${edit.op}`} aria-label={edit.new_path ?? edit.path} className="grid gap-1">
                <p className="font-mono text-xs text-fg-2">{edit.new_path ?? edit.path}</p>
                <DiffBlock lines={diffLines(edit.diff)} path={edit.new_path ?? edit.path} maxHeight="max-h-120" />
              </section>
            ),
          )}
        </>
      ) : null}
      {picture ? (
        <figure className="grid gap-1">
          <img
            src={pictureUrl(taskId, picture.id)}
            alt={`Screenshot: ${picture.label}`}
            width={picture.width}
            height={picture.height}
            className="h-auto max-h-105 w-auto max-w-full rounded-2 border border-line-0"
          />
          <figcaption className="text-xs text-fg-2">{picture.label}</figcaption>
        </figure>
      ) : null}
    </div>
  );
}
