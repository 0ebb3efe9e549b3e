import { useState } from "react";
import { Card } from "../../src/ui/Panel.tsx";
import { Bead, Thread, ThreadItem, ThreadSlider, type BeadKind, type BeadTone, type ThreadPoint } from "../../src/ui/thread/index.ts";
import { Sample } from "./Sample.tsx";

const beads: [BeadKind, string, string, BeadTone?][] = [
  ["message", "Message", "a person asked"],
  ["step", "Step", "a tool ran"],
  ["live", "Live", "running now"],
  ["failed", "Failed", "exit other than 0"],
  ["held", "Held", "waits for a person"],
  ["checkpoint", "Checkpoint", "hollow; filled: the one you stand on"],
  ["snapshot", "Snapshot", "saved by hand, named"],
  ["evidence", "Evidence", "checks passed; a cross when one turned red"],
  ["commit", "Commit", "in git"],
  ["deploy", "Deploy", "dark: live; grey: superseded; orange: going up"],
  ["next", "Next", "queued, planned or undone; line dashed"],
];

const history: ThreadPoint[] = [
  { id: "s1", kind: "snapshot", label: "snapshot “before the shop”, Wed 16:20" },
  { id: "m1", kind: "message", label: "message, 11:02" },
  { id: "t1", kind: "step", label: "step", gap: "short" },
  { id: "c12", kind: "checkpoint", label: "checkpoint c12, 11:05", gap: "short" },
  { id: "e1", kind: "evidence", label: "18 checks passed", gap: "short" },
  { id: "d7", kind: "deploy", tone: "old", label: "deploy v7" },
  { id: "m2", kind: "message", label: "message, 11:10" },
  { id: "e2", kind: "evidence", tone: "bad", label: "one check turned red", gap: "short" },
  { id: "k1", kind: "commit", label: "commit 4f2a9c1" },
  { id: "c13", kind: "checkpoint", tone: "on", label: "checkpoint c13, 11:12" },
  { id: "m3", kind: "message", label: "message, 14:02", gap: "short" },
  { id: "f1", kind: "failed", label: "tests failed", line: "live", gap: "short" },
  { id: "h1", kind: "held", label: "waits for an approval", line: "live", gap: "short" },
];
const feet: { label: string; points: ThreadPoint[]; tail?: "next" }[] = [
  {
    label: "Working",
    points: [
      { id: "a", kind: "message", label: "message" },
      { id: "b", kind: "deploy", label: "deploy" },
      { id: "c", kind: "step", label: "step", line: "live" },
      { id: "d", kind: "live", label: "running", line: "live" },
    ],
    tail: "next",
  },
  {
    label: "Asleep",
    points: [
      { id: "a", kind: "message", label: "message" },
      { id: "b", kind: "failed", label: "failed" },
      { id: "c", kind: "checkpoint", label: "checkpoint" },
    ],
    tail: "next",
  },
];

export function ThreadSamples() {
  return (
    <>
      <Sample title="The thread" note="every point it can have">
        <Card className="grid grid-cols-[18px_1fr] items-center gap-x-2.5 gap-y-1.5 rounded-4 px-4 py-3.5 text-xs">
          {beads.map(([kind, name, meaning, tone]) => (
            <div key={kind} className="contents">
              <Bead kind={kind} tone={tone} />
              <span>
                <b className="mr-1.5">{name}</b>
                <span className="text-fg-2">{meaning}</span>
              </span>
            </div>
          ))}
        </Card>
      </Sample>
      <Sample title="Standing" note="lines and tones">
        <Thread label="Every line">
          <ThreadItem bead="checkpoint" tone="on" edge="start">
            <p className="text-xs leading-5.5">Current step</p>
          </ThreadItem>
          <ThreadItem bead="message">
            <p className="text-md leading-read text-fg-0">Six orders a slot, and a day closes at 18:00 the evening before.</p>
          </ThreadItem>
          <ThreadItem bead="evidence" tone="bad">
            <p className="text-xs leading-5.5">17 of 18 checks</p>
          </ThreadItem>
          <ThreadItem bead="failed">
            <p className="text-xs leading-5.5">Run failed</p>
          </ThreadItem>
          <ThreadItem bead="live" line="live">
            <p className="text-md leading-read">The count includes cancelled orders, and</p>
          </ThreadItem>
          <ThreadItem bead="held" line="held">
            <p className="text-xs leading-5.5">Waiting for you</p>
          </ThreadItem>
          <ThreadItem bead="message" line="gone">
            <p className="text-xs leading-5.5 text-fg-2">Undone</p>
          </ThreadItem>
          <ThreadItem bead="next" line="next" edge="end">
            <p className="text-xs leading-5.5 text-fg-2">Queued</p>
          </ThreadItem>
        </Thread>
      </Sample>
      <Sample title="Lying">
        <Card className="grid gap-4 rounded-4 px-4 py-3.5">
          <Thread orientation="horizontal" label="History" points={history} />
          {feet.map((foot) => (
            <div key={foot.label}>
              <p className="text-xs text-fg-2">{foot.label}</p>
              <Thread orientation="horizontal" points={foot.points} label={foot.label} {...(foot.tail && { tail: foot.tail })} />
            </div>
          ))}
          <div className="h-8 px-3">
            <Slider />
          </div>
        </Card>
      </Sample>
    </>
  );
}

/** Drag the grip, or focus it and use the arrow keys. */
function Slider() {
  const [held, setHeld] = useState<string>();
  return (
    <ThreadSlider
      label="History"
      points={history.map((point) => ({
        ...point,
        canStop: point.kind === "snapshot" || point.kind === "checkpoint",
        isPage: point.kind === "message",
        undoesItself: false,
      }))}
      tail="live"
      held={held}
      onHold={setHeld}
      onRelease={() => setHeld(undefined)}
      card={(id) => <p className="rounded-3 bg-fg-0 px-3 py-2 text-xs text-bg-1">{history.find((point) => point.id === id)?.label}</p>}
    />
  );
}
