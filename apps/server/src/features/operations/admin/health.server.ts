import type { RuntimeDriver } from "@tesslate/runtime";
import type { HostLoad } from "../../../platform/host-load.ts";
import type { Mail } from "../../../platform/mail.ts";
import type { ObjectStore } from "../../../platform/objects/index.ts";
import type { Finding } from "./health.finding.ts";
import type { WorkStore } from "./work.store.ts";

/** The database connection pool of this process. */
export interface PoolFacts {
  totalCount: number;
  idleCount: number;
  waitingCount: number;
}
const slowQuerySeconds = 60;
const lateJobSeconds = 60;
/** Below this much free space, projects cannot write (packages/runtime). */
const reserveBytes = 512 * 2 ** 20;

export type ServerChecks = ReturnType<typeof createServerChecks>;
/** Checks of this server's own components. */
export function createServerChecks({
  store,
  pool,
  checkJobs,
  runtime,
  mail,
  objects,
  hostLoad,
}: {
  store: WorkStore;
  pool: () => PoolFacts;
  /** Rejects when jobs are no longer picked up. */
  checkJobs: () => Promise<void>;
  runtime: Pick<RuntimeDriver, "name" | "isolation" | "warnings" | "list" | "runner">;
  mail: Pick<Mail, "isOn">;
  objects: Pick<ObjectStore, "kind" | "address" | "check">;
  hostLoad: () => Promise<HostLoad>;
}) {
  const database = async (): Promise<Finding> => {
    const started = performance.now();
    const { version: server, bytes, connections, max_connections, longest_seconds } = await store.database();
    const { totalCount, idleCount, waitingCount } = pool();
    const facts: Finding["facts"] = [
      ["Version", `PostgreSQL ${server}`],
      ["Size", sizeOf(bytes)],
      ["Connections", `${connections} of ${max_connections}`],
      ["This server's pool", `${totalCount - idleCount} busy, ${idleCount} idle, ${waitingCount} waiting`],
      ["Longest running query", `${longest_seconds} s`],
      ["Response time", `${Math.round(performance.now() - started)} ms`],
    ];
    if (connections > max_connections * 0.9)
      return {
        status: "warning",
        summary: `Almost all connections are in use: ${connections} of ${max_connections}.`,
        advice: "Raise max_connections, or find the client that keeps connections open.",
        facts,
      };
    if (longest_seconds > slowQuerySeconds)
      return {
        status: "warning",
        summary: `A query has been running for ${longest_seconds} s.`,
        advice: "Check pg_stat_activity, and cancel the query with pg_cancel_backend if it is unwanted.",
        facts,
      };
    if (waitingCount > 0)
      return {
        status: "warning",
        summary: `${waitingCount} requests are waiting for a connection.`,
        advice: "This is usually temporary. If it persists, give the database more CPU or memory.",
        facts,
      };
    return { status: "ok", summary: "The database responds.", advice: null, facts };
  };

  const jobs = async (): Promise<Finding> => {
    const { waiting, running, failing, dead, oldest_seconds, last_error } = await store.jobCounts();
    const facts: Finding["facts"] = [
      ["Waiting", String(waiting)],
      ["Running", String(running)],
      ["Failed, retrying", String(failing)],
      ["Failed permanently", String(dead)],
      ...(last_error === null ? [] : [["Last error", last_error] as [string, string]]),
    ];
    try {
      await checkJobs();
    } catch {
      return {
        status: "down",
        summary: "Jobs are not running. Emails, clean-up and queued work are waiting.",
        advice: "Restart the server. The log has the reason.",
        facts,
      };
    }
    if (dead > 0)
      return {
        status: "warning",
        summary: `${dead === 1 ? "1 job has" : `${dead} jobs have`} failed permanently.`,
        advice: "See the errors under Jobs below, and retry the jobs once the cause is fixed.",
        facts,
      };
    if (oldest_seconds > lateJobSeconds)
      return {
        status: "warning",
        summary: `A job has been due for ${oldest_seconds} s without being started.`,
        advice: "The server may be overloaded. If this persists, restart it.",
        facts,
      };
    return { status: "ok", summary: "Jobs start on time.", advice: null, facts };
  };

  const tasks = async (): Promise<Finding> => {
    const counts = await store.taskCounts();
    const { running = 0, queued = 0, failed = 0, stuck = 0 } = counts ?? {};
    const facts: Finding["facts"] = [
      ["Running", String(running)],
      ["Queued", String(queued)],
      ["Failed in 24 hours", String(failed)],
    ];
    return stuck > 0
      ? {
          status: "warning",
          summary: `${stuck === 1 ? "1 task has" : `${stuck} tasks have`} been waiting to start for more than a minute.`,
          advice: "Tasks are started by background jobs. If those are healthy, restart the server.",
          facts,
        }
      : { status: "ok", summary: "Tasks start on time.", advice: null, facts };
  };

  const sandboxes = async (): Promise<Finding> => {
    const runner = await runtime.runner?.();
    if (runner && !runner.isConnected)
      return {
        status: "down",
        summary: `The runner has not been reachable since ${new Date(runner.since).toISOString()}.${runner.lastError ? ` ${runner.lastError.message}` : ""}`,
        advice: runner.lastError?.isPermanent
          ? "Waiting doesn't help: correct what the message names. The server connects without a restart."
          : "Check the runner's process, its machine and the network to it. The server reconnects automatically.",
        facts: [["Runner", runner.address]],
      };
    const known = await runtime.list();
    const up = known.filter(({ services }) => services.some(({ state }) => state === "running" || state === "starting")).length;
    const facts: Finding["facts"] = [
      ["Driver", runtime.name],
      ["Isolation", runtime.isolation],
      ["Sandboxes", `${known.length}, ${up} running`],
    ];
    return runtime.isolation === "full"
      ? { status: "ok", summary: "Projects are fully isolated.", advice: null, facts }
      : {
          status: "warning",
          summary: runtime.warnings.join(" ") || "Projects are not fully isolated from this host.",
          advice: "Until this is fixed, only let trusted users create projects.",
          facts,
        };
  };

  const mailCheck = async (): Promise<Finding> => {
    if (!mail.isOn)
      return {
        status: "off",
        summary: "No mail server is configured. Emails are kept under Email, where you can read and forward them.",
        advice: "Set SMTP_HOST and SMTP_SENDER_EMAIL to send email.",
      };
    const { waiting, postponed, failed, last_error } = await store.emailCounts();
    const facts: Finding["facts"] = [
      ["Waiting", String(waiting)],
      ["Failed, retrying", String(postponed)],
      ["Failed permanently", String(failed)],
      ...(last_error === null ? [] : [["Last error", last_error] as [string, string]]),
    ];
    return postponed + failed > 0
      ? {
          status: "warning",
          summary: `${postponed + failed === 1 ? "1 email" : `${postponed + failed} emails`} could not be sent.`,
          advice: "Check the SMTP_ settings and the connection to the mail server, then resend the emails under Email.",
          facts,
        }
      : { status: "ok", summary: "All emails were sent.", advice: null, facts };
  };

  const files = async (): Promise<Finding> => {
    const facts: Finding["facts"] = [["Stored in", objects.kind === "folder" ? "the data folder" : objects.address]];
    try {
      await objects.check();
      return { status: "ok", summary: "Files of the server can be written, read and deleted.", advice: null, facts };
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return {
        status: "down",
        summary: "The file storage doesn't work. Deployed sites, imports and exports fail.",
        advice:
          objects.kind === "folder"
            ? "Check that the data folder is writable and has free space."
            : "Check OBJECTS_S3_*, the bucket and the rights of the access key. ./studio doctor tests them.",
        facts: [...facts, ["Error", cause instanceof Error ? cause.message : String(cause)]],
      };
    }
  };

  const disk = async (): Promise<Finding> => {
    const { disk_used_bytes, disk_total_bytes } = await hostLoad();
    const free = disk_total_bytes - disk_used_bytes;
    const facts: Finding["facts"] = [
      ["Free", sizeOf(free)],
      ["Total", sizeOf(disk_total_bytes)],
    ];
    if (free < reserveBytes)
      return {
        status: "down",
        summary: `Only ${sizeOf(free)} free. Projects cannot write until space is freed.`,
        advice: "Delete unused projects or snapshots, or use a larger disk for the data folder.",
        facts,
      };
    if (free < disk_total_bytes * 0.1)
      return {
        status: "warning",
        summary: `The disk is ${percentOf(disk_used_bytes, disk_total_bytes)} % full.`,
        advice: "Sort projects by size to find the largest.",
        facts,
      };
    return { status: "ok", summary: `${sizeOf(free)} free.`, advice: null, facts };
  };

  const memory = async (): Promise<Finding> => {
    const { memory_used_bytes, memory_total_bytes, server_memory_bytes, load, cpus } = await hostLoad();
    const facts: Finding["facts"] = [
      ["In use", `${sizeOf(memory_used_bytes)} of ${sizeOf(memory_total_bytes)}`],
      ["Server process", sizeOf(server_memory_bytes)],
      ["Load", `${load.map((mean) => mean.toFixed(2)).join(", ")} on ${cpus} CPUs`],
    ];
    return memory_used_bytes > memory_total_bytes * 0.9
      ? {
          status: "warning",
          summary: `Memory is ${percentOf(memory_used_bytes, memory_total_bytes)} % full. Idle projects are stopped to free memory.`,
          advice: "See Sandboxes for memory use per project.",
          facts,
        }
      : { status: "ok", summary: "Enough memory is available.", advice: null, facts };
  };

  return { database, jobs, tasks, runtime: sandboxes, mail: mailCheck, files, disk, memory };
}

const percentOf = (part: number, whole: number) => (whole === 0 ? 0 : Math.round((part / whole) * 100));
function sizeOf(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let at = 0;
  for (; value >= 1024 && at < units.length - 1; at++) value /= 1024;
  return `${value >= 100 || at === 0 ? Math.round(value) : value.toFixed(1)} ${units[at]}`;
}
