import { TriangleAlert } from "lucide-react";
import { useMemo, type ReactNode } from "react";
import type { AdminPodGroup, AdminRunner, AdminServer, AdminServers, ServerProblem } from "@tesslate/contract";
import { api } from "../../api.ts";
import { formatBytes } from "../../lib/bytes.ts";
import { counted } from "../../lib/counted.ts";
import { formatDuration } from "../../lib/durations.ts";
import { detailsOf } from "../../lib/errors.ts";
import { formatNumber, formatPercent } from "../../lib/numbers.ts";
import { formatLogTime } from "../../lib/time.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { Banner } from "../../ui/Banner.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { ErrorSentence } from "../../ui/HelpLink.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { Table, type Column } from "../../ui/Table.tsx";
import { lookOfRunner, podLooks, serverLooks } from "./server-looks.ts";
import { State } from "./State.tsx";
import { useLatestOfStream } from "./use-latest-of-stream.ts";

const open = (signal: AbortSignal) => api.adminServers.events(undefined, { signal });
const clockToleranceMs = 2_000;

/** All servers and runners of the installation, and what differs between them. */
export function ServersTab() {
  const { data, error, isReconnecting, again } = useLatestOfStream(open);
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div className="flex min-h-12 flex-none flex-wrap items-center gap-2 px-4 py-2.5">
        <p role="status" className="text-sm font-medium text-fg-0">
          {data ? summaryOf(data) : ""}
        </p>
        <span className="flex-1" />
        {data ? <span className="num text-xs text-fg-2">Updated at {formatLogTime(data.checked_at)}</span> : null}
      </div>
      <div className="relative scroll-y min-h-0 flex-1">
        {isReconnecting && data ? (
          <Banner tone="warn" className="mx-4 mb-4">
            Connection lost. Reconnecting… This page may be out of date.
          </Banner>
        ) : null}
        {data ? (
          <div className="grid gap-6 pb-6">
            <Problems problems={data.problems} />
            <Servers servers={data.servers} now={data.checked_at} />
            <Runners runners={data.runners} pods={data.pods} own={data.servers.find(({ is_this_server }) => is_this_server)} />
          </div>
        ) : error ? (
          <ErrorState title="Couldn't load servers" onRetry={again} isRetrying={isReconnecting} details={detailsOf(error)}>
            <ErrorSentence of={error} />
          </ErrorState>
        ) : (
          <SkeletonRows count={6} label="Loading servers…" className="p-4" />
        )}
      </div>
    </div>
  );
}

function summaryOf({ servers, runners, problems }: AdminServers): string {
  const parts = [counted(servers.filter(({ state }) => state !== "lost").length, "server")];
  if (runners.length > 0) parts.push(counted(runners.length, "runner"));
  return `${parts.join(", ")}. ${problems.length === 0 ? "No problems found." : `${counted(problems.length, "problem")} found.`}`;
}

const isSevere = ({ kind }: ServerProblem) => kind === "runner_unreachable" || kind === "lost";

function Problems({ problems }: { problems: ServerProblem[] }) {
  if (problems.length === 0) return null;
  return (
    <ul aria-label="Problems" className="mx-4 grid gap-2">
      {problems.map((problem) => (
        <li key={problem.message}>
          <Banner tone={isSevere(problem) ? "err" : "warn"}>
            <span className="font-medium">{problem.message}</span> <span className="text-fg-1">{problem.advice}</span>
          </Banner>
        </li>
      ))}
    </ul>
  );
}

/** A value that differs from the others. */
const Marked = ({ children, note }: { children: ReactNode; note: string }) => (
  <span className="relative inline-flex items-center gap-1 text-warn" title={note}>
    <TriangleAlert size={12} aria-hidden="true" />
    {children}
    <span className="sr-only">, {note}</span>
  </span>
);

function Version({
  of,
  than,
}: {
  of: Pick<AdminServer, "version" | "revision">;
  than: Pick<AdminServer, "version" | "revision"> | undefined;
}) {
  const shown = of.revision === null ? of.version : `${of.version} (${of.revision.slice(0, 8)})`;
  const isOther =
    than !== undefined &&
    (of.version !== than.version || (of.revision !== null && than.revision !== null && of.revision !== than.revision));
  return isOther ? <Marked note="differs from this server">{shown}</Marked> : <span title={of.revision ?? undefined}>{shown}</span>;
}

