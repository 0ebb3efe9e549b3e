import { BaseEdge, EdgeLabelRenderer, getSmoothStepPath, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { cx } from "../../lib/cx.ts";
import { useCanvas } from "./canvas-context.ts";
import type { CanvasEdge } from "./graph.ts";
import { labelOf, type EdgeKind } from "./links.ts";

const dashes: Record<EdgeKind, string | undefined> = {
  http: undefined,
  database: undefined,
  env: "1 5",
  cache: "4 4",
  preview: "7 4",
  deploy: "8 3 2 3",
};
export const lineStyle = (kind: EdgeKind) => ({
  stroke: `var(--graph-${kind})`,
  strokeWidth: 1.5,
  ...(dashes[kind] && { strokeDasharray: dashes[kind], strokeLinecap: "round" as const }),
});

/** A connection from the providing to the using container, labeled with its variables. */
export const Line = memo(function Line(props: EdgeProps<CanvasEdge>) {
  const { id, data, selected, source, target, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, markerEnd } = props;
  const { inspect, nameOf } = useCanvas();
  const [path, labelX, labelY] = getSmoothStepPath({
    sourceX,
    sourceY: sourceY + (data?.fromDy ?? 0),
    targetX,
    targetY: targetY + (data?.toDy ?? 0),
    sourcePosition,
    targetPosition,
    borderRadius: 12,
  });
  if (!data) return null;
  const label = data.link && (labelOf(data.link) ?? "Dependency");
  return (
    <>
      <BaseEdge
        id={id}
        path={path}
        interactionWidth={24}
        className="group-focus-visible/edge:stroke-3!"
        {...(markerEnd && { markerEnd })}
        style={{ ...lineStyle(data.kind), ...(selected && { strokeWidth: 2.5 }) }}
      />
      {label ? (
        <EdgeLabelRenderer>
          <button
            type="button"
            tabIndex={-1}
            className={cx(
              "nodrag nopan pointer-events-auto absolute z-1 min-h-6 rounded-1 bg-bg-0 px-1.5 py-0.5 font-mono text-2xs whitespace-nowrap hover:text-fg-0",
              selected ? "text-fg-0 ring ring-fg-0" : "text-fg-2",
            )}
            style={{ transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)` }}
            title={data.link?.env_keys.join("\n")}
            onClick={() => inspect({ kind: "link", id })}
          >
            <span className="sr-only">
              Connection: {nameOf(target)} uses {nameOf(source)},{" "}
            </span>
            {label}
          </button>
        </EdgeLabelRenderer>
      ) : null}
    </>
  );
});

const legend: readonly { kind: EdgeKind; label: string }[] = [
  { kind: "http", label: "HTTP" },
  { kind: "database", label: "Database" },
  { kind: "env", label: "Variable" },
  { kind: "cache", label: "Cache" },
  { kind: "preview", label: "Preview" },
  { kind: "deploy", label: "Deployment" },
];
/** Explains the kinds of lines that are drawn. */
export function Legend({ kinds }: { kinds: ReadonlySet<EdgeKind> }) {
  const shown = legend.filter(({ kind }) => kinds.has(kind));
  if (shown.length === 0) return null;
  return (
    <ul
      aria-label="Legend"
      className="absolute right-3.5 bottom-3 z-5 flex gap-3.5 rounded-1 bg-bg-0 px-1.5 py-1 text-2xs text-fg-2 narrow:hidden"
    >
      {shown.map(({ kind, label }) => (
        <li key={kind} className="inline-flex items-center gap-1.5">
          <svg width="22" height="6" aria-hidden="true">
            <path d="M1 3h20" fill="none" style={lineStyle(kind)} />
          </svg>
          {label}
        </li>
      ))}
    </ul>
  );
}
