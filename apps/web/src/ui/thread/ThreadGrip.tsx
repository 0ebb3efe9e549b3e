import { useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode, type RefObject } from "react";
import { moveOfKey, nearestStop, stepGrip, type GripStop } from "./grip.ts";

export interface ThreadGripProps {
  /** `x` lying, `y` standing. */
  axis: "x" | "y";
  /** Oldest first; the last one is now (`id: null`). */
  stops: readonly GripStop[];
  /** The element that holds the beads (`data-thread-point`). */
  scope: RefObject<HTMLElement | null>;
  /** The point held, null at now. Whoever holds the state shows that moment while it is not null. */
  value: string | null;
  onMove: (id: string | null) => void;
  /** Let go at a point in the past (pointer up, Enter): ask once, then restore. */
  onCommit: (id: string) => void;
  /** While held: what returns and what cannot. */
  tag?: ReactNode;
  label?: string;
  isDisabled?: boolean;
}

/** The pill at now. Drag it back along the thread, or focus it and use the arrows; Esc puts it back. */
export function ThreadGrip({
  axis,
  stops,
  scope,
  value,
  onMove,
  onCommit,
  tag,
  label = "Go back to an earlier point",
  isDisabled = false,
}: ThreadGripProps) {
  const self = useRef<HTMLSpanElement>(null);
  const [drag, setDrag] = useState<{ positions: number[]; originPx: number }>();
  const [offsetPx, setOffsetPx] = useState(0);
  const last = stops.length - 1;
  const found = value === null ? last : stops.findIndex((stop) => stop.id === value);
  const index = found < 0 ? last : found;

  const middle = (rect: DOMRect) => (axis === "x" ? rect.left + rect.width / 2 : rect.top + rect.height / 2);
  const measure = () => {
    const own = self.current ? middle(self.current.getBoundingClientRect()) - offsetPx : 0;
    const positions = stops.map((stop) => {
      if (stop.id === null) return own;
      const bead = scope.current?.querySelector(`[data-thread-point="${CSS.escape(stop.id)}"]`);
      return bead ? middle(bead.getBoundingClientRect()) : Number.NaN;
    });
    return { positions, originPx: own };
  };
  const standAt = (next: number, at: { positions: number[]; originPx: number }) => {
    const position = at.positions[next] ?? Number.NaN;
    setOffsetPx(Number.isNaN(position) ? 0 : position - at.originPx);
    onMove(stops[next]?.id ?? null);
  };
  const putBack = () => {
    setOffsetPx(0);
    setDrag(undefined);
    onMove(null);
  };

  const onPointerDown = (event: PointerEvent<HTMLSpanElement>) => {
    if (isDisabled || event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    setDrag(measure());
  };
  const onPointerMove = (event: PointerEvent<HTMLSpanElement>) => {
    if (!drag) return;
    const next = nearestStop(drag.positions, axis === "x" ? event.clientX : event.clientY);
    if (next !== index) standAt(next, drag);
  };
  const onPointerUp = () => {
    if (!drag) return;
    setDrag(undefined);
    if (value === null) putBack();
    else onCommit(value);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLSpanElement>) => {
    if (isDisabled) return;
    if (event.key === "Escape" && value !== null) {
      event.preventDefault();
      event.stopPropagation();
      putBack();
    } else if ((event.key === "Enter" || event.key === " ") && value !== null) {
      event.preventDefault();
      onCommit(value);
    } else {
      const move = moveOfKey(event.key);
      if (!move) return;
      event.preventDefault();
      standAt(stepGrip(stops, index, move), measure());
    }
  };

  const shift = value === null ? 0 : offsetPx;
  return (
    <span
      ref={self}
      role="slider"
      tabIndex={isDisabled ? -1 : 0}
      aria-label={label}
      aria-orientation={axis === "x" ? "horizontal" : "vertical"}
      aria-disabled={isDisabled || undefined}
      aria-valuemin={0}
      aria-valuemax={last}
      aria-valuenow={index}
      aria-valuetext={stops[index]?.label ?? "now"}
      className="grip"
      data-axis={axis}
      data-held={value === null ? undefined : ""}
      data-half={index < last / 2 ? "first" : "second"}
      style={{ translate: axis === "x" ? `${shift}px 0` : `0 ${shift}px` }}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={putBack}
      onKeyDown={onKeyDown}
    >
      {value !== null && tag ? <span className="grip-tag">{tag}</span> : null}
    </span>
  );
}
