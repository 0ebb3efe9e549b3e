import { Counter, Gauge } from "prom-client";
import type { AdminServers } from "@tesslate/contract";
import type { RuntimeDriver, ServiceState } from "@tesslate/runtime";
import type { HostLoad } from "../../../platform/host-load.ts";
import type { Measurements } from "../../../platform/measurements.ts";
import type { ServerReport } from "../../../platform/servers/index.ts";
import type { SystemStore } from "./system.store.ts";

export interface PrometheusSources {
  measurements: Pick<Measurements, "registry">;
  store: SystemStore;
  pool: { totalCount: number; idleCount: number; waitingCount: number };
  runtime: Pick<RuntimeDriver, "list" | "find">;
  /** Ready spare projects by template. */
  spares: () => ReadonlyMap<string, number>;
  hostLoad: () => Promise<HostLoad>;
  /** All servers of the installation. */
  servers: () => Promise<Pick<AdminServers, "servers">>;
  /** What this server measured of itself. */
  ownReport: () => Promise<Pick<ServerReport, "clock_offset_ms" | "runner" | "pods">>;
  /** Of the last backup; an age of Infinity when there was none. */
  backup: () => Promise<{ ageSeconds: number; projectsWithoutFiles: number }>;
  /** `undefined`: snapshots are not copied. */
  copies: (() => Promise<{ waiting: number; waitingSeconds: number; newestAgeSeconds: number | null }>) | undefined;
  /** Projects whose next copy is due. `undefined`: copies are made of snapshots that people take. */
  dueCopies: (() => Promise<{ waiting: number; waitingSeconds: number }>) | undefined;
}

/** The state that decides for the sandbox, most active first; without services it is `stopped`. */
const states: readonly ServiceState["status"][] = ["running", "starting", "frozen", "failed", "stopped"];

