import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { RefreshCw } from "lucide-react";
import { useState, type ReactNode } from "react";
import type { AdminMetrics } from "@tesslate/contract";
import { formatBytes } from "../../lib/bytes.ts";
import { counted } from "../../lib/counted.ts";
import { formatDuration } from "../../lib/durations.ts";
import { formatDollars } from "../../lib/money.ts";
import { formatCompact, formatDecimal, formatNumber } from "../../lib/numbers.ts";
import { formatTime } from "../../lib/time.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Progress } from "../../ui/Progress.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Table, type Column } from "../../ui/Table.tsx";
import { TrendCharts } from "./TrendCharts.tsx";
import { metricsQuery } from "./administration.queries.ts";

/** Names of the blocks of the response, for the error message. */
const blockWords = {
  users: "users",
  projects: "projects",
  tokens: "usage",
  marketplace: "store",
  containers: "containers",
  host: "server",
} as const;
const periods = [
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
] as const;

/** Usage metrics and the load of the server. */
export function OverviewTab() {
  const [days, setDays] = useState<(typeof periods)[number]["value"]>("30");
  const queryClient = useQueryClient();
  const { data, error, refetch, isFetching } = useQuery({ ...metricsQuery(Number(days)), placeholderData: keepPreviousData });
  return (
    <div className="scroll-y min-h-0 min-w-0 flex-1" aria-busy={isFetching}>
      <div className="flex flex-wrap items-center gap-2 px-4 py-2.5">
        <SegmentedControl segments={periods} value={days} onChange={setDays} label="Period" />
        <span className="flex-1" />
        {data ? <span className="num text-xs text-fg-2">Days in UTC, updated at {formatTime(data.generated_at)}</span> : null}
        <Button
          size="sm"
          variant="ghost"
          icon={<RefreshCw size={14} />}
          isLoading={isFetching}
          loadingWord="Refreshing…"
          onClick={() => void queryClient.invalidateQueries({ queryKey: ["admin"] })}
        >
          Refresh
        </Button>
      </div>
      <TrendCharts days={Number(days)} />
      {error && data ? <ShownFromBefore of={{ error, refetch, isFetching }} className="mx-4 mb-3" /> : null}
      {error && !data ? (
        <LoadFailed title="Couldn't load metrics" of={{ error, refetch, isFetching }} />
      ) : data ? (
        <Numbers metrics={data} />
      ) : (
        <SkeletonRows count={8} label="Loading metrics…" className="px-4" />
      )}
    </div>
  );
}

