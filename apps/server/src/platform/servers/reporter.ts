import { randomUUID } from "node:crypto";
import os from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import type { RunnerReport, RuntimeDriver } from "@tesslate/runtime";
import type { Database } from "../database.ts";
import type { Logger } from "../logger.ts";
import type { Measurements } from "../measurements.ts";
import { readMemory } from "../memory.ts";
import { createProcessLoad } from "../process-load.ts";
import type { ServerRegistry } from "./registry.ts";
import type { RunnerView, ServerReport } from "./server-report.ts";

/** Measures this server and its runner every few seconds. One of several stores that, so that the others can show it without asking it. */
export interface ServerReporter {
  /** Of this server: its id among several. */
  readonly id: string;
  readonly startedAt: Date;
  /** The last report, and when it was made. Makes the first one. */
  latest(): Promise<{ report: ServerReport; at: Date }>;
  /** Measures and stores now. */
  report(): Promise<void>;
  close(): Promise<void>;
}

const reportEveryMs = 5_000;
const maxPodGroups = 50;

export function startServerReporter({
  db,
  registry,
  runtime,
  measurements,
  revision,
  log,
}: {
  db: Database;
  /** Undefined: this is the only server. */
  registry: Pick<ServerRegistry, "id" | "isDraining"> | undefined;
  runtime: Pick<RuntimeDriver, "runner" | "pods">;
  measurements: Pick<Measurements, "open">;
  revision: string | undefined;
  log: Logger;
}): ServerReporter {
  const load = createProcessLoad();
  const closing = new AbortController();
  let known: { report: ServerReport; at: Date } | undefined;

  const measure = async (): Promise<ServerReport> => {
    const [clockOffsetMs, runner] = await Promise.all([readClockOffset(db), runtime.runner?.()]);
    const { memory_bytes, cpu_percent, event_loop_delay_ms } = load.read();
    const { streams, sockets } = measurements.open();
    return {
      host: os.hostname().slice(0, 255),
      pid: process.pid,
      revision: revision ?? null,
      is_draining: registry?.isDraining === true,
      clock_offset_ms: clockOffsetMs,
      memory_bytes,
      memory_total_bytes: Math.round(readMemory()?.totalBytes ?? os.totalmem()),
      cpu_percent,
      event_loop_delay_ms,
      streams,
      sockets,
      runner: runner ? viewOf(runner, clockOffsetMs) : null,
      pods: (runtime.pods?.() ?? [])
        .slice(0, maxPodGroups)
        .map(({ image, ...group }) => ({ ...group, image: image?.slice(0, 500) ?? null })),
    };
  };
  const store = async (report: ServerReport): Promise<void> => {
    if (!registry) return;
    await db.execute(
      sql`insert into server_reports (server_id, report, reported_at)
        select id, ${JSON.stringify(report)}::jsonb, now() from servers where id = ${registry.id} and ended_at is null
        on conflict (server_id) do update set report = excluded.report, reported_at = excluded.reported_at`,
    );
  };
  let reporting: Promise<void> | undefined;
  const report = (): Promise<void> => {
    reporting ??= (async () => {
      known = { report: await measure(), at: new Date() };
      await store(known.report);
    })().finally(() => (reporting = undefined));
    return reporting;
  };
  const stopped = (async () => {
    // Others read the reports of this server. The only one measures when it is asked.
    while (registry && !closing.signal.aborted) {
      await report().catch((err: unknown) => closing.signal.aborted || log.debug({ err }, "server not measured"));
      await sleep(reportEveryMs, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
    }
  })();

  return {
    id: registry?.id ?? randomUUID(),
    startedAt: new Date(Date.now() - process.uptime() * 1000),
    latest: async () => {
      if (!known || (!registry && Date.now() - known.at.getTime() >= reportEveryMs)) await report();
      if (!known) throw new Error("this server was not measured");
      return known;
    },
    report,
    close: async () => {
      closing.abort();
      await stopped;
      load.close();
    },
  };
}

/** This process's clock minus the database's, in milliseconds; as exact as half of a round trip. */
async function readClockOffset(db: Database): Promise<number> {
  const sent = Date.now();
  const { rows } = await db.execute<{ now: number }>(sql`select extract(epoch from clock_timestamp())::float8 * 1000 as now`);
  return Math.round((sent + Date.now()) / 2 - (rows[0]?.now ?? Date.now()));
}

function viewOf(
  { address, isConnected, since, lastError, version, revision, protocol, driver, machine }: RunnerReport,
  own: number,
): RunnerView {
  return {
    address: address.slice(0, 500),
    is_connected: isConnected,
    since,
    last_error: lastError ? { at: lastError.at, message: lastError.message.slice(0, 500), is_permanent: lastError.isPermanent } : null,
    version: version?.slice(0, 100) ?? null,
    revision: revision?.slice(0, 100) ?? null,
    protocol: protocol ? `${protocol.major}.${protocol.minor}` : null,
    driver: driver ?? null,
    machine: machine
      ? {
          started_at: machine.startedAt,
          clock_offset_ms: own + machine.clockOffsetMs,
          sandboxes: machine.sandboxes,
          awake: machine.awake,
          memory_used_bytes: machine.memoryUsedBytes ?? null,
          memory_total_bytes: machine.memoryTotalBytes ?? null,
          disk_free_bytes: machine.diskFreeBytes ?? null,
          disk_total_bytes: machine.diskTotalBytes ?? null,
        }
      : null,
  };
}
