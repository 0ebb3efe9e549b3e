import { Pause, Play, RotateCcw } from "lucide-react";
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { RecordedRun } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { formatDuration } from "../../lib/durations.ts";
import { formatDate } from "../../lib/time.ts";
import { shortModelName } from "../../lib/model-choice.ts";
import { Button } from "../../ui/Button.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { Thread, ThreadItem } from "../../ui/thread/index.ts";
import { recordedRows } from "./recorded-rows.ts";
import { Change } from "./tools/ToolRow.tsx";
import { touchedPaths } from "./tools/tool-facts.ts";
import { Row } from "./Transcript.tsx";

/** How long each step is shown before the next one. */
const stepMs = 900;
const visitor = { id: "", name: "You" };
const ignore = () => undefined;

/** A recorded run as the transcript has it: all of its steps, or step by step while it plays. */
export function RecordedRunPlayer({ run: recorded }: { run: RecordedRun }) {
  const { run, rows } = useMemo(() => recordedRows(recorded.events), [recorded.events]);
  const [shown, setShown] = useState(rows.length);
  /** Ends with the last step. */
  const [wasStarted, setIsPlaying] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const sliderId = useId();
  const isOver = shown >= rows.length;
  const isPlaying = wasStarted && !isOver;
  useEffect(() => {
    if (!isPlaying) return undefined;
    const timer = window.setTimeout(() => setShown(shown + 1), stepMs);
    return () => clearTimeout(timer);
  }, [isPlaying, shown]);
  // The newest step is in sight while it plays.
  useLayoutEffect(() => {
    if (box.current && (wasStarted || !isOver)) box.current.scrollTop = box.current.scrollHeight;
  }, [wasStarted, isOver, shown]);
  const play = () => {
    if (isPlaying) return setIsPlaying(false);
    if (isOver) setShown(0);
    setIsPlaying(true);
  };
  const tools = run.parts.filter((part) => part.kind === "tool");
  const files = run.changes?.files ?? new Set(tools.flatMap(touchedPaths)).size;
  // The answers of an example were written in advance: how long they took and when says nothing.
  const durationMs = recorded.is_example ? null : (recorded.duration_ms ?? run.durationMs);
  const facts = [
    counted(tools.length, "step"),
    ...(files > 0 ? [counted(files, "file")] : []),
    ...(durationMs ? [formatDuration(durationMs)] : []),
    ...(recorded.model ? [shortModelName(recorded.model)] : []),
    ...(recorded.is_example ? [] : [formatDate(recorded.ran_at)]),
  ];
  return (
    <div className="overflow-hidden rounded-3 border border-line-0">
      <div
        ref={box}
        {...scrollable}
        role="group"
        aria-label="Steps of the run"
        className="scroll-y max-h-120 px-3 pt-3 focus-visible:-outline-offset-2"
      >
        <Thread label="Recorded run">
          <ThreadItem bead="message" edge="start">
            <p className="max-w-190 pt-0.5 pb-3 text-md leading-read break-words whitespace-pre-wrap text-fg-0">{recorded.message}</p>
          </ThreadItem>
          {rows.slice(0, shown).map((row) => (
            <Row key={row.key} row={row} edge={undefined} reader={visitor} onResume={ignore} />
          ))}
          {isOver ? (
            <ThreadItem bead={run.status === "done" ? "commit" : "step"} edge="end" className="[--bead-y:13px] narrow:[--bead-y:18px]">
              <p className="flex min-h-(--row) flex-wrap items-center gap-x-2 pb-3 text-xs text-fg-2">
                <span className="font-medium text-fg-0">Done</span>
                <span className="num">{facts.join(" · ")}</span>
                {run.changes ? (
                  <span className="ml-auto">
                    <Change added={run.changes.additions} removed={run.changes.deletions} />
                  </span>
                ) : null}
              </p>
            </ThreadItem>
          ) : null}
        </Thread>
      </div>
      {rows.length > 1 ? (
        <div className="flex items-center gap-3 border-t border-line-0 px-3 py-1.5">
          <Button
            size="sm"
            variant="ghost"
            icon={isPlaying ? <Pause size={14} /> : isOver ? <RotateCcw size={14} /> : <Play size={14} />}
            onClick={play}
          >
            {isPlaying ? "Pause" : isOver ? "Replay run" : "Play"}
          </Button>
          <label htmlFor={sliderId} className="sr-only">
            Step of the run
          </label>
          <input
            id={sliderId}
            type="range"
            min={0}
            max={rows.length}
            value={shown}
            aria-valuetext={`${shown} of ${counted(rows.length, "step")}`}
            onChange={(event) => {
              setIsPlaying(false);
              setShown(Number(event.target.value));
            }}
            className="h-5 min-w-0 flex-1 accent-fg-0 narrow:h-11"
          />
          <span className="num flex-none text-xs text-fg-2" aria-hidden="true">
            {shown} of {rows.length}
          </span>
        </div>
      ) : null}
    </div>
  );
}
