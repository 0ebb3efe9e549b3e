import { PanelLeftOpen } from "lucide-react";
import { Suspense, useState } from "react";
import { hasSameValues } from "../../lib/same-values.ts";
import { formatDate, formatDayHeading, formatTime } from "../../lib/time.ts";
import { useProject } from "../../project/project-context.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { ShortcutKeys } from "../../ui/ShortcutKeys.tsx";
import { Thread, ThreadItem, ThreadSlider, type SliderPoint, type ThreadPoint } from "../../ui/thread/index.ts";
import { isRunActive, threadPoints, useConversation } from "../chat/index.ts";
import { isPoint, RestoreDialog, useHistory, useRestores, type Entry, type Happening } from "../timeline/index.ts";
import { PointCard } from "./PointCard.tsx";

/** Points of the history on the strip. */
const shownPoints = 36;
/** Steps of the active run after them. */
const shownSteps = 12;
const standingPoints = 60;

const isSameThread = (a: readonly ThreadPoint[], b: readonly ThreadPoint[]): boolean =>
  a.length === b.length && a.every((point, index) => hasSameValues(point, b[index]));
const noSteps: readonly ThreadPoint[] = [];

function sliderPoint(one: Entry | Happening): SliderPoint {
  const time = formatTime(one.at);
  if (!isPoint(one))
    return {
      id: one.id,
      kind: one.bead,
      ...(one.tone && { tone: one.tone }),
      line: one.line,
      label: `${one.kind === "commit" ? "commit" : "deployment"} ${one.name}, ${time}, ${one.title}`,
      canStop: false,
      isPage: false,
      undoesItself: false,
    };
  return {
    id: one.id,
    kind: one.bead,
    line: one.line,
    label: `${one.kind}, ${time}, ${one.pointTitle}`,
    canStop: one.isReady && one.line !== "gone",
    isPage: one.run !== undefined,
    undoesItself: one.run !== undefined,
  };
}

/** The history of the project below the preview, oldest on the left. Its grip restores a point. */
export function Scrubber() {
  const { id: projectId } = useProject();
  const { history, entries } = useHistory();
  const { restore, running } = useRestores(projectId);
  const isLive = useConversation(isRunActive);
  const steps = useConversation(
    ({ rows, chat }) => (chat.live ? threadPoints(rows.slice(rows.findLastIndex((row) => row.kind === "user") + 1), shownSteps) : noSteps),
    isSameThread,
  );
  const [held, setHeld] = useState<string>();
  const [wanted, setWanted] = useState<Entry>();
  const shown = history.slice(-shownPoints);
  const first = shown[0];
  if (!first) return null;
  const points = [
    ...shown.map(sliderPoint),
    ...steps.map((step): SliderPoint => ({ ...step, canStop: false, isPage: false, undoesItself: false })),
  ];
  const close = () => {
    setWanted(undefined);
    setHeld(undefined);
  };
  return (
    <div className="flex h-8 flex-none items-center gap-4 border-t border-line-0 px-3 text-2xs text-fg-2 narrow:h-11">
      <span className="num flex-none font-mono">
        {formatDayHeading(first.at) === "Today" ? formatTime(first.at) : formatDate(first.at)}
      </span>
      <div className="h-full min-w-0 flex-1">
        <ThreadSlider
          label="Project history"
          points={points}
          tail={isLive ? "live" : "done"}
          held={held}
          onHold={setHeld}
          onRelease={(id) => setWanted(entries.find((entry) => entry.id === id))}
          isDisabled={running !== undefined}
          card={(id, isHeld) => {
            const one = shown.find((candidate) => candidate.id === id);
            const step = steps.find((candidate) => candidate.id === id);
            return one ? (
              <PointCard point={one} entries={entries} history={history} isHeld={isHeld} />
            ) : step ? (
              <p className="rounded-3 border border-line-0 bg-bg-1 px-2.5 py-1.5 text-xs text-fg-1 shadow-2">{step.label}</p>
            ) : null;
          }}
        />
      </div>
      <span className={isLive ? "font-medium text-brand-ink" : "font-medium"}>{running ? "restoring…" : "now"}</span>
      {wanted ? (
        <Suspense fallback={null}>
          <RestoreDialog entry={wanted} onClose={close} onRestore={restore} />
        </Suspense>
      ) : null}
    </div>
  );
}

/** The collapsed chat: only its timeline. */
export function FoldedThread({ onUnfold }: { onUnfold: () => void }) {
  const points = useConversation(({ rows }) => threadPoints(rows, standingPoints), isSameThread);
  return (
    <section aria-label="Chat, collapsed" className="workbench-folded flex h-full min-h-0 flex-col items-center">
      <IconButton size="sm" label="Expand chat" tooltipSide="right" keys={<ShortcutKeys id="chat.fold" />} onClick={onUnfold}>
        <PanelLeftOpen size={14} />
      </IconButton>
      <div className="flex min-h-0 w-full flex-1 flex-col justify-end overflow-hidden pb-3 pl-1.5">
        <Thread>
          {points.map(({ id, kind, line }, index) => (
            <ThreadItem
              key={id}
              bead={kind}
              line={line}
              beadYPx={8}
              {...(index === 0 && { edge: "start" as const })}
              className="h-4 pl-8!"
            />
          ))}
        </Thread>
      </div>
    </section>
  );
}
