import { useRef, type KeyboardEvent, type PointerEvent } from "react";
import { cx } from "../../lib/cx.ts";

export interface ResizeEdgeProps {
  label: string;
  /** `vertical` is an upright edge that moves left and right. */
  orientation: "vertical" | "horizontal";
  valuePx: number;
  minPx: number;
  maxPx: number;
  defaultPx: number;
  /** Dragging towards the end makes the pane larger (the pane lies before the edge). */
  growsForward: boolean;
  onChange: (px: number) => void;
  className?: string;
}

const stepPx = 16;

/** The edge between two panes: drag it, or focus it and use the arrow keys; a double-click resets it. */
export function ResizeEdge({ label, orientation, valuePx, minPx, maxPx, defaultPx, growsForward, onChange, className }: ResizeEdgeProps) {
  const drag = useRef<{ pointer: number; value: number }>(undefined);
  const isUpright = orientation === "vertical";
  const set = (px: number) => onChange(Math.round(Math.min(maxPx, Math.max(minPx, px))));
  const at = (event: PointerEvent) => (isUpright ? event.clientX : event.clientY);
  const onKeyDown = (event: KeyboardEvent) => {
    const forward = isUpright ? "ArrowRight" : "ArrowDown";
    const back = isUpright ? "ArrowLeft" : "ArrowUp";
    const sign = growsForward ? 1 : -1;
    if (event.key === forward) set(valuePx + sign * stepPx);
    else if (event.key === back) set(valuePx - sign * stepPx);
    else if (event.key === "Home") set(minPx);
    else if (event.key === "End") set(maxPx);
    else return;
    event.preventDefault();
  };
  return (
    <div
      role="separator"
      aria-label={label}
      aria-orientation={orientation}
      aria-valuenow={valuePx}
      aria-valuemin={minPx}
      aria-valuemax={maxPx}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onDoubleClick={() => set(defaultPx)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { pointer: at(event), value: valuePx };
        document.documentElement.dataset["dragging"] = "";
      }}
      onPointerMove={(event) => {
        if (!drag.current) return;
        const moved = at(event) - drag.current.pointer;
        set(drag.current.value + (growsForward ? moved : -moved));
      }}
      onPointerUp={() => {
        drag.current = undefined;
        delete document.documentElement.dataset["dragging"];
      }}
      className={cx(
        "absolute z-10 touch-none outline-none after:absolute after:rounded-full after:transition-colors hover:after:bg-line-1 focus-visible:after:bg-focus active:after:bg-fg-1",
        isUpright
          ? "w-2 cursor-col-resize after:inset-y-0 after:left-0.75 after:w-0.5"
          : "h-2 cursor-row-resize after:inset-x-0 after:top-0.75 after:h-0.5",
        className,
      )}
    />
  );
}