/** `/metrics`: what this process measured, and gauges of the database, the runtime and the host that are read at each scrape. */
export type PrometheusMetrics = ReturnType<typeof createPrometheusMetrics>;
export function createPrometheusMetrics({
  measurements: { registry },
  store,
  pool,
  runtime,
  spares,
  hostLoad,
  servers,
  ownReport,
  backup,
  copies,
  dueCopies,
}: PrometheusSources) {
  const registers = [registry];
  const gauge = (name: string, help: string, labelNames: string[] = []) => new Gauge({ name, help, labelNames, registers });
  const poolUse = gauge("database_pool_connections", "Connections to the database by state", ["state"]);
  const waiting = gauge("database_pool_waiting", "Queries waiting for a connection");
  const tasks = gauge("studio_tasks", "Queued and running long operations by type", ["type", "status"]);
  const jobs = gauge("studio_jobs", "Background jobs by state", ["state"]);
  const oldestJob = gauge("studio_jobs_oldest_seconds", "How long the oldest due background job has been waiting");
  const mail = gauge("studio_mail_waiting", "Email that was not sent yet");
  const sandboxes = gauge("studio_sandboxes", "Sandboxes by the state of their most active container", ["state"]);
  const spareProjects = gauge("studio_spare_projects", "Started projects that wait for an owner", ["template"]);
  const memory = gauge("studio_sandboxes_memory_bytes", "Memory of all awake sandboxes");
  const cpu = new Counter({
    name: "studio_sandboxes_cpu_seconds_total",
    help: "CPU time of awake sandboxes, as sampled by scrapes",
    registers,
  });
  const diskFree = gauge("studio_disk_free_bytes", "Free space on the disk of DATA_DIR");
  const diskSize = gauge("studio_disk_size_bytes", "Size of the disk of DATA_DIR");
  const backupAge = gauge("studio_backup_age_seconds", "Time since the last backup was made; infinite when there was none");
  const withoutFiles = gauge("studio_backup_projects_without_files", "Projects whose files are not in the last backup");
  const copiesWaiting = gauge("studio_snapshot_copies_waiting", "Snapshots that wait for their copy");
  const copiesWaitingSeconds = gauge("studio_snapshot_copies_waiting_seconds", "How long the first of these snapshots has been waiting");
  const copyAge = gauge("studio_snapshot_copy_age_seconds", "Age of the newest copy of a snapshot; infinite when there is none");
  const projectsWaiting = gauge("studio_project_copies_waiting", "Projects with changes whose copy is due");
  const projectsWaitingSeconds = gauge("studio_project_copies_waiting_seconds", "How long the first of these copies has been due");
  const serverCounts = gauge("studio_servers", "Servers of this installation by version and state", ["version", "state"]);
  const clock = gauge("studio_server_clock_offset_seconds", "Clock of this server minus the database's");
  const runnerUp = gauge("studio_runner_up", "Whether this server is connected to its runner", ["driver"]);
  const runnerInfo = gauge("studio_runner_info", "Always 1", ["version", "protocol"]);
  const runnerDiskFree = gauge("studio_runner_disk_free_bytes", "Free space on the disk of the runner's DATA_DIR");
  const runnerDiskSize = gauge("studio_runner_disk_size_bytes", "Size of the disk of the runner's DATA_DIR");
  const pods = gauge("studio_pods", "Pods of projects by state", ["state"]);
  const up = gauge("studio_source_up", "Whether a metrics source responded", ["source"]);

  const read = async (source: string, work: () => Promise<void>) => {
    try {
      await work();
      up.set({ source }, 1);
    } catch {
      up.set({ source }, 0);
    }
  };
  /** CPU seconds of each awake sandbox at the previous scrape. */
  let spent = new Map<string, number>();
  const readSandboxes = async () => {
    const all = await runtime.list();
    const stateOf = ({ services }: (typeof all)[number]) =>
      states.find((state) => services.some((one) => one.state === state)) ?? "stopped";
    const awake = all.filter((one) => ["running", "starting"].includes(stateOf(one)));
    const usages = await Promise.all(
      awake.map(async ({ id }) => {
        const usage = await (await runtime.find(id))?.usage().catch(() => undefined);
        return usage && { id, ...usage };
      }),
    );
    const known = usages.filter((one) => one !== undefined);
    for (const state of states) sandboxes.set({ state }, all.filter((one) => stateOf(one) === state).length);
    spareProjects.reset();
    for (const [template, n] of spares()) spareProjects.set({ template }, n);
    memory.set(known.reduce((sum, one) => sum + one.memoryBytes, 0));
    // After a restart of the sandbox its time begins at zero.
    for (const { id, cpuSeconds } of known) cpu.inc(Math.max(0, cpuSeconds - (spent.get(id) ?? cpuSeconds)));
    spent = new Map(known.map(({ id, cpuSeconds }) => [id, cpuSeconds]));
  };
  const readServers = async () => {
    const [all, { clock_offset_ms, runner, pods: groups }] = await Promise.all([servers(), ownReport()]);
    for (const one of [serverCounts, runnerUp, runnerInfo, pods]) one.reset();
    // Absent, not zero, while the runner is not connected.
    for (const one of [runnerDiskFree, runnerDiskSize]) one.remove();
    for (const { version, state } of all.servers) serverCounts.inc({ version, state });
    clock.set(clock_offset_ms / 1000);
    for (const { state, count } of groups) pods.inc({ state }, count);
    if (!runner) return;
    runnerUp.set({ driver: runner.driver ?? "unknown" }, runner.is_connected ? 1 : 0);
    if (runner.version !== null && runner.protocol !== null) runnerInfo.set({ version: runner.version, protocol: runner.protocol }, 1);
    const { disk_free_bytes, disk_total_bytes } = runner.machine ?? {};
    if (typeof disk_free_bytes === "number") runnerDiskFree.set(disk_free_bytes);
    if (typeof disk_total_bytes === "number") runnerDiskSize.set(disk_total_bytes);
  };
  return {
    contentType: registry.contentType,
    /** The metrics in Prometheus text format. A failed source is reported by `studio_source_up`. */
    text: async (): Promise<string> => {
      poolUse.set({ state: "idle" }, pool.idleCount);
      poolUse.set({ state: "busy" }, pool.totalCount - pool.idleCount);
      waiting.set(pool.waitingCount);
      await Promise.all([
        read("runtime", readSandboxes),
        read("host", async () => {
          const { disk_used_bytes, disk_total_bytes } = await hostLoad();
          diskSize.set(disk_total_bytes);
          diskFree.set(disk_total_bytes - disk_used_bytes);
        }),
        read("snapshot copies", async () => {
          const [found, due] = await Promise.all([copies?.(), dueCopies?.()]);
          projectsWaiting.set(due?.waiting ?? 0);
          projectsWaitingSeconds.set(due?.waitingSeconds ?? 0);
          copiesWaiting.set(found?.waiting ?? 0);
          copiesWaitingSeconds.set(found?.waitingSeconds ?? 0);
          copyAge.set(found?.newestAgeSeconds ?? Number.POSITIVE_INFINITY);
        }),
        read("servers", readServers),
        read("backups", async () => {
          const { ageSeconds, projectsWithoutFiles } = await backup();
          backupAge.set(ageSeconds);
          withoutFiles.set(projectsWithoutFiles);
        }),
        read("database", async () => {
          const numbers = await store.numbers();
          tasks.reset();
          for (const { type, status, count } of numbers.tasks) tasks.set({ type, status }, count);
          const { oldest_seconds, ...counts } = numbers.jobs;
          for (const [state, count] of Object.entries(counts)) jobs.set({ state }, count);
          oldestJob.set(oldest_seconds);
          mail.set(numbers.mailWaiting);
        }),
      ]);
      return registry.metrics();
    },
  };
}
