import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, type LinkProps } from "@tanstack/react-router";
import { useId, useState } from "react";
import type { AdminTrends, Trend } from "@tesslate/contract";
import { formatBytes } from "../../lib/bytes.ts";
import { counted } from "../../lib/counted.ts";
import { formatDollars } from "../../lib/money.ts";
import { formatChange, formatNumber, formatPercent, formatToOneDecimal } from "../../lib/numbers.ts";
import { formatDay } from "../../lib/time.ts";
import { BarChart } from "../../ui/BarChart.tsx";
import { Button } from "../../ui/Button.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Table, type Column } from "../../ui/Table.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { trendsQuery } from "./administration.queries.ts";

interface Measure {
  id: Exclude<keyof AdminTrends, "period_days" | "generated_at">;
  label: string;
  /** The list behind the number. */
  link?: Pick<LinkProps, "to" | "search">;
  /** The number of the whole period, with what it is. */
  total: (value: number) => string;
  format: (value: number) => string;
  formatTick?: (value: number) => string;
}
const measures: readonly Measure[] = [
  {
    id: "active_users",
    label: "Active users",
    link: { to: "/admin/users", search: { sort: "last_active_at" } },
    total: (value) => `${formatToOneDecimal(value)} a day`,
    format: (value) => counted(value, "user"),
  },
  {
    id: "new_users",
    label: "New users",
    link: { to: "/admin/users" },
    total: (value) => counted(value, "user"),
    format: (value) => counted(value, "user"),
  },
  {
    id: "runs",
    label: "Runs",
    link: { to: "/admin/runs" },
    total: (value) => counted(value, "run"),
    format: (value) => counted(value, "run"),
  },
  {
    id: "success_rate",
    label: "Successful runs",
    link: { to: "/admin/runs", search: { status: "completed" } },
    total: (value) => formatPercent(value, 1),
    format: (value) => formatPercent(value),
    formatTick: (value) => formatPercent(value),
  },
  { id: "credits", label: "Credits used", total: (value) => counted(value, "credit"), format: (value) => counted(value, "credit") },
  {
    id: "revenue_cents",
    label: "Revenue",
    link: { to: "/admin/revenue" },
    total: formatDollars,
    format: formatDollars,
    formatTick: formatDollars,
  },
  {
    id: "failures",
    label: "Failures",
    link: { to: "/admin/runs", search: { status: "failed" } },
    total: (value) => counted(value, "failure"),
    format: (value) => counted(value, "failure"),
  },
  {
    id: "disk_bytes",
    label: "Disk used",
    link: { to: "/admin/system" },
    total: (value) => formatBytes(value),
    format: (value) => formatBytes(value),
    formatTick: formatBytes,
  },
];

/** How the installation develops: one chart per measure, with the period before as a line and the values in a table. */
export function TrendCharts({ days }: { days: number }) {
  const query = useQuery({ ...trendsQuery(days), placeholderData: keepPreviousData });
  const { data, error, refetch, isFetching } = query;
  if (error && !data) return <LoadFailed title="Couldn't load trends" of={{ error, refetch, isFetching }} />;
  if (!data) return <SkeletonRows count={8} label="Loading trends…" className="px-4 pb-4" />;
  return (
    <div className="px-4 pb-5" aria-busy={isFetching}>
      {error ? <ShownFromBefore of={{ error, refetch, isFetching }} className="mb-3" /> : null}
      <p className="num mb-2 flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-fg-2">
        <span className="inline-flex items-center gap-1.5">
          <span aria-hidden="true" className="size-2.5 bg-fg-3" />
          Last {formatNumber(data.period_days)} days
        </span>
        <span className="inline-flex items-center gap-1.5">
          <span aria-hidden="true" className="h-0.5 w-4 bg-info" />
          {formatNumber(data.period_days)} days before
        </span>
      </p>
      <div className="grid grid-cols-4 gap-2 mid:grid-cols-2 narrow:grid-cols-1">
        {measures.map((measure) => (
          <TrendChart key={measure.id} measure={measure} trend={data[measure.id]} days={data.period_days} />
        ))}
      </div>
    </div>
  );
}

type Day = Trend["days"][number];

function TrendChart({ measure, trend, days }: { measure: Measure; trend: Trend; days: number }) {
  const captionId = useId();
  const [isTabulated, setTabulated] = useState(false);
  const { label, link, total, format, formatTick } = measure;
  const before = `${formatNumber(days)} days before`;
  const value = (amount: number | null) => (amount === null ? "Not measured" : format(amount));
  const columns: Column<Day>[] = [
    { id: "day", head: "Day", cell: ({ date }) => formatDay(date) },
    { id: "value", head: label, isFigure: true, cell: (day) => value(day.value) },
    { id: "previous", head: before, isFigure: true, cell: (day) => value(day.previous) },
  ];
  return (
    <figure aria-labelledby={captionId} className="flex min-w-0 flex-col rounded-3 border border-line-0 p-3">
      <figcaption id={captionId} className="mb-1">
        {link ? (
          <Link {...link} className="text-xs text-fg-2 hover:text-fg-0 hover:underline">
            {label}
          </Link>
        ) : (
          <span className="text-xs text-fg-2">{label}</span>
        )}
        <span className="num block truncate text-lg font-medium text-fg-0">
          {trend.total === null ? "Not measured" : total(trend.total)}
        </span>
        <span className="num block truncate text-xs text-fg-2">{compared(trend, measure, before)}</span>
      </figcaption>
      <BarChart
        label={`${label}, by day`}
        heads={["Day", label]}
        previousLabel={before}
        points={trend.days.map(({ date, value: amount, previous }, index) => ({
          label: formatDay(date),
          ...(index === trend.days.length - 1 && { tick: "Today" }),
          value: amount,
          previous,
        }))}
        format={format}
        {...(formatTick && { formatTick })}
        isTabulated={isTabulated}
      />
      {isTabulated ? (
        <div {...scrollable} role="group" aria-label={`Table: ${label}`} className="scroll-y mt-2 max-h-60 overflow-x-auto">
          <Table label={`${label}, by day`} columns={columns} rows={trend.days.toReversed()} keyOf={({ date }) => date} />
        </div>
      ) : null}
      <Button
        size="sm"
        variant="ghost"
        className="mt-1 -ml-2 self-start"
        aria-expanded={isTabulated}
        onClick={() => setTabulated((is) => !is)}
      >
        {isTabulated ? "Hide table" : "Show table"}
      </Button>
    </figure>
  );
}

/** "+12% from 340 runs, 30 days before" */
function compared({ total: now, previous_total: earlier }: Trend, { id, total }: Measure, before: string): string {
  if (now === null || earlier === null) return `No value ${before}`;
  if (id === "success_rate") return `${total(earlier)}, ${before}`;
  return earlier === 0 ? `${total(0)}, ${before}` : `${formatChange(now / earlier - 1)} from ${total(earlier)}, ${before}`;
}
