import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useMemo, useState } from "react";
import type { UsageGroup } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { formatDollars } from "../../lib/money.ts";
import { formatCompact, formatNumber, formatPercent } from "../../lib/numbers.ts";
import { formatDay } from "../../lib/time.ts";
import { BarChart } from "../../ui/BarChart.tsx";
import { buttonClass } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { Select } from "../../ui/Select.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Table, type Column } from "../../ui/Table.tsx";
import { usageQuery } from "./billing.queries.ts";
import { daysInWindow, groups, periods, windowOf, type GroupBy, type Period } from "./usage-window.ts";

/** Model usage, grouped by day, project, model or agent. The totals above are the sums of the rows. */
export function UsageExplorer() {
  const [by, setBy] = useState<GroupBy>("day");
  const [period, setPeriod] = useState<Period>("month");
  const query = useQuery(usageQuery(by, period));
  const [now] = useState(() => new Date());
  const window = windowOf(period, now);
  const rows = query.data?.items ?? [];
  const sum = (field: "requests" | "tokens_input" | "tokens_output" | "cost_total_cents" | "credits_deducted") =>
    rows.reduce((total, row) => total + row[field], 0);
  return (
    <SettingsSection
      id="usage"
      title="Usage"
      hint={
        query.data ? (
          <span role="status" className="num">
            {counted(sum("credits_deducted"), "credit")}, {counted(sum("requests"), "call")}, {formatCompact(sum("tokens_input"))} tokens
            in, {formatCompact(sum("tokens_output"))} out
          </span>
        ) : null
      }
      action={
        <a
          className={buttonClass({ variant: "ghost" })}
          href={`/api/billing/usage/export?${new URLSearchParams(window).toString()}`}
          download
        >
          <Download size={14} />
          Export CSV
        </a>
      }
    >
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <SegmentedControl
          label="Group by"
          value={by}
          onChange={setBy}
          segments={Object.entries(groups).map(([value, label]) => ({ value: value as GroupBy, label, isLabelShown: true }))}
        />
        <span className="w-36">
          <Select
            size="sm"
            label="Period"
            value={period}
            onChange={(value) => setPeriod(value as Period)}
            options={Object.entries(periods).map(([value, label]) => ({ value, label }))}
          />
        </span>
      </div>
      {query.isPending ? (
        <SkeletonRows count={5} label="Loading usage…" />
      ) : query.error && !query.data ? (
        <LoadFailed className="px-0" title="Couldn't load usage" of={query} />
      ) : rows.length === 0 ? (
        <EmptyState className="px-0" title="No usage">
          No models were called in this period.
        </EmptyState>
      ) : (
        <div aria-busy={query.isFetching}>
          {query.error ? <ShownFromBefore of={query} className="mb-3" /> : null}
          {by === "day" ? <DayBars days={daysInWindow(window)} rows={rows} /> : null}
          <UsageTable by={by} rows={by === "day" ? rows.toReversed() : rows} total={sum("cost_total_cents")} />
        </div>
      )}
    </SettingsSection>
  );
}

/** The days as bars: what was spent, or the calls if nothing had a cost. */
function DayBars({ days, rows }: { days: readonly string[]; rows: readonly UsageGroup[] }) {
  const byDay = new Map(rows.map((row) => [row.key, row]));
  const hasCost = rows.some((row) => row.cost_total_cents > 0);
  const field = hasCost ? "cost_total_cents" : "requests";
  return (
    <div className="mb-3 rounded-3 border border-line-0 p-3">
      <BarChart
        label={hasCost ? "Cost by day" : "Calls by day"}
        heads={["Day", hasCost ? "At list price" : "Calls"]}
        points={days.map((day) => ({ label: formatDay(day), value: byDay.get(day)?.[field] ?? 0 }))}
        format={hasCost ? formatDollars : (calls) => counted(calls, "call")}
        {...(hasCost && { formatTick: formatDollars })}
        size="md"
        isTabulated
      />
    </div>
  );
}

const unnamed: Record<GroupBy, string> = { day: "", project: "No project", model: "Unknown", agent: "No agent" };

const nameIn = (by: GroupBy, { key, name }: UsageGroup): string =>
  by === "day" && key ? formatDay(key) : (name ?? (by === "model" ? key : null) ?? unnamed[by]);

const columnsOf = (by: GroupBy, total: number): Column<UsageGroup>[] => [
  { id: "name", head: groups[by], isGreedy: true, cell: (row) => <span className="font-medium text-fg-0">{nameIn(by, row)}</span> },
  {
    id: "credits",
    head: "Credits",
    isFigure: true,
    cell: (row) => <span className="text-fg-0">{formatNumber(row.credits_deducted)}</span>,
  },
  { id: "price", head: "At list price", isFigure: true, cell: (row) => formatDollars(row.cost_total_cents) },
  {
    id: "share",
    head: "Share",
    isFigure: true,
    isWideOnly: true,
    cell: (row) => (total > 0 ? formatPercent(row.cost_total_cents / total) : ""),
  },
  { id: "calls", head: "Calls", isFigure: true, cell: (row) => formatNumber(row.requests) },
  {
    id: "tokens",
    head: "Tokens",
    isFigure: true,
    isWideOnly: true,
    cell: (row) => `${formatCompact(row.tokens_input)} in, ${formatCompact(row.tokens_output)} out`,
  },
];

function UsageTable({ by, rows, total }: { by: GroupBy; rows: readonly UsageGroup[]; total: number }) {
  const columns = useMemo(() => columnsOf(by, total), [by, total]);
  return (
    <div className="overflow-x-auto rounded-3 border border-line-0">
      <Table columns={columns} rows={rows} keyOf={({ key }) => key ?? ""} />
    </div>
  );
}
