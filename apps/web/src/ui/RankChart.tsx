import { formatCompact } from "../lib/numbers.ts";
import { axisEnd } from "./BarChart.tsx";

export interface RankBar {
  id: string;
  name: string;
  /** 0 or more. */
  value: number;
}

/** Values by name as horizontal bars, with an axis. Each row has its value, so that nothing has to be pointed at. */
export function RankChart({
  label,
  bars,
  format,
  formatTick = formatCompact,
}: {
  /** Names the chart: "Credits charged by project". */
  label: string;
  bars: readonly RankBar[];
  /** A value with its unit: "3 credits". */
  format: (value: number) => string;
  /** A value below the axis; the default is `formatCompact`. */
  formatTick?: (value: number) => string;
}) {
  const end = axisEnd(Math.max(0, ...bars.map(({ value }) => value)));
  const marks = [0, end / 2, end].filter((value) => Number.isInteger(value));
  return (
    <div className="num text-xs">
      <ul role="list" aria-label={label} className="grid gap-1">
        {bars.map(({ id, name, value }) => (
          <li
            key={id}
            className="grid grid-cols-[minmax(0,9rem)_minmax(0,1fr)_6rem] items-center gap-2 rounded-1 hover:bg-bg-3 narrow:grid-cols-[minmax(0,1fr)_auto] narrow:gap-y-0.5"
          >
            <span className="truncate text-fg-0" title={name}>
              {name}
            </span>
            <span aria-hidden="true" className="h-3.5 rounded-1 bg-bg-3 narrow:order-last narrow:col-span-2 narrow:h-2">
              <span
                className="block h-full rounded-1 bg-fg-1"
                style={{ width: `${value === 0 ? 0 : Math.max(0.5, (100 * value) / end)}%` }}
              />
            </span>
            <span className="text-right text-fg-1">{format(value)}</span>
          </li>
        ))}
      </ul>
      <div aria-hidden="true" className="mt-1 grid grid-cols-[minmax(0,9rem)_minmax(0,1fr)_6rem] gap-2 text-2xs text-fg-2 narrow:hidden">
        <span />
        <span className="flex justify-between border-t border-line-1 pt-0.5">
          {marks.map((value) => (
            <span key={value}>{formatTick(value)}</span>
          ))}
        </span>
      </div>
    </div>
  );
}
