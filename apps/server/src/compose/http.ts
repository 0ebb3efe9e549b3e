import { contract } from "@tesslate/contract";
import type { RuntimeDriver } from "@tesslate/runtime";
import { readLastBackup } from "../features/operations/backup/index.ts";
import { checkDisk, createPrometheusMetrics, createSystemStore, mountSystem } from "../features/operations/system/index.ts";
import { createHttpServer, type HttpServer } from "../http/server.ts";
import { readHostLoad } from "../platform/host-load.ts";
import { AppError } from "../platform/errors.ts";
import type { Jobs } from "../platform/jobs.ts";
import { version } from "../version.ts";
import type { AdminOperationsArea } from "./admin-operations.ts";
import type { AccountsArea } from "./accounts.ts";
import type { ContainersArea } from "./containers.ts";
import type { DeploymentsArea } from "./deployments.ts";
import type { ModelsArea } from "./models.ts";
import type { Platform } from "./platform.ts";
import type { PreviewsArea } from "./previews.ts";
import type { SnapshotsArea } from "./snapshots.ts";

/** The HTTP server with the routes that describe the server itself. Those of the areas are mounted afterwards. */
export async function composeHttp(
  { config, log, onClose, database, runtime, idempotency, port, traces, measurements, work, mail, dataDir, several, reporter }: Platform,
  {
    accounts: { auth, setup, oauth, passkeys },
    models,
    containers,
    previews,
    deployments,
    snapshots: { snapshotCopies, dueCopies },
    jobs,
    adminOperations,
  }: {
    accounts: AccountsArea;
    containers: Pick<ContainersArea, "spares">;
    models: ModelsArea;
    previews: PreviewsArea;
    deployments: DeploymentsArea;
    snapshots: Pick<SnapshotsArea, "snapshotCopies" | "dueCopies">;
    jobs: Jobs;
    adminOperations: AdminOperationsArea;
  },
  { webDir }: { webDir: string | undefined },
): Promise<{ http: HttpServer; facts: { driver: string; isolation: string; warnings: readonly string[] } }> {
  const metrics = createPrometheusMetrics({
    measurements,
    store: createSystemStore(database.db),
    pool: database.pool,
    runtime,
    spares: containers.spares.counts,
    hostLoad: () => readHostLoad(dataDir),
    servers: adminOperations.servers.get,
    ownReport: async () => (await reporter.latest()).report,
    backup: async () => {
      const last = await readLastBackup(dataDir);
      return { ageSeconds: last ? (Date.now() - last.at) / 1000 : Infinity, projectsWithoutFiles: last?.projectsWithoutFiles ?? 0 };
    },
    copies: snapshotCopies.isOn ? snapshotCopies.numbers : undefined,
    dueCopies: dueCopies?.numbers,
  });
  const http = await createHttpServer({
    config: config.http,
    log,
    auth: auth.authenticator,
    idempotency,
    preview: deployments.otherSites,
    contract,
    version,
    webDir,
    port,
    watch: { traces, measurements, work },
    several,
  });
  onClose(() => http.close());
  onClose(async () => previews.previewSite.close());
  const describeRuntime = () => ({ driver: runtime.name, isolation: runtime.isolation, warnings: runtime.warnings });
  mountSystem(http.mount, {
    facts: {
      runtime: describeRuntime,
      version,
      appHost: config.http.appHost,
      previewDomain: config.http.previewDomain,
      isDemo: models.isDemo,
      isBilled: config.billing.isOn,
      hasStripe: config.billing.stripe !== undefined,
      hasMail: mail.isOn,
      hasTwoFactor: mail.isOn,
      hasGoogle: oauth.isAvailable("google"),
      hasGitHub: oauth.isAvailable("github"),
      oidcName: oauth.isAvailable("oidc") ? config.auth.oauth.oidc.name : null,
      hasLandingPage: config.http.hasLandingPage,
      signUp: config.auth.signUp.mode,
      hasPasskeys: passkeys.isAvailable,
    },
    checks: {
      database: { check: () => database.pool.query("select 1") },
      jobs: { check: () => jobs.check() },
      ...(several && {
        server: {
          check: async () => {
            if (!several.registry.acceptsProjects) throw new AppError("unavailable", "This server is starting or stopping.");
          },
        },
      }),
      // Without a runner, everything that needs no project works: no load balancer should take the servers away for it.
      runtime: runtime.runner ? { check: () => checkRunner(runtime), isRequired: false } : { check: () => runtime.list({ isBrief: true }) },
      disk: { check: () => checkDisk(dataDir) },
    },
    metrics,
    metricsToken: config.metrics.token?.reveal(),
    setup: async () => ({ isRequired: await setup.isRequired(), needsToken: setup.needsToken, hasAccounts: await setup.hasAccounts() }),
  });
  return { http, facts: describeRuntime() };
}

/** Does not wait for the runner: it is connected or not. Why is for administrators, in Admin → Servers. */
async function checkRunner(runtime: Pick<RuntimeDriver, "runner">): Promise<void> {
  const report = await runtime.runner?.();
  if (report && !report.isConnected)
    throw new AppError("runtime_unavailable", `The runner has not been reachable since ${new Date(report.since).toISOString()}.`);
}
