import { cx } from "../../lib/cx.ts";
import { formatDateTime, formatTime } from "../../lib/time.ts";
import { Pill } from "../../ui/Pill.tsx";
import { ThreadItem } from "../../ui/thread/index.ts";
import { contentsOf, type Entry, type Happening } from "./timeline.ts";

/** Marks a compared point. */
export const Letter = ({ of, className }: { of: "A" | "B"; className?: string }) => (
  <span
    className={cx("grid size-4.5 flex-none place-items-center rounded-1 bg-fg-0 text-2xs font-semibold text-bg-1", className)}
    aria-hidden="true"
  >
    {of}
  </span>
);

/** A snapshot or checkpoint. Selecting it compares it. */
export function EntryRow({ entry, letter, onChoose }: { entry: Entry; letter: "A" | "B" | undefined; onChoose: () => void }) {
  const { snapshot } = entry;
  const isChosen = letter !== undefined;
  return (
    <ThreadItem bead={entry.bead} beadYPx={18} {...(isChosen && { tone: "on" as const })}>
      {letter ? <Letter of={letter} className="absolute top-2.25 -left-2 z-1 narrow:hidden" /> : null}
      <button
        type="button"
        data-testid="timeline-entry"
        data-entry={entry.id}
        aria-pressed={isChosen}
        disabled={!entry.isReady && !isChosen && entry.bead !== "failed"}
        onClick={onChoose}
        className={cx(
          "flex min-h-9 w-full min-w-0 items-center gap-2.5 rounded-2 px-2.5 py-1 text-left text-sm hover:bg-bg-2 disabled:hover:bg-transparent narrow:min-h-11",
          isChosen && "bg-bg-3 hover:bg-bg-3",
        )}
      >
        <time dateTime={entry.at} title={formatDateTime(entry.at)} className="num w-14 flex-none text-xs text-fg-2">
          {formatTime(entry.at)}
        </time>
        <span className="min-w-0 flex-1 truncate text-fg-1">
          <span className={cx(entry.kind === "snapshot" && "font-medium text-fg-0")}>{entry.title}</span>
          {entry.note ? <span className="text-fg-2">, {entry.note}</span> : null}
        </span>
        {entry.isPending ? <Pill isBusy>Saving…</Pill> : null}
        {snapshot?.status === "error" ? <Pill tone="err">Failed</Pill> : null}
        {snapshot?.status === "ready" ? (
          <span className="num flex-none text-xs text-fg-2 narrow:hidden">{contentsOf(snapshot)}</span>
        ) : null}
      </button>
    </ThreadItem>
  );
}

/** A commit or deployment. Selecting it opens its view. */
export function HappeningRow({ happening, onChoose }: { happening: Happening; onChoose: (() => void) | undefined }) {
  const { kind, name, title, aside, at, bead, tone, line } = happening;
  return (
    <ThreadItem bead={bead} beadYPx={18} line={line} {...(tone && { tone })}>
      <button
        type="button"
        data-testid="timeline-happening"
        data-kind={kind}
        disabled={!onChoose}
        onClick={onChoose}
        className="flex min-h-9 w-full min-w-0 items-center gap-2.5 rounded-2 px-2.5 py-1 text-left text-sm hover:bg-bg-2 disabled:hover:bg-transparent narrow:min-h-11"
      >
        <time dateTime={at} title={formatDateTime(at)} className="num w-14 flex-none text-xs text-fg-2">
          {formatTime(at)}
        </time>
        <span className="min-w-0 flex-1 truncate text-fg-1">
          <span className="sr-only">{kind === "commit" ? "Commit " : "Deployment "}</span>
          <span className={kind === "commit" ? "mr-1.5 font-mono text-xs text-fg-2" : "mr-1.5 font-medium text-fg-0"}>{name}</span>
          {title}
        </span>
        <span className="num max-w-40 flex-none truncate text-xs text-fg-2 narrow:max-w-24">{aside}</span>
      </button>
    </ThreadItem>
  );
}
