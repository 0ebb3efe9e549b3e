import type { AdminHealth, HealthCheck, HealthStatus, ProviderHealth } from "@tesslate/contract";
import type { RuntimeDriver } from "@tesslate/runtime";
import { AppError, notFound } from "../../../platform/errors.ts";
import type { HostLoad } from "../../../platform/host-load.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Mail } from "../../../platform/mail.ts";
import { withTimeout } from "../../../platform/with-timeout.ts";
import type { ModelSetup } from "../../agent/models/index.ts";
import type { Actor, Audit } from "../../accounts/audit/index.ts";
import type { WorkStore } from "./work.store.ts";

/** The database connection pool of this process. */
export interface PoolFacts {
  totalCount: number;
  idleCount: number;
  waitingCount: number;
}
type Finding = Pick<HealthCheck, "status" | "summary" | "advice"> & { facts?: [label: string, value: string][] };

const checkMs = 3_000;
const slowQuerySeconds = 60;
const lateJobSeconds = 60;
/** Below this much free space, projects cannot write (packages/runtime). */
const reserveBytes = 512 * 2 ** 20;
const worst: readonly HealthStatus[] = ["off", "ok", "warning", "down"];
const titles: Record<HealthCheck["id"], string> = {
  database: "Database",
  jobs: "Background jobs",
  tasks: "Tasks",
  runtime: "Sandboxes",
  models: "Models",
  mail: "Mail",
  disk: "Disk",
  memory: "Memory",
};

/** Health checks of all components, with advice. External services are only called on demand. */
export type AdminHealthService = ReturnType<typeof createAdminHealth>;
export function createAdminHealth({
  store,
  audit,
  pool,
  checkJobs,
  runtime,
  models,
  mail,
  hostLoad,
  version,
  log,
}: {
  store: WorkStore;
  audit: Audit;
  pool: () => PoolFacts;
  /** Rejects when jobs are no longer picked up. */
  checkJobs: () => Promise<void>;
  runtime: Pick<RuntimeDriver, "name" | "isolation" | "warnings" | "list">;
  models: Pick<ModelSetup, "connected" | "tryConnected" | "state">;
  mail: Pick<Mail, "isOn" | "queue">;
  hostLoad: () => Promise<HostLoad>;
  version: string;
  log: Logger;
}) {
  const trials = new Map<string, NonNullable<ProviderHealth["last_trial"]>>();

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

  const modelsCheck = async (): Promise<Finding> => {
    const [connected, failures, { default_model, demo }] = await Promise.all([models.connected(), store.modelFailures(), models.state()]);
    const facts: Finding["facts"] = [
      ["Connected", connected.map(({ name }) => name).join(", ") || "none"],
      ["Default model", default_model ?? "none"],
      ["Runs failed by a model in 24 hours", String(failures?.n ?? 0)],
      ...(failures?.error ? [["Last error", failures.error] as [string, string]] : []),
    ];
    if (connected.length === 0)
      return {
        status: demo ? "warning" : "down",
        summary: demo
          ? "Demo mode: responses come from a script."
          : "No model provider is connected. Only users with their own API keys can run the agent.",
        advice: "Connect a provider on the home page, or set OPENAI_API_KEY, ANTHROPIC_API_KEY or OLLAMA_BASE_URL.",
        facts,
      };
    if ((failures?.n ?? 0) > 0)
      return {
        status: "warning",
        summary: `${failures?.n === 1 ? "1 run" : `${failures?.n} runs`} failed in the last 24 hours because of a model error.`,
        advice: "Test the providers below to see the provider's error, such as an invalid key or an empty account.",
        facts,
      };
    return { status: "ok", summary: "No model errors in the last 24 hours.", advice: null, facts };
  };

  const mailCheck = async (): Promise<Finding> => {
    if (!mail.isOn)
      return {
        status: "off",
        summary: "No mail server is configured. Emails are kept under Mail, where you can read and forward them.",
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
          advice: "Check the SMTP_ settings and the connection to the mail server, then resend the emails under Mail.",
          facts,
        }
      : { status: "ok", summary: "All emails were sent.", advice: null, facts };
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

  const check = async (id: HealthCheck["id"], work: () => Promise<Finding>): Promise<HealthCheck> => {
    const started = performance.now();
    const found = await withTimeout(checkMs, work()).catch((err: unknown): Finding => {
      log.error({ err, check: id }, "health check failed");
      return {
        status: "down",
        summary: "The check failed or timed out.",
        advice: "See the server log for the reason. If this persists, restart the server.",
      };
    });
    return {
      id,
      title: titles[id],
      status: found.status,
      summary: found.summary,
      advice: found.advice,
      facts: (found.facts ?? []).map(([label, value]) => ({ label, value })),
      duration_ms: Math.round(performance.now() - started),
    };
  };
  const providers = async (): Promise<ProviderHealth[]> => {
    const [connected, answers] = await Promise.all([models.connected(), store.lastAnswers()]);
    return connected.map(({ slug, name }) => ({
      provider: slug,
      name,
      last_ok_at: answers.get(slug) ?? null,
      last_trial: trials.get(slug) ?? null,
    }));
  };

  return {
    get: async (): Promise<AdminHealth> => {
      const checks = await Promise.all([
        check("database", database),
        check("jobs", jobs),
        check("tasks", tasks),
        check("runtime", sandboxes),
        check("models", modelsCheck),
        check("mail", mailCheck),
        check("disk", disk),
        check("memory", memory),
      ]);
      return {
        status: worst[Math.max(...checks.map(({ status }) => worst.indexOf(status)), 1)] ?? "ok",
        checked_at: new Date().toISOString(),
        version,
        uptime_seconds: Math.floor(process.uptime()),
        checks,
        providers: await providers().catch(() => []),
      };
    },
    /** Throws 404, `outbound_refused`. */
    tryProvider: async (slug: string): Promise<ProviderHealth> => {
      const started = performance.now();
      const { ok, message } = await models.tryConnected(slug);
      trials.set(slug, { at: new Date().toISOString(), ok, message, duration_ms: Math.round(performance.now() - started) });
      const found = (await providers()).find(({ provider }) => provider === slug);
      if (!found) throw notFound("Provider");
      return found;
    },
    /** Sends a test email to the administrator. Throws `not_configured`. */
    tryMail: async (actor: Actor): Promise<{ message: string }> => {
      if (!mail.isOn) throw new AppError("not_configured", "No mail server is configured. Set SMTP_HOST and SMTP_SENDER_EMAIL.");
      return audit.change(actor, async ({ tx, users, record }) => {
        const to = users.get(actor.id)?.email ?? "";
        await mail.queue(tx, {
          kind: "notice",
          to,
          subject: "Test email",
          text: "This is a test email from your Tesslate Studio server. Email delivery works.",
          html: "<p>This is a test email from your Tesslate Studio server. Email delivery works.</p>",
        });
        await record({ action: "server.mail_tried", target: { type: "server", id: null, name: "mail" } });
        return { message: `Test email queued for ${to}.` };
      });
    },
  };
}

const percentOf = (part: number, whole: number) => (whole === 0 ? 0 : Math.round((part / whole) * 100));
function sizeOf(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let at = 0;
  for (; value >= 1024 && at < units.length - 1; at++) value /= 1024;
  return `${value >= 100 || at === 0 ? Math.round(value) : value.toFixed(1)} ${units[at]}`;
}
