import { useState, type KeyboardEvent, type PointerEvent } from "react";
import { cx } from "../lib/cx.ts";
import { formatCompact } from "../lib/numbers.ts";

export interface BarPoint {
  /** What the bar stands for: "Mar 14". */
  label: string;
  /** A shorter or relative form of it below the bar: "Today". */
  tick?: string;
  /** 0 or more; null: not measured. */
  value: number | null;
  /** The value that it is compared with, drawn as a line: that of the period before. */
  previous?: number | null;
}

export interface BarChartProps {
  /** Names the chart and its table: "New users, by day". */
  label: string;
  /** The columns of the table: what a bar stands for, and what is measured. */
  heads: readonly [point: string, value: string];
  points: readonly BarPoint[];
  /** A value with its unit: "3 users", "$1.20". */
  format: (value: number) => string;
  /** A value beside the axis; the default is `formatCompact`. */
  formatTick?: (value: number) => string;
  /** The widest label of the axes of charts below each other, so that their bars are below each other too. */
  widestTick?: string;
  /** Names `previous` of the points: "30 days before". */
  previousLabel?: string;
  /** What the axis still has room for, by its ticks: the days of this month that are to come. */
  upcoming?: readonly string[];
  /** Below the bars: the first and the last tick, or all of them. */
  ticks?: "ends" | "all";
  size?: "sm" | "md";
  /** The values are in a visible table too, so that none is added for screen readers. */
  isTabulated?: boolean;
}

/** Part of the width of a bar that stays empty. */
const gap = 0.24;
const noTicks: readonly string[] = [];
/** A value above 0 has at least this height, in percent. */
const lowest = 2;

