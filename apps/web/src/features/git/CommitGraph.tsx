import type { GraphRow } from "./graph.ts";

const lanePx = 12;
/** More lanes than this are drawn on top of each other, to leave room for the text. */
const mostLanes = 10;
const colors = ["--graph-http", "--graph-database", "--graph-cache", "--graph-preview", "--graph-deploy", "--graph-env"];
const colorOf = (index: number): string => `var(${colors[index % colors.length]})`;
const xOf = (lane: number): number => Math.min(lane, mostLanes) * lanePx + lanePx / 2 + 1;

export const graphWidth = (lanes: number): number => Math.min(lanes, mostLanes + 1) * lanePx + 4;

/** One row of the graph: its lines and the circle of its commit. */
export function CommitGraph({ row, height, width }: { row: GraphRow; height: number; width: number }) {
  const middle = height / 2;
  const x = xOf(row.lane);
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true" className="flex-none">
      <g fill="none" strokeWidth={1.5}>
        {row.edges.map(({ from, to, kind, color }) => (
          <path key={`${kind}${from}-${to}`} stroke={colorOf(color)} d={pathOf(kind, xOf(from), xOf(to), height)} />
        ))}
      </g>
      <circle
        cx={x}
        cy={middle}
        r={row.isMerge ? 3 : 4}
        strokeWidth={1.5}
        stroke={colorOf(row.color)}
        fill={row.isMerge ? colorOf(row.color) : "var(--bg-1)"}
      />
    </svg>
  );
}

function pathOf(kind: "in" | "out" | "past", from: number, to: number, height: number): string {
  const middle = height / 2;
  if (kind === "past") return `M${from} 0V${height}`;
  if (kind === "in")
    return from === to ? `M${from} 0V${middle}` : `M${from} 0C${from} ${middle * 0.7} ${to} ${middle * 0.3} ${to} ${middle}`;
  return from === to
    ? `M${from} ${middle}V${height}`
    : `M${from} ${middle}C${from} ${middle + middle * 0.7} ${to} ${middle + middle * 0.3} ${to} ${height}`;
}
