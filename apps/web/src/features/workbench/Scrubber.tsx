import { PanelLeftOpen } from "lucide-react";
import { useMemo } from "react";
import { counted } from "../../lib/counted.ts";
import { formatTime } from "../../lib/time.ts";
import { capsOf } from "../../lib/shortcut-keys.ts";
import { shortcuts } from "../../shortcuts.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { Kbds } from "../../ui/Kbd.tsx";
import { Thread, ThreadItem } from "../../ui/thread/index.ts";
import { threadPoints, type TranscriptRow } from "../chat/index.ts";

const lyingPoints = 36;
const standingPoints = 60;

/** The timeline of the chat below the preview, oldest on the left. */
export function Scrubber({ rows, isLive }: { rows: readonly TranscriptRow[]; isLive: boolean }) {
  const points = useMemo(() => threadPoints(rows, lyingPoints), [rows]);
  const first = rows.find((row) => row.kind === "user");
  if (points.length === 0) return null;
  return (
    <div className="flex h-8 flex-none items-center gap-2.5 px-3 text-2xs text-fg-2 narrow:h-11">
      <span className="num font-mono">{first?.kind === "user" ? formatTime(first.turn.at) : ""}</span>
      <div className="min-w-0 flex-1 overflow-hidden">
        <Thread
          orientation="horizontal"
          points={points}
          label={`Timeline of this chat, ${counted(rows.length, "point")}, newest last`}
          tail={isLive ? "live" : "next"}
        />
      </div>
      <span className={isLive ? "font-medium text-brand-ink" : "font-medium"}>now</span>
    </div>
  );
}

/** The collapsed chat: only its timeline. */
export function FoldedThread({ rows, onUnfold }: { rows: readonly TranscriptRow[]; onUnfold: () => void }) {
  return (
    <section aria-label="Chat, collapsed" className="workbench-folded flex h-full min-h-0 flex-col items-center">
      <IconButton
        size="sm"
        label="Expand chat"
        tooltipSide="right"
        keys={<Kbds caps={capsOf(shortcuts["chat.fold"].keys[0] ?? "").flat()} />}
        onClick={onUnfold}
      >
        <PanelLeftOpen size={14} />
      </IconButton>
      <div className="flex min-h-0 w-full flex-1 flex-col justify-end overflow-hidden pb-3 pl-1.5">
        <Thread>
          {rows.slice(-standingPoints).map((row, index) => (
            <ThreadItem
              key={row.key}
              bead={row.bead}
              line={row.line}
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