/** The end of an axis: the next round number, half of which is round too. */
export function axisEnd(highest: number): number {
  if (highest <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  return ([1, 2, 4, 6, 8].find((step) => step * power >= highest) ?? 10) * power;
}

/**
 * Values over time as bars, with an axis. Pointing at a bar, or an arrow key while the chart has the focus, shows its value. Screen readers get
 * a table.
 */
export function BarChart({
  label,
  heads,
  points,
  format,
  formatTick = formatCompact,
  widestTick,
  previousLabel,
  upcoming = noTicks,
  ticks = "ends",
  size = "sm",
  isTabulated = false,
}: BarChartProps) {
  const [chosen, setActive] = useState<number>();
  const last = points.length - 1;
  // There may be fewer bars than before.
  const active = chosen === undefined ? undefined : Math.min(chosen, last);
  const shown = active === undefined ? undefined : points[active];
  if (last < 0) return null;
  const places = points.length + upcoming.length;
  const end = axisEnd(Math.max(...points.flatMap(({ value, previous }) => [value ?? 0, previous ?? 0])));
  const widest = widestTick ?? formatTick(end);
  const marks = [end, end / 2, 0].filter((value) => Number.isInteger(value));
  const heightOf = (value: number) => (value === 0 ? 0 : Math.max(lowest, (100 * value) / end));
  const amount = (value: number | null) => (value === null ? "not measured" : format(value));
  const sentence = ({ label: name, value, previous }: BarPoint) =>
    previousLabel === undefined || previous === undefined
      ? `${name}: ${amount(value)}`
      : `${name}: ${amount(value)} (${previousLabel}: ${amount(previous)})`;
  // One line per stretch without gaps.
  const lines = points
    .reduce<[x: number, y: number][][]>(
      (stretches, { previous }, index) => {
        if (previous === undefined || previous === null) return [...stretches, []];
        stretches.at(-1)?.push([index + 0.5, 100 - (100 * previous) / end]);
        return stretches;
      },
      [[]],
    )
    .filter((stretch) => stretch.length > 1);
  const tickOf = ({ label: name, tick = name }: BarPoint) => tick;

  const point = ({ clientX, currentTarget }: PointerEvent) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    if (width > 0) setActive(Math.min(last, Math.max(0, Math.floor(((clientX - left) / width) * places))));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const at = active ?? last;
    const next = (
      { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, Home: 0, End: last } as Record<string, number>
    )[event.key];
    if (next === undefined) return;
    event.preventDefault();
    setActive(Math.min(last, Math.max(0, next)));
  };

  return (
    <div className="num min-w-0 text-2xs text-fg-2">
      <div className="flex gap-2 pt-1.5">
        <div
          role="slider"
          tabIndex={0}
          aria-label={label}
          aria-readonly="true"
          aria-valuemin={0}
          aria-valuemax={last}
          aria-valuenow={active ?? last}
          aria-valuetext={sentence(shown ?? (points[last] as BarPoint))}
          className={cx("relative min-w-0 flex-1 rounded-1", size === "sm" ? "h-18" : "h-28")}
          onPointerMove={point}
          onPointerDown={point}
          onPointerLeave={({ pointerType }) => {
            // A finger leaves when it is lifted; what it pointed at stays until something else has the focus.
            if (pointerType !== "touch") setActive(undefined);
          }}
          onKeyDown={onKeyDown}
          onFocus={() => setActive((now) => now ?? last)}
          onBlur={() => setActive(undefined)}
        >
          <svg viewBox={`0 0 ${places} 100`} preserveAspectRatio="none" aria-hidden="true" className="block size-full overflow-visible">
            {marks.map((value) => (
              <line
                key={value}
                x1={0}
                x2={places}
                y1={100 - (100 * value) / end}
                y2={100 - (100 * value) / end}
                vectorEffect="non-scaling-stroke"
                className={value === 0 ? "stroke-line-1" : "stroke-line-0"}
              />
            ))}
            {active === undefined ? null : <rect x={active} y={0} width={1} height={100} className="fill-bg-3" />}
            {points.map(({ label: name, value }, index) => (
              <rect
                key={name}
                x={index + gap / 2}
                y={100 - heightOf(value ?? 0)}
                width={1 - gap}
                height={heightOf(value ?? 0)}
                className={previousLabel === undefined ? "fill-fg-1" : "fill-fg-3"}
              />
            ))}
            {upcoming.map((tick, index) => (
              <rect
                key={tick}
                x={points.length + index + gap / 2}
                y={100 - lowest}
                width={1 - gap}
                height={lowest}
                className="fill-line-0"
              />
            ))}
            {lines.map((stretch) => (
              <polyline
                key={stretch[0]?.[0]}
                points={stretch.map(([x, y]) => `${x},${y}`).join(" ")}
                vectorEffect="non-scaling-stroke"
                className="fill-none stroke-info"
                strokeWidth={1.5}
              />
            ))}
          </svg>
          {active === undefined || !shown ? null : (
            <p
              aria-hidden="true"
              className="pointer-events-none absolute bottom-full z-10 mb-0.5 rounded-1 border border-line-0 bg-bg-1 px-1.5 py-0.5 whitespace-nowrap text-fg-0 shadow-1"
              style={
                active > places / 2 ? { right: `${(100 * (places - 1 - active)) / places}%` } : { left: `${(100 * active) / places}%` }
              }
            >
              {sentence(shown)}
            </p>
          )}
        </div>
        <div aria-hidden="true" className="relative flex-none">
          {marks.map((value) => (
            <span key={value} className="absolute right-0 -translate-y-1/2 leading-none" style={{ top: `${100 - (100 * value) / end}%` }}>
              {formatTick(value)}
            </span>
          ))}
          {/* The width of the widest label. */}
          <span className="invisible">{widest}</span>
        </div>
      </div>
      <div aria-hidden="true" className="mt-1 flex gap-2">
        <div className="flex min-w-0 flex-1 justify-between">
          {ticks === "all" ? (
            points.map((one) => (
              <span key={one.label} className="min-w-0 flex-1 truncate text-center">
                {tickOf(one)}
              </span>
            ))
          ) : (
            <>
              <span>{tickOf(points[0] as BarPoint)}</span>
              <span>{upcoming.at(-1) ?? (last > 0 ? tickOf(points[last] as BarPoint) : null)}</span>
            </>
          )}
        </div>
        <span className="invisible flex-none">{widest}</span>
      </div>
      {isTabulated ? null : (
        <table className="sr-only">
          <caption>{label}</caption>
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
              {previousLabel === undefined ? null : <th scope="col">{previousLabel}</th>}
            </tr>
          </thead>
          <tbody>
            {points.map(({ label: name, value, previous }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{amount(value)}</td>
                {previousLabel === undefined ? null : <td>{amount(previous ?? null)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