function Clock({ ms }: { ms: number | null }) {
  if (ms === null) return "Unknown";
  // What rounds to zero has no sign.
  const isSame = Math.abs(ms) < 5;
  const shown = isSame ? formatDuration(0) : `${ms < 0 ? "−" : "+"}${formatDuration(Math.abs(ms))}`;
  return Math.abs(ms) > clockToleranceMs ? <Marked note="differs from the database's clock">{shown}</Marked> : shown;
}

const orUnknown = <T,>(value: T | null, format: (value: T) => ReactNode): ReactNode => (value === null ? "Unknown" : format(value));

const nameOf = ({ address, host }: AdminServer) => address ?? host ?? "This server";

const ServerName = ({ server }: { server: AdminServer }) => (
  <span title={server.host === null ? undefined : `Process ${server.pid} on ${server.host}`}>
    <span className="font-medium text-fg-0">{nameOf(server)}</span>
    {server.is_this_server && server.address !== null ? <span className="font-regular text-fg-2"> (this server)</span> : null}
  </span>
);

/** Everything about a server, as the columns of a table or the lines of a card. */
const columnsOf = (now: string, own: AdminServer | undefined): Column<AdminServer>[] => [
  {
    id: "server",
    head: "Server",
    isGreedy: true,
    cell: (server) => <ServerName server={server} />,
  },
  { id: "state", head: "State", cell: ({ state }) => <State look={serverLooks[state]} /> },
  { id: "version", head: "Version", cell: (server) => <Version of={server} than={own} /> },
  { id: "started", head: "Started", cell: ({ started_at }) => <RelativeTime at={started_at} /> },
  {
    id: "heartbeat",
    head: "Last heartbeat",
    cell: ({ heartbeat_at, state }) => {
      const age = `${formatDuration(Math.max(0, Date.parse(now) - Date.parse(heartbeat_at)))} ago`;
      return state === "late" ? <Marked note="overdue">{age}</Marked> : age;
    },
  },
  {
    id: "projects",
    head: "Projects",
    headHint: "Projects whose live state this server holds",
    isFigure: true,
    cell: ({ projects }) => (projects === null ? "All" : formatNumber(projects)),
  },
  { id: "runs", head: "Runs", headHint: "Runs of the agent now", isFigure: true, cell: ({ runs }) => formatNumber(runs) },
  {
    id: "streams",
    head: "Connections",
    headHint: "Open event streams and WebSockets",
    isFigure: true,
    cell: ({ streams, sockets }) => orUnknown(streams, (count) => formatNumber(count + (sockets ?? 0))),
  },
  {
    id: "memory",
    head: "Memory",
    isFigure: true,
    cell: ({ memory_bytes, memory_total_bytes }) => (
      <span title={memory_total_bytes === null ? undefined : `of ${formatBytes(memory_total_bytes)} on its machine`}>
        {orUnknown(memory_bytes, formatBytes)}
      </span>
    ),
  },
  {
    id: "cpu",
    head: "CPU",
    headHint: "Percent of one core, over the last seconds",
    isFigure: true,
    cell: ({ cpu_percent }) => orUnknown(cpu_percent, (percent) => formatPercent(percent / 100)),
  },
  {
    id: "delay",
    head: "Loop delay",
    headHint: "How late the event loop is, 99th percentile over the last seconds",
    isFigure: true,
    cell: ({ event_loop_delay_ms }) => orUnknown(event_loop_delay_ms, (ms) => `${formatNumber(Math.round(ms))} ms`),
  },
  {
    id: "clock",
    head: "Clock",
    headHint: "Compared with the database's clock",
    isFigure: true,
    cell: ({ clock_offset_ms }) => <Clock ms={clock_offset_ms} />,
  },
];

function Servers({ servers, now }: { servers: AdminServer[]; now: string }) {
  const isNarrow = useIsNarrow();
  const own = servers.find(({ is_this_server }) => is_this_server);
  const columns = useMemo(() => columnsOf(now, own), [now, own]);
  return (
    <section aria-label="Servers" className="min-w-0">
      <h2 className="mx-4 mb-2 text-xs font-medium text-fg-0">Servers</h2>
      {isNarrow ? (
        <ul className="mx-4 grid gap-2">
          {servers.map((server) => (
            <li key={server.id} className="rounded-3 border border-line-0 p-3 text-xs">
              <Card
                title={<ServerName server={server} />}
                state={<State look={serverLooks[server.state]} />}
                facts={columns.slice(2).map(({ head, cell }) => ({ label: head, value: cell(server) }))}
              />
            </li>
          ))}
        </ul>
      ) : (
        <div {...scrollable} role="group" aria-label="Table of servers" className="overflow-x-auto border-t border-line-0">
          <Table label="Servers" columns={columns} rows={servers} keyOf={({ id }) => id} isFlush />
        </div>
      )}
    </section>
  );
}

