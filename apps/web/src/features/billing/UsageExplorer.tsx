import { useQuery } from "@tanstack/react-query";
import { ChevronDown, ChevronUp, Download } from "lucide-react";
import { useMemo, useState } from "react";
import type { UsageGroup } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { formatDollars } from "../../lib/money.ts";
import { formatCompact, formatNumber, formatPercent } from "../../lib/numbers.ts";
import { formatDay } from "../../lib/time.ts";
import { BarChart } from "../../ui/BarChart.tsx";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { RankChart } from "../../ui/RankChart.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { Select } from "../../ui/Select.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Table, type Column } from "../../ui/Table.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { usageQuery } from "./billing.queries.ts";
import { daysInWindow, daysToCome, groups, periods, windowOf, type GroupBy, type Period } from "./usage-window.ts";

/** Model usage, grouped by day, project, model or agent: what was charged, or list prices where nothing is. The totals are the sums of the rows. */
export function UsageExplorer({ isCharged }: { isCharged: boolean }) {
  const [by, setBy] = useState<GroupBy>("day");
  const [period, setPeriod] = useState<Period>("month");
  const query = useQuery(usageQuery(by, period));
  const [isTableShown, setIsTableShown] = useState(false);
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
          <UsageChart by={by} days={daysInWindow(window)} upcoming={daysToCome(period, now)} rows={rows} isCharged={isCharged} />
          <Button
            size="sm"
            variant="ghost"
            className="mt-2"
            icon={isTableShown ? <ChevronUp size={14} /> : <ChevronDown size={14} />}
            aria-expanded={isTableShown}
            onClick={() => setIsTableShown(!isTableShown)}
          >
            {isTableShown ? "Hide table" : "Show table"}
          </Button>
          {isTableShown ? (
            <UsageTable by={by} rows={by === "day" ? rows.toReversed() : rows} total={sum(fieldOf(isCharged))} isCharged={isCharged} />
          ) : null}
        </div>
      )}
    </SettingsSection>
  );
}

/** What is plotted: what was charged, or the list price where nothing is charged. */
const fieldOf = (isCharged: boolean) => (isCharged ? "credits_deducted" : "cost_total_cents");

/** At most this many bars; the rest is one of them. */
const mostBars = 8;

function UsageChart({
  by,
  days,
  upcoming,
  rows,
  isCharged,
}: {
  by: GroupBy;
  days: readonly string[];
  upcoming: readonly string[];
  rows: readonly UsageGroup[];
  isCharged: boolean;
}) {
  const field = fieldOf(isCharged);
  const measure = isCharged ? "Credits charged" : "Cost at list price";
  const format = isCharged ? (value: number) => counted(value, "credit") : formatDollars;
  const tick = isCharged ? {} : { formatTick: formatDollars };
  const label = `${measure} by ${groups[by].toLowerCase()}`;
  const frame = "rounded-3 border border-line-0 p-3";
  if (by === "day") {
    const byDay = new Map(rows.map((row) => [row.key, row]));
    return (
      <figure className={frame}>
        <figcaption className="mb-1 text-xs text-fg-2">{label}</figcaption>
        <BarChart
          label={label}
          heads={["Day", measure]}
          points={days.map((day) => ({ label: formatDay(day), value: byDay.get(day)?.[field] ?? 0 }))}
          upcoming={upcoming.map((day) => formatDay(day))}
          format={format}
          {...tick}
          size="md"
        />
      </figure>
    );
  }
  const ranked = rows.toSorted((a, b) => b[field] - a[field]);
  const rest = ranked.slice(mostBars);
  const bars = ranked.slice(0, mostBars).map((row) => ({ id: row.key ?? "", name: nameIn(by, row), value: row[field] }));
  return (
    <figure className={frame}>
      <figcaption className="mb-2 text-xs text-fg-2">{label}</figcaption>
      <RankChart
        label={label}
        bars={[
          ...bars,
          ...(rest.length > 0
            ? [{ id: "#rest", name: `${formatNumber(rest.length)} more`, value: rest.reduce((all, row) => all + row[field], 0) }]
            : []),
        ]}
        format={format}
        {...tick}
      />
    </figure>
  );
}

const unnamed: Record<GroupBy, string> = { day: "", project: "No project", model: "Unknown", agent: "No agent" };

const nameIn = (by: GroupBy, { key, name }: UsageGroup): string =>
  by === "day" && key ? formatDay(key) : (name ?? (by === "model" ? key : null) ?? unnamed[by]);

const columnsOf = (by: GroupBy, total: number, isCharged: boolean): Column<UsageGroup>[] => [
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
    cell: (row) => (total > 0 ? formatPercent(row[fieldOf(isCharged)] / total) : ""),
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

function UsageTable({ by, rows, total, isCharged }: { by: GroupBy; rows: readonly UsageGroup[]; total: number; isCharged: boolean }) {
  const columns = useMemo(() => columnsOf(by, total, isCharged), [by, total, isCharged]);
  return (
    <div {...scrollable} role="group" aria-label="Usage table" className="mt-2 overflow-x-auto rounded-3 border border-line-0">
      <Table columns={columns} rows={rows} keyOf={({ key }) => key ?? ""} />
    </div>
  );
}
