import { useId } from "react";
import { counted } from "../../lib/counted.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { formatDay } from "../../lib/time.ts";

export interface DayPoint {
  /** `YYYY-MM-DD` in UTC. */
  date: string;
  count: number;
}

const gap = 0.24;

/** One bar per day, and a table for screen readers. `unit`: the counted noun in singular. */
export function DayChart({ label, points, unit }: { label: string; points: readonly DayPoint[]; unit: string }) {
  const captionId = useId();
  const top = Math.max(...points.map(({ count }) => count), 0);
  const total = points.reduce((sum, { count }) => sum + count, 0);
  return (
    <figure aria-labelledby={captionId} className="min-w-0 rounded-3 border border-line-0 p-3">
      <figcaption id={captionId} className="flex items-baseline justify-between gap-2 text-xs">
        <span className="font-medium text-fg-0">{label}</span>
        <span className="num text-fg-2">{formatNumber(total)} total</span>
      </figcaption>
      <div aria-hidden="true" className="relative mt-1 pt-4">
        <svg viewBox={`0 0 ${points.length} 100`} preserveAspectRatio="none" className="block h-18 w-full border-b border-line-1">
          {points.map(({ date, count }, index) => (
            <g key={date} className="group">
              <rect x={index} y={0} width={1} height={100} className="fill-transparent group-hover:fill-[var(--bg-3)]" />
              <rect
                x={index + gap / 2}
                // Values above 0 are always visible.
                y={count === 0 ? 100 : 100 - Math.max(2, (count / top) * 96)}
                width={1 - gap}
                height={count === 0 ? 0 : Math.max(2, (count / top) * 96)}
                className="fill-[var(--fg-1)]"
              />
              <title>{`${formatDay(date)}: ${counted(count, unit)}`}</title>
            </g>
          ))}
        </svg>
        {top > 0 ? <span className="num absolute top-0 right-0 text-2xs text-fg-2">{formatNumber(top)}</span> : null}
      </div>
      <p aria-hidden="true" className="mt-1 flex justify-between text-2xs text-fg-2">
        <span>{points[0] ? formatDay(points[0].date) : null}</span>
        <span>{points.length > 1 ? "Today" : null}</span>
      </p>
      <table className="sr-only">
        <caption>{`${label}, by day`}</caption>
        <thead>
          <tr>
            <th scope="col">Day</th>
            <th scope="col">{label}</th>
          </tr>
        </thead>
        <tbody>
          {points.map(({ date, count }) => (
            <tr key={date}>
              <th scope="row">{date}</th>
              <td>{formatNumber(count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
