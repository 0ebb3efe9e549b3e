import { Fragment, type ReactNode } from "react";
import { cx } from "../../lib/cx.ts";
import { Bead } from "./Bead.tsx";
import type { BeadKind, BeadTone, LineKind, ThreadPoint } from "./thread.types.ts";

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
  line?: LineKind;
  /** Where the line begins or ends. */
  edge?: "start" | "end" | "both";
  /** Distance of the bead's middle from the top, when the first line of text is not 22 px high. */
  beadYPx?: number;
  /** Says what the bead means where the text does not. */
  beadLabel?: string;
  children?: ReactNode;
  className?: string;
}

export function ThreadItem({ bead, tone, line = "done", edge, beadYPx, beadLabel, children, className }: ThreadItemProps) {
  return (
    <li
      className={cx("thread-item", className)}
      data-line={line}
      data-edge={edge === "both" ? "start end" : edge}
      style={beadYPx === undefined ? undefined : { "--bead-y": `${beadYPx}px` }}
    >
      {bead ? <Bead kind={bead} tone={tone} {...(beadLabel && { label: beadLabel })} /> : null}
      {children}
    </li>
  );
}

function LyingThread({ points, label, tail, className }: LyingProps) {
  return (
    <div role="img" aria-label={label} className={cx("thread-lying", className)}>
      {points.map((point, index) => (
        <Fragment key={point.id}>
          {index > 0 ? <span className="thread-line" data-line={point.line ?? "done"} data-gap={point.gap} /> : null}
          <Bead kind={point.kind} tone={point.tone} />
        </Fragment>
      ))}
      {tail ? <span className="thread-line" data-line={tail} /> : null}
    </div>
  );
}
