import type { RunSummary } from "@tesslate/contract";
import { ChevronRight, Redo2, Undo2 } from "lucide-react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { formatDuration } from "../../lib/durations.ts";
import { formatDollars } from "../../lib/money.ts";
import { formatDateTime, formatTime } from "../../lib/time.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { ThreadItem } from "../../ui/thread/index.ts";
import { Lines } from "../changes/index.ts";
import { contentsOf, restoreTarget, type Entry, type Happening } from "./timeline.ts";

/** Marks a compared point. */
export const Letter = ({ of, className }: { of: "A" | "B"; className?: string }) => (
  <span
    className={cx("grid size-4.5 flex-none place-items-center rounded-1 bg-fg-0 text-2xs font-semibold text-bg-1", className)}
    aria-hidden="true"
  >
    {of}
  </span>
);

/** Changes, duration and cost of a run, in columns. */
export function RunFigures({ run }: { run: RunSummary }) {
  return (
    <span className="num grid flex-none grid-cols-[auto_52px_56px_52px] items-baseline justify-items-end gap-2 text-xs text-fg-2 narrow:flex">
      <Lines additions={run.additions} deletions={run.deletions} />
      <span className="col-start-2 narrow:hidden">{run.files > 0 ? counted(run.files, "file") : ""}</span>
      <span className="col-start-3 narrow:hidden">{run.duration_ms === null ? "" : formatDuration(run.duration_ms)}</span>
      <span className="col-start-4 narrow:hidden">{run.cost_cents > 0 ? formatDollars(run.cost_cents) : ""}</span>
    </span>
  );
}

/** Parts of a restore are indented below it. */
const partIndent = "ml-6 narrow:ml-3";

/** A run, snapshot or checkpoint. Selecting it compares it; with Shift it is what the selected one is compared with. */
export function EntryRow({
  entry,
  letter,
  isBusy,
  isPart,
  isExpanded,
  onExpand,
  onChoose,
  onRestore,
  onRedo,
}: {
  entry: Entry;
  letter: "A" | "B" | undefined;
  /** Nothing can be restored now. */
  isBusy: boolean;
  /** Of the restore above it. */
  isPart: boolean;
  /** Its parts are shown. */
  isExpanded: boolean;
  onExpand: () => void;
  onChoose: (isAgainst: boolean) => void;
  onRestore: () => void;
  /** Brings back what a restore hid from here on. */
  onRedo: (() => void) | undefined;
}) {
  const { snapshot, run } = entry;
  const isChosen = letter !== undefined;
  const isGone = entry.line === "gone";
  return (
    <ThreadItem bead={entry.bead} line={entry.line} beadYPx={18} {...(isChosen && { tone: "on" as const })}>
      {letter ? <Letter of={letter} className="absolute top-2.25 -left-2 z-1 narrow:hidden" /> : null}
      <div
        className={cx(
          "group flex min-w-0 items-center gap-1 rounded-2 pr-1 hover:bg-bg-2",
          isPart && partIndent,
          isChosen && "bg-bg-3 hover:bg-bg-3",
        )}
      >
        <button
          type="button"
          data-testid="timeline-entry"
          data-entry={entry.id}
          aria-pressed={isChosen}
          disabled={!entry.isReady && !isChosen && entry.bead !== "failed"}
          onClick={(event) => onChoose(event.shiftKey)}
          className="flex min-h-9 min-w-0 flex-1 items-center gap-2.5 rounded-2 px-2.5 py-1 text-left text-sm narrow:min-h-11"
        >
          <time dateTime={entry.at} title={formatDateTime(entry.at)} className="num min-w-15 flex-none text-xs whitespace-nowrap text-fg-2">
            {formatTime(entry.at)}
          </time>
          <span className={cx("flex min-w-0 flex-1 items-baseline", isGone ? "text-fg-3" : "text-fg-1")} title={entry.message}>
            <span
              className={cx(
                "min-w-0 truncate",
                (entry.kind === "snapshot" || run) && "font-medium",
                !isGone && (entry.kind === "snapshot" || run) && "text-fg-0",
              )}
            >
              {entry.title}
            </span>
            {entry.note ? (
              // The title is cut first.
              <span className={cx("max-w-[max(60%,6rem)] flex-none truncate", !isGone && "text-fg-2")}>, {entry.note}</span>
            ) : null}
          </span>
          {entry.isPending ? <Pill isBusy>Saving…</Pill> : null}
          {snapshot?.status === "error" ? <Pill tone="err">Failed</Pill> : null}
          {snapshot?.status === "ready" ? (
            <span className="num flex-none text-xs text-fg-2 narrow:hidden">{contentsOf(snapshot)}</span>
          ) : null}
          {run ? <RunFigures run={run} /> : null}
        </button>
        {entry.parts ? (
          <Button
            size="sm"
            variant="ghost"
            icon={<ChevronRight size={14} className={cx(isExpanded && "rotate-90")} />}
            aria-expanded={isExpanded}
            aria-label={`Details of ${entry.title}`}
            onClick={onExpand}
          >
            Details
          </Button>
        ) : null}
        {/* As wide in every row, so that figures are aligned. */}
        <span className="flex w-19 flex-none justify-end narrow:w-auto">
          {onRedo ? (
            <Button size="sm" variant="ghost" icon={<Redo2 size={14} />} disabled={isBusy} onClick={onRedo}>
              Redo
            </Button>
          ) : (
            <IconButton
              size="sm"
              label={`Restore to ${restoreTarget(entry)}`}
              disabled={!entry.isReady || isBusy}
              className="opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 narrow:hidden"
              onClick={onRestore}
            >
              <Undo2 size={14} />
            </IconButton>
          )}
        </span>
      </div>
    </ThreadItem>
  );
}

/** A commit or deployment. Selecting it opens its view. */
export function HappeningRow({
  happening,
  isPart,
  onChoose,
}: {
  happening: Happening;
  /** Of the restore above it. */
  isPart: boolean;
  onChoose: (() => void) | undefined;
}) {
  const { kind, name, title, aside, at, bead, tone, line } = happening;
  return (
    <ThreadItem bead={bead} beadYPx={18} line={line} {...(tone && { tone })}>
      <div className={cx(isPart && partIndent)}>
        <button
          type="button"
          data-testid="timeline-happening"
          data-kind={kind}
          disabled={!onChoose}
          onClick={onChoose}
          className="flex min-h-9 w-full min-w-0 items-center gap-2.5 rounded-2 py-1 pr-23.5 pl-2.5 text-left text-sm hover:bg-bg-2 disabled:hover:bg-transparent narrow:min-h-11 narrow:pr-2.5"
        >
          <time dateTime={at} title={formatDateTime(at)} className="num min-w-15 flex-none text-xs whitespace-nowrap text-fg-2">
            {formatTime(at)}
          </time>
          <span className="min-w-0 flex-1 truncate text-fg-1">
            <span className="sr-only">{kind === "commit" ? "Commit " : "Deployment "}</span>
            <span className={kind === "commit" ? "mr-1.5 font-mono text-xs text-fg-2" : "mr-1.5 font-medium text-fg-0"}>{name}</span>
            {title}
          </span>
          <span className={cx("num max-w-40 flex-none truncate text-xs text-fg-2 narrow:max-w-24", kind === "commit" && "narrow:hidden")}>
            {aside}
          </span>
        </button>
      </div>
    </ThreadItem>
  );
}
