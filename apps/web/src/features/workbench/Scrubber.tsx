import { PanelLeftOpen } from "lucide-react";
import { hasSameValues } from "../../lib/same-values.ts";
import { counted } from "../../lib/counted.ts";
import { formatTime } from "../../lib/time.ts";
import { capsOf } from "../../lib/shortcut-keys.ts";
import { shortcuts } from "../../shortcuts.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { Kbds } from "../../ui/Kbd.tsx";
import { Thread, ThreadItem, type ThreadPoint } from "../../ui/thread/index.ts";
import { isRunActive, threadPoints, useConversation } from "../chat/index.ts";

const lyingPoints = 36;
const standingPoints = 60;

const isSameThread = (a: readonly ThreadPoint[], b: readonly ThreadPoint[]): boolean =>
  a.length === b.length && a.every((point, index) => hasSameValues(point, b[index]));

/** The timeline of the chat below the preview, oldest on the left. */
export function Scrubber() {
  const isLive = useConversation(isRunActive);
  const points = useConversation(({ rows }) => threadPoints(rows, lyingPoints), isSameThread);
  const { count, first } = useConversation(({ rows }) => ({ count: rows.length, first: rows.find((row) => row.kind === "user") }));
  if (points.length === 0) return null;
  return (
    <div className="flex h-8 flex-none items-center gap-2.5 px-3 text-2xs text-fg-2 narrow:h-11">
      <span className="num font-mono">{first?.kind === "user" ? formatTime(first.turn.at) : ""}</span>
      <div className="min-w-0 flex-1 overflow-hidden">
        <Thread
          orientation="horizontal"
          points={points}
          label={`Timeline of this chat, ${counted(count, "point")}, newest last`}
          tail={isLive ? "live" : "next"}
        />
      </div>
      <span className={isLive ? "font-medium text-brand-ink" : "font-medium"}>now</span>
    </div>
  );
}

/** The collapsed chat: only its timeline. */
export function FoldedThread({ onUnfold }: { onUnfold: () => void }) {
  const points = useConversation(({ rows }) => threadPoints(rows, standingPoints), isSameThread);
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
