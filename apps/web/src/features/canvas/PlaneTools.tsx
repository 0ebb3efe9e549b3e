import { useConnection, useReactFlow, useViewport, type Connection } from "@xyflow/react";
import { Maximize, Minus, Plus } from "lucide-react";
import { formatPercent } from "../../lib/numbers.ts";
import type { ShortcutId } from "../../shortcuts.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { ShortcutKeys } from "../../ui/ShortcutKeys.tsx";

const keys = (id: ShortcutId) => <ShortcutKeys id={id} />;

/** A note over the canvas: why something failed or is not possible. */
export const noteClass =
  "pointer-events-none absolute bottom-14 left-1/2 z-7 max-w-[min(460px,calc(100%-24px))] -translate-x-1/2 rounded-2 border border-line-0 bg-warn-soft px-2.5 py-1.5 text-xs text-warn shadow-2";

/** While a line is drawn: why it can't end here. */
export function ConnectionHint({ refusal }: { refusal: (connection: Connection) => string | undefined }) {
  const { from, to, isBackwards } = useConnection((state) => ({
    from: state.fromNode?.id,
    to: state.toNode?.id,
    isBackwards: state.fromHandle?.type === "target",
  }));
  if (!from || !to) return null;
  const [source, target] = isBackwards ? [to, from] : [from, to];
  const why = from === to ? undefined : refusal({ source, target, sourceHandle: null, targetHandle: null });
  return why ? <p className={noteClass}>{why}</p> : null;
}

/** Zoom controls. */
export function Zoom({ onFit }: { onFit: () => void }) {
  const flow = useReactFlow();
  const { zoom } = useViewport();
  return (
    <div role="group" aria-label="Zoom" className="absolute bottom-3 left-3 z-5 flex gap-1.5">
      <span className="inline-flex items-center rounded-2 border border-line-0 bg-bg-1">
        <IconButton size="sm" label="Zoom out" keys={keys("canvas.zoomOut")} tooltipSide="top" onClick={() => void flow.zoomOut()}>
          <Minus size={14} />
        </IconButton>
        <button
          type="button"
          title="Reset zoom"
          aria-label={`Zoom ${formatPercent(zoom)}, reset to ${formatPercent(1)}`}
          className="num h-6 w-12 text-center text-xs text-fg-1 hover:text-fg-0"
          onClick={() => void flow.zoomTo(1)}
        >
          {formatPercent(zoom)}
        </button>
        <IconButton size="sm" label="Zoom in" keys={keys("canvas.zoomIn")} tooltipSide="top" onClick={() => void flow.zoomIn()}>
          <Plus size={14} />
        </IconButton>
      </span>
      <span className="inline-flex rounded-2 border border-line-0 bg-bg-1">
        <IconButton size="sm" label="Zoom to fit" keys={keys("canvas.fit")} tooltipSide="top" onClick={onFit}>
          <Maximize size={14} />
        </IconButton>
      </span>
    </div>
  );
}
