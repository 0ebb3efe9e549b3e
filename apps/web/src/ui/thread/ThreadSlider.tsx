import { Equal } from "lucide-react";
import { useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { cx } from "../../lib/cx.ts";
import { Bead } from "./Bead.tsx";
import type { LineKind, ThreadPoint } from "./thread.types.ts";

export interface SliderPoint extends ThreadPoint {
  /** The grip can stop here. */
  canStop: boolean;
  /** Page Up and Page Down go from one of these to the next. */
  isPage: boolean;
  /** Going back to this point undoes the point as well. */
  undoesItself: boolean;
}
export interface ThreadSliderProps {
  /** Names the slider. */
  label: string;
  /** Oldest first. */
  points: readonly SliderPoint[];
  /** The line from the last point to now. */
  tail: LineKind;
  /** The point at which the grip is held; undefined is now. */
  held: string | undefined;
  onHold: (id: string | undefined) => void;
  /** The grip was let go at a point. */
  onRelease: (id: string) => void;
  isDisabled?: boolean;
  /** Shown above the point under the pointer, and above the held grip. */
  card: (id: string, isHeld: boolean) => ReactNode;
}

/** Pointers this close to a point are on it. */
const nearPx = 9;

/**
 * A horizontal thread with a grip at now. Drag it, click a point, or focus it and use the arrow keys, Home, End, Page Up and Page Down;
 * Enter lets go, Esc puts it back. What follows the held point is drawn as undone.
 */
export function ThreadSlider({ label, points, tail, held, onHold, onRelease, isDisabled = false, card }: ThreadSliderProps) {
  const track = useRef<HTMLDivElement>(null);
  const isDragging = useRef(false);
  const [hovered, setHovered] = useState<string>();
  const stops = points.filter(({ canStop }) => canStop);
  const heldAt = points.findIndex(({ id }) => id === held);
  const stopAt = heldAt < 0 ? stops.length : stops.findIndex(({ id }) => id === held);
  const xOf = (index: number) => `${(index / Math.max(1, points.length)) * 100}%`;
  const firstUndone = heldAt < 0 ? points.length : heldAt + (points[heldAt]?.undoesItself ? 0 : 1);
  const holdStop = (index: number) => onHold(stops[Math.max(0, index)]?.id);

  const onKeyDown = (event: KeyboardEvent) => {
    if (isDisabled) return;
    const page = (direction: -1 | 1) => {
      const pages = stops.flatMap(({ isPage }, index) => (isPage ? [index] : []));
      const next = direction < 0 ? pages.findLast((index) => index < stopAt) : pages.find((index) => index > stopAt);
      holdStop(next ?? (direction < 0 ? 0 : stops.length));
    };
    if (event.key === "ArrowLeft" || event.key === "ArrowDown") holdStop(stopAt - 1);
    else if (event.key === "ArrowRight" || event.key === "ArrowUp") holdStop(stopAt + 1);
    else if (event.key === "Home") holdStop(0);
    else if (event.key === "End") onHold(undefined);
    else if (event.key === "PageUp") page(-1);
    else if (event.key === "PageDown") page(1);
    else if (event.key === "Escape" && held !== undefined) onHold(undefined);
    else if ((event.key === "Enter" || event.key === " ") && held !== undefined) onRelease(held);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  /** The nearest stop; undefined is now. */
  const stopUnder = (event: PointerEvent): string | undefined => {
    const box = track.current?.getBoundingClientRect();
    if (!box || box.width === 0) return undefined;
    const at = ((event.clientX - box.left) / box.width) * points.length;
    let nearest: { id: string | undefined; distance: number } = { id: undefined, distance: Math.abs(points.length - at) };
    points.forEach(({ id, canStop }, index) => {
      if (canStop && Math.abs(index - at) < nearest.distance) nearest = { id, distance: Math.abs(index - at) };
    });
    return nearest.id;
  };
  const pointUnder = (event: PointerEvent): string | undefined => {
    const box = track.current?.getBoundingClientRect();
    if (!box || box.width === 0) return undefined;
    const index = Math.round(((event.clientX - box.left) / box.width) * points.length);
    return Math.abs(box.left + (index / points.length) * box.width - event.clientX) <= nearPx ? points[index]?.id : undefined;
  };
  const endDrag = () => {
    isDragging.current = false;
    delete document.documentElement.dataset["dragging"];
  };
  const shown = held ?? hovered;
  const shownAt = points.findIndex(({ id }) => id === shown);

  return (
    <div
      ref={track}
      className={cx("thread-track", isDisabled && "opacity-60")}
      onPointerDown={(event) => {
        if (isDisabled || event.button !== 0) return;
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        event.currentTarget.querySelector<HTMLElement>("[role=slider]")?.focus();
        isDragging.current = true;
        document.documentElement.dataset["dragging"] = "";
        onHold(stopUnder(event));
      }}
      onPointerMove={(event) => {
        if (isDragging.current) onHold(stopUnder(event));
        else setHovered(pointUnder(event));
      }}
      onPointerUp={(event) => {
        if (!isDragging.current) return;
        endDrag();
        const id = stopUnder(event);
        onHold(id);
        if (id !== undefined) onRelease(id);
      }}
      onPointerCancel={() => {
        endDrag();
        onHold(undefined);
      }}
      onPointerLeave={() => setHovered(undefined)}
    >
      {points.map(({ id, kind, tone }, index) => {
        const next = points[index + 1];
        const line = index >= firstUndone || (index + 1 >= firstUndone && heldAt >= 0) ? "gone" : next ? (next.line ?? "done") : tail;
        return (
          <span
            key={id}
            className="thread-stop"
            data-testid="thread-stop"
            data-line={index >= firstUndone ? "gone" : points[index]?.line}
            style={{ left: xOf(index) }}
          >
            <span className="thread-line" data-line={line} style={{ width: `calc(var(--track) / ${points.length})` }} />
            <Bead kind={kind} tone={tone} />
          </span>
        );
      })}
      <span
        role="slider"
        tabIndex={isDisabled || stops.length === 0 ? -1 : 0}
        aria-label={label}
        aria-orientation="horizontal"
        aria-disabled={isDisabled || undefined}
        aria-valuemin={0}
        aria-valuemax={stops.length}
        aria-valuenow={stopAt}
        aria-valuetext={heldAt < 0 ? "Now" : points[heldAt]?.label}
        className="thread-grip"
        data-held={heldAt >= 0 || undefined}
        style={{ left: heldAt < 0 ? "100%" : xOf(heldAt) }}
        onKeyDown={onKeyDown}
        onBlur={() => {
          // A dialog that asks about the point keeps it.
          if (held !== undefined && !isDragging.current && document.querySelector("[role=dialog]") === null) onHold(undefined);
        }}
      >
        <Equal size={12} aria-hidden="true" className="rotate-90" />
      </span>
      {shown !== undefined && shownAt >= 0 ? (
        <div
          className="thread-card"
          role={held === undefined ? undefined : "status"}
          style={{ left: xOf(shownAt), translate: `-${(shownAt / Math.max(1, points.length)) * 100}% 0` }}
        >
          {card(shown, held !== undefined)}
        </div>
      ) : null}
    </div>
  );
}