function Numbers({ metrics }: { metrics: AdminMetrics }) {
  const { users, projects, tokens, marketplace, containers, host } = metrics;
  const blocks = { users, projects, tokens, marketplace, containers, host };
  const failed = (Object.keys(blocks) as (keyof typeof blocks)[]).filter((name) => blocks[name].error !== undefined);
  const models = Object.entries(tokens.tokens_by_model).toSorted(([, a], [, b]) => b.tokens - a.tokens);
  return (
    <div className="grid gap-5 px-4 pb-6">
      {failed.length > 0 ? (
        <Banner tone="err">
          Couldn't load some metrics: {failed.map((name) => blockWords[name]).join(", ")}. They are shown as 0. See the server log.
        </Banner>
      ) : null}
      <dl className="grid grid-cols-4 gap-2 narrow:grid-cols-2">
        <Figure name="Users" value={users.total} hint={`${users.mau} active in 30 days`} />
        <Figure name="Projects" value={projects.total} hint={`${projects.new_projects} new, ${projects.deployed} always-on`} />
        <Figure
          name="Running projects"
          value={containers.running_projects}
          hint={`${counted(containers.running, "container")}, ${containers.frozen} frozen`}
        />
        <Figure name="Tokens" value={tokens.total} hint={`${formatDollars(tokens.total_cost_cents)} at list price`} />
      </dl>
      <Part title="This server">
        <div className="grid grid-cols-[repeat(auto-fill,minmax(220px,1fr))] gap-x-6 gap-y-3">
          <Meter
            name="CPU"
            share={host.cpus === 0 ? 0 : (host.load[0] ?? 0) / host.cpus}
            text={`load ${formatDecimal(host.load[0] ?? 0, 2)} on ${counted(host.cpus, "CPU")}`}
          />
          <Meter
            name="Memory"
            share={share(host.memory_used_bytes, host.memory_total_bytes)}
            text={`${formatBytes(host.memory_used_bytes)} of ${formatBytes(host.memory_total_bytes)}`}
          />
          <Meter
            name="Disk"
            share={share(host.disk_used_bytes, host.disk_total_bytes)}
            text={`${formatBytes(host.disk_used_bytes)} of ${formatBytes(host.disk_total_bytes)}`}
          />
        </div>
        <p className="num mt-2 text-xs text-fg-2">
          The server has been running for {formatDuration(host.uptime_seconds * 1000)} and uses {formatBytes(host.server_memory_bytes)} of
          memory.
        </p>
      </Part>
      <div className="grid grid-cols-[repeat(auto-fit,minmax(300px,1fr))] gap-5">
        <Ranking
          title="Models"
          columns={modelColumns}
          rows={models.slice(0, 10).map(([model, use]) => [model, formatCompact(use.tokens), formatDollars(use.cost_cents)])}
          empty="No model calls in this period"
        />
        <Ranking
          title="Top users"
          columns={userColumns}
          rows={tokens.top_users.map((user) => [user.username, formatCompact(user.total_tokens), formatDollars(user.total_cost_cents)])}
          empty="No model calls in this period"
        />
        <Ranking
          title="Agents"
          columns={agentColumns}
          rows={marketplace.agents.popular.map((agent) => [agent.name, formatNumber(agent.purchases), formatNumber(agent.usage_count)])}
          empty="No agents yet"
        />
      </div>
    </div>
  );
}

const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);

const Figure = ({ name, value, hint }: { name: string; value: number | string; hint: string }) => (
  <div className="flex min-w-0 flex-col rounded-3 border border-line-0 px-3 py-2.5">
    <dt className="text-xs text-fg-2">{name}</dt>
    <dd className="num truncate text-lg font-medium text-fg-0" title={typeof value === "number" ? formatNumber(value) : undefined}>
      {typeof value === "number" ? formatCompact(value) : value}
    </dd>
    <dd className="num text-xs text-fg-2">{hint}</dd>
  </div>
);

const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <section>
    <h2 className="mb-2 text-xs font-medium text-fg-0">{title}</h2>
    {children}
  </section>
);

const Meter = ({ name, share: taken, text }: { name: string; share: number; text: string }) => (
  <div>
    <p className="mb-1 flex justify-between gap-2 text-xs">
      <span className="text-fg-0">{name}</span>
      <span className="num text-fg-2">{text}</span>
    </p>
    <Progress share={Math.min(1, taken)} label={`${name}: ${text}`} />
  </div>
);

/** A name with two figures. */
type Ranked = readonly [name: string, first: string, second: string];

const rankingColumns = (...heads: Ranked): Column<Ranked>[] =>
  heads.map((head, index) => ({
    id: head,
    head,
    isGreedy: index === 0,
    isFigure: index > 0,
    cell: (row) => (index === 0 ? <span className="text-fg-0">{row[index]}</span> : row[index]),
  }));
const modelColumns = rankingColumns("Model", "Tokens", "Cost");
const userColumns = rankingColumns("User", "Tokens", "Cost");
const agentColumns = rankingColumns("Agent", "In libraries", "Messages");

interface RankingProps {
  title: string;
  columns: readonly Column<Ranked>[];
  rows: readonly Ranked[];
  empty: string;
}
const Ranking = ({ title, columns, rows, empty }: RankingProps) => (
  <Part title={title}>
    <Table label={title} columns={columns} rows={rows} keyOf={([name]) => name} empty={<p className="text-xs text-fg-2">{empty}</p>} />
  </Part>
);
