import type { BeadKind, BeadTone } from "./thread.types.ts";

export interface BeadProps {
  kind: BeadKind;
  tone?: BeadTone | undefined;
  /** Ties it to the grip and to whatever else points at the same thing. */
  pointId?: string;
  /** Hovering a hunk, check, screenshot or deploy thickens its bead in every view. */
  isThick?: boolean;
  isGone?: boolean;
  /** Only where no text beside it says the same. */
  label?: string;
}

export const Bead = ({ kind, tone, pointId, isThick = false, isGone = false, label }: BeadProps) => (
  <span
    className="bead"
    data-kind={kind}
    data-tone={tone}
    data-thread-point={pointId}
    data-thick={isThick || undefined}
    data-gone={isGone || undefined}
    title={label}
    {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": true })}
  />
);
