import { setTimeout as sleep } from "node:timers/promises";
import type { AdminRunner, AdminServer, AdminServers, ServerState } from "@tesslate/contract";
import { readReport, type RunnerView, type ServerReport, type ServerReporter } from "../../../platform/servers/index.ts";
import { findServerProblems } from "./server-problems.ts";
import type { ServersStore, StoredServer } from "./servers.store.ts";

const sendEveryMs = 5_000;

interface Reported {
  server: AdminServer;
  report: ServerReport | undefined;
  reportedAt: Date | null;
}

/** The servers and runners of the installation, from what each server reports of itself. */
export type AdminServersService = ReturnType<typeof createAdminServers>;
export function createAdminServers({
  store,
  reporter,
  isOneOfSeveral,
  leaseMs,
  version,
  isAdministrator,
}: {
  store: ServersStore;
  reporter: Pick<ServerReporter, "id" | "startedAt" | "latest">;
  isOneOfSeveral: boolean;
  /** How long a server may be silent before others take its projects. */
  leaseMs: number;
  version: string;
  /** Rechecked before every update of a stream. */
  isAdministrator: (userId: string) => Promise<boolean>;
}) {
  const several = async (): Promise<Reported[]> =>
    (await store.list(leaseMs)).map((row) => {
      const report = readReport(row.report);
      return {
        server: presentServer(row, report, { state: stateOf(row, report, leaseMs), isThis: row.id === reporter.id }),
        report,
        reportedAt: row.reported_at,
      };
    });
  const sole = async (): Promise<Reported[]> => {
    const [{ report, at }, runs] = await Promise.all([reporter.latest(), store.countRuns()]);
    const { id, startedAt } = reporter;
    const row = { id, version, started_at: startedAt, heartbeat_at: at, reported_at: at, runs, address: null, projects: null };
    return [{ server: presentServer(row, report, { state: "serving", isThis: true }), report, reportedAt: at }];
  };

  const get = async (): Promise<AdminServers> => {
    const [now, all] = await Promise.all([store.now(), isOneOfSeveral ? several() : sole()]);
    const servers = all.map(({ server }) => server);
    const living = all.filter(({ server }) => server.state !== "lost");
    const runners = presentRunners(living);
    const pods = living.findLast(({ report }) => report !== undefined)?.report?.pods ?? [];
    return { checked_at: now.toISOString(), problems: findServerProblems({ servers, runners, pods }), servers, runners, pods };
  };
  return {
    get,
    /** Yields all servers now and every few seconds. Ends when the watcher is no longer an administrator. */
    async *follow(userId: string, signal: AbortSignal): AsyncIterable<{ seq: number; type: "servers"; data: AdminServers }> {
      for (let seq = 1; !signal.aborted; seq++) {
        if (!(await isAdministrator(userId))) return;
        yield { seq, type: "servers", data: await get() };
        await sleep(sendEveryMs, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

function stateOf({ ended_at, silent_ms, accepts_projects }: StoredServer, report: ServerReport | undefined, leaseMs: number): ServerState {
  if (ended_at !== null) return "lost";
  // A server that starts has a longer lease, which it does not renew.
  if (silent_ms > leaseMs / 2) return "late";
  if (accepts_projects) return "serving";
  return report?.is_draining ? "draining" : "starting";
}

function presentServer(
  row: Pick<StoredServer, "id" | "version" | "started_at" | "heartbeat_at" | "reported_at" | "runs"> & {
    address: string | null;
    projects: number | null;
  },
  report: ServerReport | undefined,
  { state, isThis }: { state: ServerState; isThis: boolean },
): AdminServer {
  return {
    id: row.id,
    address: row.address,
    is_this_server: isThis,
    state,
    version: row.version,
    revision: report?.revision ?? null,
    host: report?.host ?? null,
    pid: report?.pid ?? null,
    started_at: row.started_at.toISOString(),
    heartbeat_at: row.heartbeat_at.toISOString(),
    projects: row.projects,
    runs: row.runs,
    measured_at: report ? (row.reported_at?.toISOString() ?? null) : null,
    clock_offset_ms: report?.clock_offset_ms ?? null,
    memory_bytes: report?.memory_bytes ?? null,
    memory_total_bytes: report?.memory_total_bytes ?? null,
    cpu_percent: report?.cpu_percent ?? null,
    event_loop_delay_ms: report?.event_loop_delay_ms ?? null,
    streams: report?.streams ?? null,
    sockets: report?.sockets ?? null,
  };
}

/** Each runner once, as the server sees it that reported last, preferably one that is connected. */
function presentRunners(servers: readonly Reported[]): AdminRunner[] {
  const views = new Map<string, { view: RunnerView; at: number }[]>();
  for (const { report, reportedAt } of servers)
    if (report?.runner) {
      const known = views.get(report.runner.address) ?? [];
      known.push({ view: report.runner, at: reportedAt?.getTime() ?? 0 });
      views.set(report.runner.address, known);
    }
  return Array.from(views, ([address, seen]) => {
    const latest = seen.toSorted((a, b) => Number(b.view.is_connected) - Number(a.view.is_connected) || b.at - a.at);
    const { view } = latest[0] as { view: RunnerView };
    // A server that has never reached it does not know them.
    const known = latest.find((one) => one.view.version !== null)?.view;
    const reachedBy = seen.filter((one) => one.view.is_connected).length;
    const machine = latest.find((one) => one.view.is_connected && one.view.machine)?.view.machine;
    const lastError = seen
      .flatMap((one) => one.view.last_error ?? [])
      .toSorted((a, b) => b.at - a.at)
      .at(0);
    return {
      address,
      version: known?.version ?? null,
      revision: known?.revision ?? null,
      protocol: known?.protocol ?? null,
      driver: known?.driver ?? null,
      is_reachable: reachedBy > 0,
      reached_by: reachedBy,
      missed_by: seen.length - reachedBy,
      since: new Date(view.since).toISOString(),
      last_error: lastError
        ? { at: new Date(lastError.at).toISOString(), message: lastError.message, is_permanent: lastError.is_permanent === true }
        : null,
      started_at: machine ? new Date(machine.started_at).toISOString() : null,
      clock_offset_ms: machine?.clock_offset_ms ?? null,
      sandboxes: machine?.sandboxes ?? null,
      awake: machine?.awake ?? null,
      memory_used_bytes: roundOf(machine?.memory_used_bytes),
      memory_total_bytes: roundOf(machine?.memory_total_bytes),
      disk_free_bytes: roundOf(machine?.disk_free_bytes),
      disk_total_bytes: roundOf(machine?.disk_total_bytes),
    };
  });
}

const roundOf = (bytes: number | null | undefined): number | null => (bytes === null || bytes === undefined ? null : Math.round(bytes));
