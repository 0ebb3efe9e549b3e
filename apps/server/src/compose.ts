import { setTimeout as sleep } from "node:timers/promises";
import type { RuntimeDriver } from "@tesslate/runtime";
import type { ConversationChange } from "./features/agent/chats/index.ts";
import { composeAccounts } from "./compose/accounts.ts";
import { composeAdmin, composeAudit } from "./compose/admin.ts";
import { composeProvisioning, type ProvisioningArea } from "./compose/provisioning.ts";
import { composeBilling } from "./compose/billing.ts";
import { composeBranches } from "./compose/branches.ts";
import { composeChat, type ChatArea } from "./compose/chat.ts";
import { composeCreatorsAndReferrals } from "./compose/creators-and-referrals.ts";
import { composeContainers } from "./compose/containers.ts";
import { composeDeployAccounts } from "./compose/deploy-accounts.ts";
import { composeAccountDeletion } from "./compose/account-deletion.ts";
import { composeDeployments } from "./compose/deployments.ts";
import { composeExternal } from "./compose/external.ts";
import { composeGit, type GitArea } from "./compose/git.ts";
import { composeGitProviders } from "./compose/git-providers.ts";
import { composeAdminOperations } from "./compose/admin-operations.ts";
import { composeHttp } from "./compose/http.ts";
import { composeMarketplace } from "./compose/marketplace.ts";
import { composeModels } from "./compose/models.ts";
import { composePlatform } from "./compose/platform.ts";
import { composePreviews, type PreviewsArea } from "./compose/previews.ts";
import { composeProjects } from "./compose/projects.ts";
import { composeSnapshots, type SnapshotsArea } from "./compose/snapshots.ts";
import { composeStoreListings } from "./compose/store-listings.ts";
import { composeTools } from "./compose/tools.ts";
import { composeWorkspace } from "./compose/workspace.ts";
import type { Config } from "./config.ts";
import type { Sessions } from "./features/accounts/auth/index.ts";
import { watchMemory } from "./features/runtime/containers/index.ts";
import type { HttpServer } from "./http/server.ts";
import { inTurn, type DatabaseHandle } from "./platform/database.ts";
import { migrateJobs, releaseAbandonedJobs, startJobs } from "./platform/jobs.ts";
import { createLogger, type Logger } from "./platform/logger.ts";
import { readMemory } from "./platform/memory.ts";
import { createWhenReachable, isRunnerAway } from "./platform/when-reachable.ts";
import { createWorkContext, type WorkContext } from "./platform/work-context.ts";

/** Replacements that tests inject. */
export interface Swap {
  runtime?: RuntimeDriver;
  log?: Logger;
  /** Whose ids the lines of `log` get. */
  work?: WorkContext;
  /** An existing database instead of the embedded server. */
  database?: { socketDir: string; database: string } | { url: string };
  /** How long work waits for an unreachable database. Default: one minute. */
  longestOutageMs?: number;
  /** Called when another server has claimed the database. */
  onDatabaseLost?: (message: string) => void;
  webDir?: string;
  /** Node script that starts the demo's scripted model server (see `createDemoModel`). Without it there is no demo mode. */
  demoModel?: string;
  /** Node script that makes scheduled backups (`scripts/backup.ts`). */
  backupProgram?: string;
  /** Project templates instead of the bundled ones. */
  templatesDir?: string;
}

export interface Studio {
  http: HttpServer;
  database: DatabaseHandle;
  sessions: Sessions;
  /** For the start-up banner. */
  facts: { driver: string; isolation: string; warnings: readonly string[]; models: string[]; setupToken: string | undefined };
  /** Of one of several servers: hands over streams, runs and projects. Requests are still answered. Then call `close`. */
  drain(): Promise<void>;
  /** Graceful shutdown: streams, runs, sandboxes (left running for the next start), database. */
  close(): Promise<void>;
}

/**
 * The composition root: calls the files of `compose/` in order. Each receives services of earlier ones and returns its own
 * services, routes and jobs as an `Area`; a feature is added in a file of its area and nowhere else (ARCHITECTURE.md lists them). Shutdown
 * runs in reverse order.
 */
