import { useMemo } from "react";
import { cx } from "../../lib/cx.ts";
import { markOf, type Tile } from "./agent-mark.ts";

const paths: Record<Tile["shape"], string> = {
  quarter: "M0 0h12a12 12 0 0 1-12 12z",
  half: "M0 0h12v6a6 6 0 0 1-12 0z",
  triangle: "M0 0h12L0 12z",
  disc: "M6 1.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z",
  square: "M0 0h12v12H0z",
  bar: "M0 0h12v5H0z",
};

/** The mark of an agent without a picture, drawn from its id: four shapes in one of the colors of the theme. Decorative; the name is beside it. */
export function AgentMark({ id, className }: { id: string; className?: string }) {
  const { tiles, color } = useMemo(() => markOf(id), [id]);
  return (
    <svg
      viewBox="0 0 36 36"
      aria-hidden="true"
      className={cx("flex-none overflow-hidden", className)}
      style={{ background: `color-mix(in srgb, var(${color}) 14%, var(--bg-1))`, color: `var(${color})` }}
    >
      <g transform="translate(6 6)" fill="currentColor">
        {tiles.map(({ shape, turns, isSoft }, index) => (
          <path
            key={index}
            d={paths[shape]}
            opacity={isSoft ? 0.45 : 1}
            transform={`translate(${(index % 2) * 12} ${Math.floor(index / 2) * 12}) rotate(${turns * 90} 6 6)`}
          />
        ))}
      </g>
    </svg>
  );
}
