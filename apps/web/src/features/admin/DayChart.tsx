import { useId } from "react";
import { counted } from "../../lib/counted.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { formatDay } from "../../lib/time.ts";
import { BarChart } from "../../ui/BarChart.tsx";

export interface DayCount {
  /** `YYYY-MM-DD` in UTC. */
  date: string;
  count: number;
}

/** The days until today, with their total. `unit`: the counted noun in singular. */
export function DayChart({ label, days, unit }: { label: string; days: readonly DayCount[]; unit: string }) {
  const captionId = useId();
  const total = days.reduce((sum, { count }) => sum + count, 0);
  return (
    <figure aria-labelledby={captionId} className="min-w-0 rounded-3 border border-line-0 p-3">
      <figcaption id={captionId} className="flex items-baseline justify-between gap-2 text-xs">
        <span className="font-medium text-fg-0">{label}</span>
        <span className="num text-fg-2">{formatNumber(total)} total</span>
      </figcaption>
      <BarChart
        label={`${label}, by day`}
        heads={["Day", label]}
        points={days.map(({ date, count }, index) => ({
          label: formatDay(date),
          ...(index === days.length - 1 && { tick: "Today" }),
          value: count,
        }))}
        format={(count) => counted(count, unit)}
      />
    </figure>
  );
}