export async function compose(config: Config, swap: Swap = {}): Promise<Studio> {
  const work = swap.work ?? createWorkContext();
  const log = swap.log ?? createLogger(config.log.level, undefined, work);
  const closers: (() => Promise<unknown>)[] = [];
  const onClose = (end: () => Promise<unknown>) => void closers.push(end);
  const close = async () => {
    for (const end of closers.reverse()) await end().catch((err: unknown) => log.error({ err }, "close failed"));
    closers.length = 0;
  };
  try {
    return await build();
  } catch (error) {
    await close();
    throw error;
  }

  async function build(): Promise<Studio> {
    const platform = await composePlatform({
      config,
      log,
      work,
      onClose,
      runtime: swap.runtime,
      database: swap.database,
      longestOutageMs: swap.longestOutageMs,
      onDatabaseLost: swap.onDatabaseLost,
    });
    const audit = composeAudit(platform);
    const models = composeModels(platform, audit, { demoModel: swap.demoModel });
    const billing = composeBilling(platform, models);
    const creatorsAndReferrals = composeCreatorsAndReferrals(platform, audit, models, billing);
    const accounts = composeAccounts(platform, audit, {
      onRegistered: [models.agents.onRegistered, creatorsAndReferrals.referrals.onRegistered],
      lockTheme: creatorsAndReferrals.themes.lockUsable,
      offeredBy: creatorsAndReferrals.creators.offered,
    });
    const { secrets } = platform;
    const projects = await composeProjects(platform, { templatesDir: swap.templatesDir });
    const containers = composeContainers(platform, secrets, projects, {
      snapshotData: (...removed) => snapshots.snapshotData(...removed),
      onCrashed: (projectId) => chat.considerRepair(projectId),
    });
    const previews: PreviewsArea = composePreviews(platform, secrets, accounts, projects, containers, {
      onPreviewErrors: (projectId) => chat.considerRepair(projectId),
    });
    const workspace = composeWorkspace(platform, secrets, projects, containers, accounts);
    const gitProviders = composeGitProviders(platform, accounts);
    const storeListings = composeStoreListings(platform, secrets, projects, billing.marketplacePayments);
    const provisioning: ProvisioningArea = await composeProvisioning(
      platform,
      projects,
      containers,
      previews,
      workspace,
      storeListings,
      gitProviders,
      {
        check: (...args) => chat.firstMessages.check(...args),
        keep: (...args) => chat.firstMessages.keep(...args),
        begin: (project) => chat.firstMessages.begin(project),
      },
    );
    const snapshots: SnapshotsArea = composeSnapshots(platform, secrets, projects, containers, workspace, {
      onRestored: (more) => chat.changeConversation(more as ConversationChange),
      commitRestored: (...change) => chat.commitRestored(...change),
    });
    const branches = composeBranches(platform, secrets, projects, workspace, provisioning, snapshots);
    const git: GitArea = composeGit(platform, projects, containers, workspace, provisioning, gitProviders, snapshots, (...args) =>
      chat.writeCommitMessage(...args),
    );
    const deployAccounts = composeDeployAccounts(platform, accounts, projects);
    const tools = await composeTools(platform, secrets, projects, containers, previews, workspace, storeListings);
    const chat: ChatArea = composeChat(
      platform,
      accounts,
      secrets,
      models,
      projects,
      containers,
      workspace,
      snapshots,
      branches,
      git,
      tools,
    );
    const marketplace = composeMarketplace(
      platform,
      audit,
      accounts,
      storeListings,
      projects,
      provisioning,
      chat,
      tools,
      creatorsAndReferrals,
    );
    const deployments = composeDeployments(
      platform,
      secrets,
      projects,
      containers,
      accounts,
      previews,
      provisioning,
      tools,
      deployAccounts,
    );
    const external = composeExternal(platform, secrets, projects, containers, workspace, provisioning, snapshots, chat, deployments);
    const admin = composeAdmin(platform, audit, models, accounts, containers, chat, deployments, {
      backupProgram: swap.backupProgram,
    });
    const accountDeletion = composeAccountDeletion(platform, accounts, projects, containers, provisioning, snapshots, chat, deployments);
    const areas = [
      models,
      billing,
      accounts,
      projects,
      containers,
      previews,
      workspace,
      gitProviders,
      provisioning,
      snapshots,
      branches,
      git,
      deployAccounts,
      tools,
      chat,
      marketplace,
      deployments,
      external,
      accountDeletion,
      admin,
      creatorsAndReferrals,
    ];

    const { database, tasks, several, owners } = platform;
    const seed = async () => {
      await marketplace.seed();
      await models.agents.seed();
      await marketplace.seedExampleRuns();
      await creatorsAndReferrals.themes.seed();
    };
    const whenReachable = createWhenReachable(platform.runtime, log);
    // First, because installing packages takes longest: on a new server, the first project waits for it.
    await Promise.all([
      whenReachable("prepare templates", () =>
        platform.preparation.start(async () => {
          // The agent checks the first app soon after it is written.
          const [first = "", ...others] = await projects.templateImages.order();
          return [first, "browser", ...others];
        }),
      ),
      several
        ? inTurn(database.pool, async () => {
            await seed();
            await migrateJobs(database.pool);
          })
        : seed(),
    ]);

    // Jobs start last, when everything they may call exists.
    await releaseAbandonedJobs(database.db, platform.processId);
    /** Of these, the projects that still belong to this server. */
    const owned = async (projectIds: readonly string[]) => {
      const found: string[] = [];
      for (const id of projectIds) if (await owners.owns(id)) found.push(id);
      return found;
    };
    owners.onTaken((projectIds) =>
      whenReachable("adopt projects", async () => {
        const ids = await owned(projectIds);
        await containers.adopt(ids);
        await workspace.shell.adopt(ids);
      }),
    );
    owners.onReleased(async (projectIds) => {
      workspace.presence.release(projectIds);
      await workspace.shell.release(projectIds);
      await containers.release(projectIds);
    });
    several?.registry.onEnded(() => tasks.reap({ queuedForSeconds: 0 }));
    const jobs = await startJobs({
      pool: database.pool,
      onWorker: several?.registry.recordJobWorker,
      log,
      traces: platform.traces,
      work,
      handlers: Object.fromEntries([platform, ...areas].flatMap((area) => Object.entries(area.jobs ?? {}))),
      cron: Object.fromEntries([platform, ...areas].flatMap((area) => Object.entries(area.cron ?? {}))),
    });
    onClose(() => jobs.close());
    // Without waiting: requests need the project first.
    owners.onTaken(async (projectIds) => {
      void tasks.startQueuedOf(projectIds).catch((err: unknown) => log.error({ err }, "queued tasks of taken projects not started"));
      void whenReachable("start always-on projects", async () => containers.hosting.resume(await owned(projectIds))).catch((err: unknown) =>
        log.error({ err }, "always-on projects not started"),
      );
      void whenReachable("resume deployed programs", async () => deployments.adopt(await owned(projectIds))).catch((err: unknown) =>
        log.error({ err }, "deployed programs not resumed"),
      );
    });
    // Has no jobs, and reports whether they run.
    const adminOperations = composeAdminOperations(
      platform,
      audit,
      models,
      accounts,
      projects,
      containers,
      provisioning,
      chat,
      snapshots,
      jobs,
    );
    await tasks.start(jobs);
    await chat.queue.sweep();
    await whenReachable("reconcile containers", async () => {
      await containers.spares.reconcile();
      await containers.reconcile();
    });
    // Of several servers, each finds them when they are used.
    if (!owners.isOneOfSeveral)
      await whenReachable("find missing files", async () => {
        await projects.projects.findMissing().catch((err: unknown) => {
          if (isRunnerAway(platform.runtime, err)) throw err;
          log.warn({ err }, "files of projects not looked for");
        });
      });
    await whenReachable("continue setups", provisioning.provisioning.reconcile);
    await workspace.shell.reconcile();
    if (!owners.isOneOfSeveral) await whenReachable("start always-on projects", () => containers.hosting.resume());
    await whenReachable("resume deployments", deployments.reconcile);
    await whenReachable("keep spare projects", containers.spares.start);
    const memory = watchMemory({
      ...config.runtime.memory,
      read: readMemory,
      releaseSpare: containers.spares.release,
      idle: containers.idle,
      evict: (projectId) => containers.lifecycle.stopUnattended(projectId, "memory"),
      log,
    });
    onClose(async () => memory.close());

    const { http, facts } = await composeHttp(
      platform,
      { accounts, models, containers, previews, deployments, snapshots, jobs, adminOperations },
      { webDir: swap.webDir },
    );
    for (const area of [...areas, adminOperations]) area.mount(http.mount);

    const { setup } = accounts;
    return {
      http: several
        ? {
            ...http,
            listen: async () => {
              const listening = await http.listen();
              await owners.claimActive();
              await several.registry.serve();
              return listening;
            },
          }
        : http,
      drain: async () => {
        if (!several) return;
        const { drainMs, patienceMs } = config.servers;
        // The load balancer sees that `/ready` fails; until then requests still arrive.
        await several.registry.drain();
        await platform.reporter.report().catch((err: unknown) => log.debug({ err }, "drain not reported"));
        await sleep(drainMs);
        tasks.handOver();
        await http.endStreams();
        // What runs longer is interrupted, and continued elsewhere as far as it can be.
        void sleep(patienceMs, undefined, { ref: false }).then(() => tasks.close());
        await owners.release(2 * patienceMs);
      },
      database,
      sessions: accounts.sessions,
      facts: {
        ...facts,
        models: await models.modelSetup.summary(),
        setupToken: setup.needsToken ? await setup.token() : undefined,
      },
      close,
    };
  }
}
