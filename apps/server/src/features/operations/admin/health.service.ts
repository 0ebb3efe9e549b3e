import type { AdminHealth, HealthCheck, HealthStatus } from "@tesslate/contract";
import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Mail } from "../../../platform/mail.ts";
import { withTimeout } from "../../../platform/with-timeout.ts";
import type { Actor, Audit } from "../../accounts/audit/index.ts";
import type { Finding } from "./health.finding.ts";
import type { ProviderChecks } from "./health.providers.ts";
import type { ServerChecks } from "./health.server.ts";

const checkMs = 3_000;
const worst: readonly HealthStatus[] = ["off", "ok", "warning", "down"];
const titles: Record<HealthCheck["id"], string> = {
  database: "Database",
  jobs: "Background jobs",
  tasks: "Tasks",
  runtime: "Sandboxes",
  models: "Models",
  mail: "Email",
  files: "File storage",
  disk: "Disk",
  memory: "Memory",
};

/** Health checks of all components, with advice. External services are only called on demand. */
export type AdminHealthService = ReturnType<typeof createAdminHealth>;
export function createAdminHealth({
  serverChecks,
  providerChecks,
  audit,
  mail,
  version,
  log,
}: {
  serverChecks: ServerChecks;
  providerChecks: ProviderChecks;
  audit: Audit;
  mail: Pick<Mail, "isOn" | "queue">;
  version: string;
  log: Logger;
}) {
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
  return {
    get: async (): Promise<AdminHealth> => {
      const checks = await Promise.all([
        check("database", serverChecks.database),
        check("jobs", serverChecks.jobs),
        check("tasks", serverChecks.tasks),
        check("runtime", serverChecks.runtime),
        check("models", providerChecks.check),
        check("mail", serverChecks.mail),
        check("files", serverChecks.files),
        check("disk", serverChecks.disk),
        check("memory", serverChecks.memory),
      ]);
      return {
        status: worst[Math.max(...checks.map(({ status }) => worst.indexOf(status)), 1)] ?? "ok",
        checked_at: new Date().toISOString(),
        version,
        uptime_seconds: Math.floor(process.uptime()),
        checks,
        providers: await providerChecks.list().catch(() => []),
      };
    },
    tryProvider: providerChecks.tryProvider,
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