function Card({ title, state, facts }: { title: ReactNode; state: ReactNode; facts: { label: string; value: ReactNode }[] }) {
  return (
    <>
      <div className="flex items-start justify-between gap-2">
        <h3 className="min-w-0 text-sm font-medium break-words text-fg-0">{title}</h3>
        <span className="flex-none">{state}</span>
      </div>
      <dl className="num mt-2 grid grid-cols-1 gap-1 border-t border-line-0 pt-2">
        {facts.map(({ label, value }) => (
          <div key={label} className="flex justify-between gap-3">
            <dt className="flex-none text-fg-2">{label}</dt>
            <dd className="min-w-0 text-right text-fg-0">{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

const podColumns: Column<AdminPodGroup>[] = [
  { id: "state", head: "State", cell: ({ state }) => <State look={podLooks[state]} /> },
  { id: "image", head: "Image", isGreedy: true, cell: ({ image }) => <span title={image ?? undefined}>{image ?? "None"}</span> },
  { id: "count", head: "Pods", isFigure: true, cell: ({ count }) => formatNumber(count) },
];

function Runners({ runners, pods, own }: { runners: AdminRunner[]; pods: AdminPodGroup[]; own: AdminServer | undefined }) {
  return (
    <section aria-label="Runners" className="min-w-0">
      <h2 className="mx-4 mb-2 text-xs font-medium text-fg-0">Runners</h2>
      {pods.length > 0 ? (
        <div className="border-t border-line-0">
          <Table label="Pods" columns={podColumns} rows={pods} keyOf={({ state, image }) => `${state} ${image}`} isFlush />
        </div>
      ) : runners.length === 0 ? (
        <p className="mx-4 text-xs text-fg-2">Projects run on the server's machine.</p>
      ) : (
        <ul className="mx-4 grid grid-cols-[repeat(auto-fill,minmax(min(100%,360px),1fr))] gap-2">
          {runners.map((runner) => (
            <li key={runner.address} className="rounded-3 border border-line-0 p-3 text-xs">
              <Card title={runner.address} state={<State look={lookOfRunner(runner)} />} facts={factsOf(runner, own)} />
              {runner.last_error ? (
                <p className="mt-2 border-t border-line-0 pt-2 leading-read text-fg-2">
                  Last error <RelativeTime at={runner.last_error.at} />: <span className="text-fg-1">{runner.last_error.message}</span>
                  {runner.last_error.is_permanent && !runner.is_reachable ? " It stays until this is changed." : null}
                </p>
              ) : null}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function factsOf(runner: AdminRunner, own: AdminServer | undefined): { label: string; value: ReactNode }[] {
  const { awake, sandboxes, memory_used_bytes, memory_total_bytes, disk_free_bytes, disk_total_bytes } = runner;
  const share = (part: number | null, whole: number | null) =>
    part === null || whole === null ? "Unknown" : `${formatBytes(part)} of ${formatBytes(whole)}`;
  return [
    {
      label: "Version",
      value: orUnknown(runner.version, (version) => <Version of={{ version, revision: runner.revision }} than={own} />),
    },
    { label: "Protocol", value: orUnknown(runner.protocol, (protocol) => protocol) },
    { label: "Driver", value: orUnknown(runner.driver, (driver) => driver) },
    { label: runner.is_reachable ? "Connected since" : "Unreachable since", value: <RelativeTime at={runner.since} /> },
    { label: "Started", value: orUnknown(runner.started_at, (at) => <RelativeTime at={at} />) },
    { label: "Servers connected", value: `${runner.reached_by} of ${runner.reached_by + runner.missed_by}` },
    {
      label: "Projects awake",
      value: awake === null || sandboxes === null ? "Unknown" : `${formatNumber(awake)} of ${formatNumber(sandboxes)}`,
    },
    { label: "Memory in use", value: share(memory_used_bytes, memory_total_bytes) },
    { label: "Disk free", value: share(disk_free_bytes, disk_total_bytes) },
    { label: "Clock", value: <Clock ms={runner.clock_offset_ms} /> },
  ];
}
