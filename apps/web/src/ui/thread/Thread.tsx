import { Fragment, useRef, type ReactNode } from "react";
import { cx } from "../../lib/cx.ts";
import { Bead } from "./Bead.tsx";
import { ThreadGrip, type ThreadGripProps } from "./ThreadGrip.tsx";
import type { BeadKind, BeadTone, LineKind, ThreadPoint } from "./thread.types.ts";

type GripControl = Omit<ThreadGripProps, "axis" | "stops" | "scope">;

interface StandingProps {
  orientation?: "vertical";
  /** `<ThreadItem>`s, oldest first. */
  children: ReactNode;
  label?: string;
  className?: string;
}
interface LyingProps {
  orientation: "horizontal";
  /** Oldest first. */
  points: readonly ThreadPoint[];
  label: string;
  /** What follows the last point; default nothing. */
  tail?: LineKind;
  /** With a grip the thread is a scrubber: a slider over the points that `canReturn`, ending at now. */
  grip?: GripControl;
  className?: string;
}

/**
 * The line that ties message, steps, checkpoint, evidence, commit and deploy. Standing it is the gutter of a chat or timeline;
 * lying it is the scrubber under the preview and the foot of a project card.
 */
export function Thread(props: StandingProps | LyingProps) {
  return props.orientation === "horizontal" ? <LyingThread {...props} /> : <StandingThread {...props} />;
}

const StandingThread = ({ children, label, className }: StandingProps) => (
  <ol role="list" aria-label={label} className={className}>
    {children}
  </ol>
);

export interface ThreadItemProps {
  bead?: BeadKind;
  tone?: BeadTone;
  /** Ties the item to the grip. */
  pointId?: string;
  line?: LineKind;
  /** Where the line begins or ends. */
  edge?: "start" | "end" | "both";
  /** Distance of the bead's middle from the top, when the first line of text is not 22 px high. */
  beadYPx?: number;
  isThick?: boolean;
  /** Says what the bead means where the text does not. */
  beadLabel?: string;
  /** Stands in the bead's place: the grip. */
  hold?: ReactNode;
  children?: ReactNode;
  className?: string;
}

export function ThreadItem({
  bead,
  tone,
  pointId,
  line = "done",
  edge,
  beadYPx,
  isThick,
  beadLabel,
  hold,
  children,
  className,
}: ThreadItemProps) {
  return (
    <li
      className={cx("thread-item", className)}
      data-line={line}
      data-edge={edge === "both" ? "start end" : edge}
      style={beadYPx === undefined ? undefined : { "--bead-y": `${beadYPx}px` }}
    >
      {bead ? (
        <Bead
          kind={bead}
          tone={tone}
          {...(pointId && { pointId })}
          {...(isThick && { isThick })}
          {...(beadLabel && { label: beadLabel })}
        />
      ) : null}
      {hold ? <span className="thread-hold">{hold}</span> : null}
      {children}
    </li>
  );
}

function LyingThread({ points, label, tail, grip, className }: LyingProps) {
  const scope = useRef<HTMLDivElement>(null);
  const heldAt = grip ? points.findIndex((point) => point.id === grip.value) : -1;
  const isGone = (index: number) => heldAt >= 0 && index > heldAt;
  const stops = [
    ...points
      .filter((point) => point.canReturn)
      .map((point) => ({ id: point.id, label: point.label, isMessage: point.kind === "message" })),
    { id: null, label: "now" },
  ];
  return (
    <div
      ref={scope}
      className={cx("thread-lying", className)}
      {...(grip ? { role: "group", "aria-label": label } : { role: "img", "aria-label": label })}
    >
      {points.map((point, index) => (
        <Fragment key={point.id}>
          {index > 0 ? (
            <span className="thread-line" data-line={isGone(index) ? "gone" : (point.line ?? "done")} data-gap={point.gap} />
          ) : null}
          <Bead
            kind={point.kind}
            tone={index === heldAt && point.kind === "checkpoint" ? "now" : point.tone}
            pointId={point.id}
            isGone={isGone(index)}
            {...(grip && { label: point.label })}
          />
        </Fragment>
      ))}
      {tail || grip ? (
        <span className="thread-line" data-line={heldAt >= 0 ? "gone" : (tail ?? "done")} data-gap={grip ? "short" : undefined} />
      ) : null}
      {grip ? <ThreadGrip axis="x" stops={stops} scope={scope} {...grip} /> : null}
    </div>
  );
}
