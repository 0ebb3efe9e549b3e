import { mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { allTools } from "@tesslate/agent";
import { contract } from "@tesslate/contract";
import { createRuntime, reachable, releaseReachable, type RuntimeDriver } from "@tesslate/runtime";
import type { Config } from "./config.ts";
import {
  createApiKeys,
  createApiKeysStore,
  createAttemptsStore,
  createAuth,
  createAuthStore,
  createOauth,
  createOauthStore,
  createProviders,
  createRecovery,
  createRefreshTokens,
  createSessions,
  createSetup,
  createTwoFactor,
  mountAuth,
  type Sessions,
} from "./features/auth/index.ts";
import { createAudit, createAuditStore, mountAdmin } from "./features/admin/index.ts";
import { createAgentContexts, mountAgentContext } from "./features/agent-context/index.ts";
import { createAgents, createAgentsStore, createToolCatalogue, mountAgents, type ToolFacts } from "./features/agents/index.ts";
import {
  createCapabilities,
  createCatalogue,
  createConnections,
  createDemoModel,
  createModelKeys,
  createModelKeysStore,
  createModelChoices,
  createModels,
  createModelsStore,
  createPrices,
  createOwnConnections,
  mountModelKeys,
  mountModels,
} from "./features/models/index.ts";
import {
  createApprovals,
  createQuestions,
  createChat,
  createChatBudget,
  lendRepoMap,
  createChatSocket,
  createChatStore,
  createRewinds,
  createRewindsStore,
  createRunContext,
  createRunsStore,
  createRunTask,
  createSessions as createChatSessions,
  mountChat,
  runType,
  type ConversationChange,
  type RunToolSource,
} from "./features/chat/index.ts";
import {
  createContainers,
  createContainersStore,
  createCreation,
  createCredentialsStore,
  createCredentialsVault,
  createEnvironmentVault,
  createIdlePolicy,
  createLogProblems,
  createInspection,
  createPostgresAccess,
  createPower,
  createRenaming,
  createServiceCatalogue,
  createRestarts,
  createRunningLimit,
  createServices,
  createStarting,
  createStatusKeeper,
  mountContainers,
  previewOrigin,
  reconcile,
  watchMemory,
  type PreviewAddress,
} from "./features/containers/index.ts";
import {
  createConnections as createContainerConnections,
  createConnectionsStore,
  createWiring,
  mountConnections,
} from "./features/connections/index.ts";
import { createPlans, createPlansStore, mountPlans } from "./features/plans/index.ts";
import {
  createPodAccess,
  createPodAccessStore,
  createPreviews,
  createPreviewSite,
  createPreviewsStore,
  createReporting,
  createShareLinks,
  createShares,
  createSharesStore,
  createVisitors,
  mountPodAccess,
  mountPreviews,
} from "./features/previews/index.ts";
import {
  createProjects,
  createProjectsStore,
  createProvisioning,
  createSandboxes,
  createTemplateSource,
  loadTemplates,
  mountProjects,
} from "./features/projects/index.ts";
import { mountSystem } from "./features/system/index.ts";
import {
  createArchiveSource,
  createDownload,
  createFetchRepository,
  createFork,
  createForkSource,
  createGitSource,
  createImport,
  mountTransfer,
  startCommandOf,
  sweepArchives,
} from "./features/transfer/index.ts";
import { createTasks, createTasksStore, mountTasks } from "./features/tasks/index.ts";
import { attachmentTools, createAttachments, createAttachmentsStore, mountAttachments } from "./features/attachments/index.ts";
import { createAssets, createAssetsStore, mountAssets } from "./features/assets/index.ts";
import {
  createAnnounce,
  createFiles,
  createFileSearch,
  createFilesWatch,
  createFileUpload,
  mountFiles,
  type OnFilesChanged,
} from "./features/files/index.ts";
import {
  createPasswords,
  createUsers,
  createUsersStore,
  mountUsers,
  type OnEmailChanged,
  type OnRegistered,
} from "./features/users/index.ts";
import { createExternal, createWebhooks, createWebhooksStore, mountExternal } from "./features/external/index.ts";
import { createGraphLending } from "./features/graph/index.ts";
import { createHosting, createHostingStore, mountHosting } from "./features/hosting/index.ts";
import { createCredits, createCreditsStore, mountCredits } from "./features/credits/index.ts";
import { createMcp, createMcpLending, createMcpSignIns, createMcpStore, createMcpVault, mountMcp } from "./features/mcp/index.ts";
import { createMcpEndpoint, fileTools, mountMcpEndpoint, projectTools, runTools } from "./features/mcp-endpoint/index.ts";
import { createKanban, createKanbanStore, mountKanban } from "./features/kanban/index.ts";
import { createNotes, createNotesStore, mountNotes } from "./features/notes/index.ts";
import { createQueue, createQueueStore, mountQueue } from "./features/queue/index.ts";
import {
  createRedactions,
  createSecrets,
  createSecretsStore,
  createSecretVault,
  hiddenValues,
  mountSecrets,
  requestSecretTool,
} from "./features/secrets/index.ts";
import {
  createCheckpoints,
  createProjectDatabases,
  createPruning,
  createRestoreGuard,
  createRestoring,
  createSnapshots,
  createSnapshotsStore,
  createTaking,
  createTreeAccess,
  mountSnapshots,
} from "./features/snapshots/index.ts";
import { createCassettes, createCassettesStore, mountCassettes } from "./features/cassettes/index.ts";
import { createChangeSets, createChangesStore, createTurns, mountChanges } from "./features/changes/index.ts";
import { createRepairs, createRepairsStore } from "./features/repairs/index.ts";
import { createShell, createShellStore, mountShell } from "./features/shell/index.ts";
import {
  createChecks,
  createEvidence,
  createEvidenceStore,
  createVerification,
  mountEvidence,
  runChecksFacts,
} from "./features/verify/index.ts";
import { createWebTools } from "./features/web/index.ts";
import { createHttpServer, type HttpServer } from "./http/server.ts";
import { createBus } from "./platform/bus.ts";
import { createCryptoBox, loadSecretKey } from "./platform/crypto.ts";
import { connectDatabase, migrateDatabase, type DatabaseHandle } from "./platform/database.ts";
import { createEventLog } from "./platform/events.ts";
import { startJobs } from "./platform/jobs.ts";
import { createLogger, type Logger } from "./platform/logger.ts";
import { createMail } from "./platform/mail.ts";
import { readMemory } from "./platform/memory.ts";
import { createOutbound, hostEntry } from "./platform/outbound.ts";
import { findPostgresPrograms, holdDataDir, startEmbeddedPostgres } from "./platform/postgres.ts";
import { announceProcess } from "./platform/presence.ts";
import { createRateLimiter } from "./platform/rate-limit.ts";
import { loadSealingKeys } from "./platform/sealing-keys.ts";
import { createServerSettings } from "./platform/server-settings.ts";
import { version } from "./version.ts";

/** What tests put in the place of the real thing. */
export interface Swap {
  runtime?: RuntimeDriver;
  log?: Logger;
  /** A database that is already there, instead of the embedded server. */
  database?: { socketDir: string; database: string } | { url: string };
  webDir?: string;
  /** A script for Node that starts the demo's scripted model server (see `createDemoModel`). Without it there is no demo. */
  demoModel?: string;
  /** Project templates instead of the bundled ones. */
  templatesDir?: string;
}

export interface Studio {
  http: HttpServer;
  database: DatabaseHandle;
  sessions: Sessions;
  /** For the start-up banner. */
  facts: { driver: string; isolation: string; warnings: readonly string[]; models: string[]; setupToken: string | undefined };
  /** Orderly end: streams, runs, sandboxes (left for the next start to adopt), database. */
  close(): Promise<void>;
}

/** The composition root: builds everything in reading order. The only file that knows every constructor. */
export async function compose(config: Config, swap: Swap = {}): Promise<Studio> {
  const log = swap.log ?? createLogger(config.log.level);
  const closers: (() => Promise<unknown>)[] = [];
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
    // Platform
    const dataDir = resolve(config.dataDir);
    await mkdir(dataDir, { recursive: true });
    closers.push(await holdDataDir(dataDir));
    const secretKey = await loadSecretKey(config.auth.secretKey?.reveal(), dataDir);
    const box = createCryptoBox(secretKey, await loadSealingKeys(config, dataDir));
    const given = swap.database ?? (config.database.url ? { url: config.database.url.reveal() } : undefined);
    const embedded = given ? undefined : await startEmbeddedPostgres({ dataDir, reach: reachable, release: releaseReachable, log });
    if (embedded) closers.push(() => embedded.stop());
    const database = connectDatabase(given ?? { socketDir: embedded?.socketDir ?? "" }, log);
    closers.push(() => database.close());
    await migrateDatabase(database, log);
    const { db } = database;
    const isShared = config.database.url !== undefined;
    const presence = await announceProcess(db, database.connection, log);
    closers.push(() => presence.close());
    const bus = await createBus(database.pool, database.connection, log);
    closers.push(() => bus.close());
    const events = createEventLog({ db, bus, log, isShared, processId: presence.id });
    closers.push(() => events.close());
    const settings = createServerSettings({ db, bus, box });
    const limits = createRateLimiter({ db, factor: config.http.rateLimitFactor });
    const ca = config.outbound.caFile === undefined ? undefined : await readFile(config.outbound.caFile, "utf8");
    const outbound = createOutbound({
      allowHosts: [...config.outbound.allowHosts, ...modelHosts(config), ...providerHosts(config), ...searchHosts(config)],
      ...(ca && { ca }),
    });
    closers.push(() => outbound.close());
    const mail = createMail({ config: config.mail, box, log });
    closers.push(() => mail.close());

    // Runtime
    const postgresPrograms = await findPostgresPrograms();
    const runtime =
      swap.runtime ??
      (await createRuntime({
        driver: config.runtime.driver,
        dataDir,
        docker: config.runtime.docker,
        ...(postgresPrograms !== undefined && { programs: { postgres: postgresPrograms } }),
        log,
      }));
    closers.push(() => runtime.close({ leaveRunning: true }));

    // Features
    const tasks = createTasks({ db, store: createTasksStore(db), events, bus, log, processId: presence.id, isShared });
    closers.push(() => tasks.close());
    /** What a new account starts with, done in the transaction that creates it. */
    const onRegistered: OnRegistered[] = [];
    const onEmailChanged: OnEmailChanged[] = [];
    const modelKeysStore = createModelKeysStore(db);
    const ownConnections = createOwnConnections({
      store: modelKeysStore,
      box,
      tiers: config.billing.isOn ? config.billing.byokTiers : undefined,
      log,
    });
    const modelsStore = createModelsStore(db);
    const modelCatalogue = createCatalogue({ outbound, log });
    const capabilities = createCapabilities({ store: modelsStore, catalogue: modelCatalogue, outbound, log });
    const models = createModels({
      config: config.models,
      settings,
      store: modelsStore,
      connections: createConnections({ config: config.models, settings }),
      own: ownConnections,
      catalogue: modelCatalogue,
      capabilities,
      typicalRun: (userId) => credits.typicalRun(userId),
      prices: createPrices({ file: config.models.pricesFile, log }),
      outbound,
      demo: swap.demoModel === undefined ? undefined : createDemoModel({ command: [process.execPath, swap.demoModel], log }),
    });
    closers.push(() => models.close());
    const agents = createAgents({
      store: createAgentsStore(db),
      features: {
        streaming: config.features.streaming,
        web_search: config.web.isOn,
        plan_mode: config.features.planMode,
        subagents: config.features.subagents,
        apply_patch: config.features.applyPatch,
      },
    });
    onRegistered.push(agents.onRegistered);
    const passwords = createPasswords();
    const authStore = createAuthStore(db);
    const sessions = createSessions({
      store: authStore,
      tokens: createRefreshTokens(box),
      bus,
      log,
      lifetimeMs: config.auth.refreshTokenMs,
    });
    const users = createUsers({
      store: createUsersStore(db),
      passwords,
      sessions,
      limits,
      onRegistered,
      onEmailChanged,
      hasTwoFactor: mail.isOn,
    });
    const setup = createSetup({ users, settings, box, isOpen: isPrivate(config) });
    const apiKeys = createApiKeys({ store: createApiKeysStore(db), bus, log });
    const twoFactor = createTwoFactor({ store: createAttemptsStore(db), users, mail, limits, box, config: config.auth.twoFactor });
    const auth = createAuth({
      store: authStore,
      users,
      sessions,
      passwords,
      setup,
      limits,
      box,
      config: config.auth,
      log,
      twoFactor,
      apiKeys,
    });
    const audit = createAudit({ store: createAuditStore(db), limits });
    const { appBaseUrl } = config.http;
    const recovery = createRecovery({ db, store: authStore, users, sessions, passwords, mail, limits, box, appBaseUrl, log });
    onRegistered.push(recovery.onRegistered);
    onEmailChanged.push(recovery.onEmailChanged);
    const oauth = createOauth({
      providers: createProviders({ config: config.auth.oauth, outbound }),
      store: createOauthStore(db),
      users,
      sessions,
      setup,
      box,
      log,
    });
    const address = addressOf(config);
    const vault = createEnvironmentVault({ box });
    const containersStore = createContainersStore(db);
    const credentialsVault = createCredentialsVault({ box });
    const credentialsStore = createCredentialsStore(db);
    const catalogue = createServiceCatalogue({ runtime });
    const connectionsStore = createConnectionsStore(db);
    const wiring = createWiring({
      store: connectionsStore,
      containers: containersStore,
      credentials: credentialsStore,
      vault,
      credentialsVault,
      runtime,
    });
    const secretsStore = createSecretsStore(db);
    const secretVault = createSecretVault({ store: secretsStore, box });
    const mcpStore = createMcpStore(db);
    const mcpVault = createMcpVault({ box });
    /** Everything with values that must not be seen says so here. */
    const redactions = createRedactions({
      bus,
      log,
      sources: [
        async (projectId) => hiddenValues(await secretVault.open(projectId)),
        async (projectId) => (await containersStore.listAll(projectId)).flatMap((row) => hiddenValues(vault.open(row))),
        async (projectId) => (await credentialsStore.listAll(projectId)).flatMap((row) => hiddenValues(credentialsVault.open(row))),
        async (projectId) => (await mcpStore.listHidden(projectId)).flatMap((row) => hiddenValues(mcpVault.secretsOf(row))),
      ],
    });
    tasks.hideWith(redactions.redact);
    const templates = await loadTemplates(swap.templatesDir);
    const projectsStore = createProjectsStore(db);
    const projects = createProjects({
      store: projectsStore,
      sandboxes: createSandboxes({ runtime, log }),
      events,
      diskBytes: config.projects.diskBytes,
      maxRunning: config.projects.maxRunning,
      isShared,
      log,
    });
    const keeper = createStatusKeeper({ store: containersStore, events, redactions, address, log });
    const idle = createIdlePolicy({
      freezeMs: config.runtime.idleFreezeMs,
      stopMs: config.runtime.idleStopMs,
      canFreeze: runtime.can.freeze,
      sandbox: projects.peekSandbox,
      restOf: projects.restOf,
      log,
    });
    closers.push(async () => idle.close());
    projects.onUse(idle.activity);
    idle.onHeld((projectId) =>
      projects.used(projectId).catch((err: unknown) => log.warn({ err, project_id: projectId }, "activity not noted")),
    );
    const restarts = createRestarts({
      backoff: config.runtime.backoff,
      isKept: async (projectId) => (await projects.find(projectId))?.is_deployed ?? false,
      log,
    });
    closers.push(async () => restarts.close());
    const services = createServices({
      store: containersStore,
      projects,
      keeper,
      idle,
      restarts,
      vault,
      secrets: secretVault,
      redactions,
      catalogue,
      wiring,
      commandOf: startCommandOf,
      runtime,
      address,
      log,
    });
    const running = createRunningLimit({ projects, idle });
    const starting = createStarting({ store: containersStore, services, wiring, keeper });
    const power = createPower({
      store: containersStore,
      projects,
      tasks,
      services,
      starting,
      idle,
      running,
      restarts,
      runtime,
      address,
      log,
    });
    const hosting = createHosting({ store: createHostingStore(db), projects, power, limits: config.projects, log });
    const creation = createCreation({
      store: containersStore,
      credentials: credentialsStore,
      projects,
      keeper,
      templates,
      catalogue,
      tasks,
      vault,
      credentialsVault,
      redactions,
      events,
      address,
    });
    const containers = createContainers({
      store: containersStore,
      credentials: credentialsStore,
      projects,
      power,
      services,
      wiring,
      vault,
      credentialsVault,
      redactions,
      events,
      address,
    });
    const renaming = createRenaming({ store: containersStore, containers, projects, power, services, wiring, events, address, log });
    const connections = createContainerConnections({
      access: { require: projects.require, markStale: containersStore.markStale },
      store: connectionsStore,
      events,
    });
    const secrets = createSecrets({
      access: { require: projects.require, markStale: async (projectId) => void (await containersStore.markStale(projectId)) },
      store: secretsStore,
      vault: secretVault,
      redactions,
      events,
    });
    const previewsStore = createPreviewsStore(db);
    const assetsStore = createAssetsStore(db);
    const { insertFirst } = creation;
    const diskBytesOf = async (userId: string) => config.projects.diskBytes[await projectsStore.tierOf(userId)];
    /** Archives and repositories that wait for the setup of their project. */
    const arrivals = join(dataDir, "arrivals");
    await sweepArchives(arrivals);
    const provisioning = createProvisioning({
      store: projectsStore,
      projects,
      sources: {
        template: createTemplateSource({ projects, templates, insertFirst, runtime, log }),
        archive: createArchiveSource({ dir: arrivals, projects, insertFirst, diskBytesOf }),
        git: createGitSource({
          projects,
          fetchRepository: createFetchRepository({ dir: arrivals, outbound, log, ...(ca && { ca }) }),
          insertFirst,
          diskBytesOf,
        }),
        fork: createForkSource({
          projects,
          templates,
          runtime,
          copyContainers: creation.copyAll,
          copyCanvas: [
            (tx, from, to, copies) => previewsStore.copyAll(tx, from.id, to.id, copies),
            (tx, from, to, copies) => connectionsStore.copyAll(tx, from.id, to.id, copies),
            (tx, from, to) => assetsStore.copyAll(tx, from.id, to.id),
          ],
        }),
      },
      shutDown: power.shutDown,
      maxProjects: config.projects.maxCount,
      templates,
      checkRepository: outbound.check,
      tasks,
      log,
    });
    const sharesStore = createSharesStore(db);
    const shareLinks = createShareLinks({ store: sharesStore, box, address, bus, log });
    const previews = createPreviews({
      store: previewsStore,
      projects,
      containers,
      events,
      address,
      linksEnded: shareLinks.ended,
    });
    const shares = createShares({ store: sharesStore, previews, containers, links: shareLinks, address });
    const visitors = createVisitors({ tickets: authStore, sessions, shares: shareLinks, box, address });
    const podAccess = createPodAccess({
      store: createPodAccessStore(db),
      authenticate: auth.authenticator.authenticate,
      visitors,
      containers,
      projects,
      address,
      log,
    });
    const onPreviewErrors: ((projectId: string) => void)[] = [];
    const previewSite = createPreviewSite({
      containers,
      projects,
      power,
      services,
      keeper,
      idle,
      visitors,
      reporting: createReporting({ events, redactions, onErrors: (projectId) => onPreviewErrors.forEach((hear) => hear(projectId)) }),
      address,
      appOrigin: new URL(config.http.appBaseUrl).origin,
      trustProxy: config.http.trustProxy,
      log,
    });

    const watch = createFilesWatch({ events, log });
    closers.push(async () => watch.close());
    const logProblems = createLogProblems({ store: containersStore, onServiceState: projects.onServiceState, events, redactions, log });
    closers.push(async () => logProblems.close());
    /** What keeps an eye on files. */
    const onFilesChanged: OnFilesChanged[] = [];
    const announce = createAnnounce({ projects, events, watch, onChanged: onFilesChanged });
    const files = createFiles({ projects, announce });
    const assets = createAssets({ store: assetsStore, projects, announce });
    onFilesChanged.push(assets.follow);
    const kanban = createKanban({ store: createKanbanStore(db), projects, events });
    const notes = createNotes({ store: createNotesStore(db), projects, events });
    const shell = createShell({
      access: {
        require: projects.require,
        sandboxOf: projects.sandboxOf,
        awake: idle.awake,
        hold: idle.hold,
        activity: (projectId) => {
          void projects.used(projectId).catch((err: unknown) => log.warn({ err, project_id: projectId }, "activity not noted"));
        },
        listContainers: (projectId) => containersStore.listAll(projectId),
        environmentOf: services.environmentOf,
        redactor: redactions.live,
      },
      store: createShellStore(db),
      limits: config.shell,
      log,
      processId: presence.id,
    });
    closers.push(() => shell.close());
    projects.onRelease(({ project_id, container_id }) =>
      container_id ? shell.closeContainer(container_id) : shell.closeProject(project_id),
    );

    const databases = createProjectDatabases({ postgresOf: createPostgresAccess({ store: containersStore, services }), log });
    const snapshotsStore = createSnapshotsStore(db);
    const trees = createTreeAccess({ projects, runtime });
    const taking = createTaking({
      store: snapshotsStore,
      trees,
      databases,
      events,
      tasks,
      limits: config.snapshots,
      scratchDir: join(dataDir, "dumps"),
    });
    const checkpoints = createCheckpoints({ store: snapshotsStore, trees, events, log });
    const onRestored: ((more: unknown) => Promise<void>)[] = [];
    const restoring = createRestoring({
      store: snapshotsStore,
      trees,
      taking,
      checkpoints,
      databases,
      power: { stopAll: power.stopProject, running: power.running, startAgain: power.startAgain },
      tasks,
      onTreeReplaced: [assets.reconcile],
      onRestored,
      log,
    });
    const snapshots = createSnapshots({
      store: snapshotsStore,
      projects,
      trees,
      taking,
      restoring,
      maxPerProject: config.snapshots.maxPerProject,
    });
    const pruning = createPruning({ store: snapshotsStore, projects, runtime, retentionMs: config.snapshots.retentionMs, log });
    projects.onRelease(pruning.release);

    const credits = createCredits({ store: createCreditsStore(db), isBilled: config.billing.isOn });
    /** Whoever lends tools to the agent's runs adds itself here. */
    const toolSources: RunToolSource[] = [];
    /** What they lend, for the agent editor. */
    const lendable: ToolFacts[] = [];
    const mcpHiddenChanged = async ({ user_id, project_id }: { user_id: string; project_id: string | null }) => {
      for (const id of project_id === null ? await mcpStore.projectsOf(user_id) : [project_id]) await redactions.changed(id);
    };
    const signIns = createMcpSignIns({
      store: mcpStore,
      vault: mcpVault,
      outbound,
      redirectUrl: `${appBaseUrl}/api/mcp/oauth/callback`,
      tokensChanged: mcpHiddenChanged,
      log,
    });
    const mcpShared = { store: mcpStore, vault: mcpVault, signIns, outbound, mcp: config.mcp, version };
    const mcp = createMcp({ ...mcpShared, projects, keepAwake: idle.keepAwake, hiddenChanged: mcpHiddenChanged, limits, log });
    toolSources.push(createMcpLending({ ...mcpShared, redactions }));
    // What a model asks for reaches what the operator named for that, not the operator's model servers.
    const webOutbound = createOutbound({ allowHosts: config.outbound.allowHosts, ...(ca && { ca }) });
    closers.push(() => webOutbound.close());
    const web = createWebTools({ outbound: webOutbound, searchOutbound: outbound, search: config.web.search });
    toolSources.push(web.source);
    lendable.push(...web.tools);
    const cassettes = createCassettes({ store: createCassettesStore(db), isOn: config.agent.recordsCassettes });
    const evidenceStore = createEvidenceStore(db);
    const evidence = createEvidence({ store: evidenceStore, redactions });
    toolSources.push(createChecks({ evidence, store: evidenceStore, listContainers: containers.listAll }));
    lendable.push(runChecksFacts);
    const verification = await createVerification({
      config: config.verify,
      dataDir,
      evidence,
      site: previewSite,
      address,
      listContainers: containers.listAll,
      passFor: visitors.passFor,
      log,
    });
    closers.push(() => verification.close());
    toolSources.push(verification.source);
    lendable.push(...verification.tools);
    const graph = createGraphLending({ projects, containers, creation, power, connections, previews, shell });
    toolSources.push(graph.source);
    lendable.push(...graph.tools);
    toolSources.push(lendRepoMap);
    const chatStore = createChatStore(db);
    const runsStore = createRunsStore(db);
    const approvals = createApprovals({ store: runsStore, chats: chatStore, bus, timeoutMs: config.agent.approvalTimeoutMs });
    const questions = createQuestions({ approvals, chats: chatStore, setSecret: secrets.set });
    toolSources.push(async ({ project }) => ({ tools: [requestSecretTool(() => secretsStore.listKeys(db, project.id))] }));
    const attachments = createAttachments({ db, store: createAttachmentsStore(db), box, projects, log });
    toolSources.push(async ({ project, chat_id }) => ({
      tools: attachmentTools({
        attached: await attachments.listOfChat(chat_id),
        bytesOf: attachments.bytesOf,
        redact: (text) => redactions.redact(project.id, text),
      }),
    }));
    const chat = createChat({
      store: chatStore,
      runs: runsStore,
      tasks,
      events,
      agents,
      models,
      attachments,
      credits,
      projects,
      refuseWhileRestoring: createRestoreGuard(snapshotsStore),
    });
    const repairs = createRepairs({ store: createRepairsStore(db), projects, start: chat.start, events, limits: config.repairs, log });
    closers.push(async () => repairs.close());
    onPreviewErrors.push(repairs.consider);
    projects.onRelease(async ({ project_id, container_id, reason }) => {
      if (reason === "deleted" && container_id === undefined) await chat.stopRunsOf(project_id);
    });
    const rewindsStore = createRewindsStore(db);
    const rewinds = createRewinds({
      store: rewindsStore,
      chats: chatStore,
      ownChat: chat.ownChat,
      projects,
      points: {
        checkpointOf: snapshotsStore.findCheckpointOf,
        keep: (project, facts) => checkpoints.keep(project, { kind: "restore", ...facts }),
        restore: async (project, userId, { id, label }, more) =>
          (
            await restoring.begin(project, userId, {
              point: `checkpoint/${id}`,
              label,
              name: `checkpoint-${id.slice(0, 8)}`,
              checkpoint_id: id,
              safety_snapshot: false,
              more,
            })
          ).task,
      },
    });
    onRestored.push((more) => rewinds.apply(more as ConversationChange));
    const queue = createQueue({ store: createQueueStore(db), chats: chatStore, chat, events, log });
    const plans = createPlans({ store: createPlansStore(db), chats: chatStore, chat, events });
    if (config.features.planMode) {
      toolSources.push(plans.lend);
      lendable.push(...plans.tools);
    }
    const chatSessions = createChatSessions({
      store: chatStore,
      runs: runsStore,
      approvals,
      tasks,
      projects,
      lastRewind: rewindsStore.findLast,
      onMessagesGone: attachments.sweep,
    });
    const chatSocket = createChatSocket({ chat, approvals, questions, events });
    const changesStore = createChangesStore(db);
    const turns = createTurns({ store: changesStore, checkpoints, trees, projects, log });
    const changes = createChangeSets({
      store: changesStore,
      turns,
      trees,
      projects,
      redactorOf: redactions.of,
      announce,
      refuseWhileRestoring: createRestoreGuard(snapshotsStore),
    });
    const webhooks = createWebhooks({ store: createWebhooksStore(db), box, outbound, backoffMs: config.webhooks.backoffMs, log });
    closers.push(() => webhooks.close());
    const external = createExternal({ chat, pendingApproval: approvals.openOf, webhooks, limits, follow: tasks.follow });
    const runTask = webhooks.watch(
      createRunTask({
        store: runsStore,
        chats: chatStore,
        approvals,
        questions,
        agents,
        models,
        credits,
        events,
        around: {
          projects,
          keepAwake: idle.keepAwake,
          expectChange: watch.expect,
          beforeTurn: turns.begin,
          afterTurn: turns.end,
          redactor: redactions.live,
          attachmentBytes: attachments.bytesOf,
          record: cassettes.around,
          toolSources,
          takeSteering: queue.take,
          followTodos: plans.followTodos,
          afterRun: async (chatId) => {
            await queue.afterRun(chatId);
            await repairs.afterRun(chatId);
          },
          previewUrl: (hostLabel) => previewOrigin(address, hostLabel),
        },
        resume: chat.resume,
        limits: config.agent,
        log,
      }),
    );
    tasks.define(runType, runTask);

    await agents.seed();

    // Jobs start last: everything they may call exists.
    const jobs = await startJobs({
      pool: database.pool,
      log,
      handlers: {
        ...tasks.jobHandlers,
        advance_queues: queue.sweep,
        ...auth.jobHandlers,
        ...recovery.jobHandlers,
        ...mail.jobHandlers,
        ...credits.jobHandlers,
        ...podAccess.jobHandlers,
        ...pruning.jobHandlers,
        ...attachments.jobHandlers,
        ...webhooks.jobHandlers,
      },
      cron: {
        reap_tasks: "* * * * *",
        advance_queues: "* * * * *",
        prune_tasks: "*/10 * * * *",
        prune_sessions: "17 * * * *",
        prune_pod_access: "41 3 * * *",
        refresh_credits: "0 * * * *",
        prune_snapshots: "23 4 * * *",
        prune_attachments: "37 * * * *",
        sweep_webhooks: "* * * * *",
      },
    });
    closers.push(() => jobs.close());
    await tasks.start(jobs);
    await queue.sweep();
    await reconcile({ runtime, projects, facts: projectsStore, store: containersStore, keeper, services, processId: presence.id, log });
    await renaming.reconcile();
    await provisioning.reconcile();
    await shell.reconcile();
    await hosting.resume();
    const memory = watchMemory({
      ...config.runtime.memory,
      read: readMemory,
      idle,
      evict: (projectId) => power.putToRest(projectId, "memory"),
      log,
    });
    closers.push(async () => memory.close());

    // Front door
    const http = await createHttpServer({
      config: config.http,
      log,
      auth: auth.authenticator,
      preview: previewSite,
      contract,
      version,
      webDir: swap.webDir,
    });
    closers.push(() => http.close());
    closers.push(async () => previewSite.close());
    const { mount } = http;
    const inspection = createInspection({ containers, projects, services, redactions, outbound, address });
    const search = createFileSearch({ projects, keepAwake: idle.keepAwake });
    mountSystem(mount, {
      facts: {
        version,
        driver: runtime.name,
        isolation: runtime.isolation,
        warnings: runtime.warnings,
        appHost: config.http.appHost,
        previewDomain: config.http.previewDomain,
        isDemo: models.isDemo,
        hasMail: mail.isOn,
        hasTwoFactor: mail.isOn,
        hasGoogle: oauth.isAvailable("google"),
        hasGitHub: oauth.isAvailable("github"),
      },
      checks: { database: () => database.pool.query("select 1"), jobs: () => jobs.check(), runtime: () => runtime.list() },
      setup: async () => ({ isRequired: await setup.isRequired(), needsToken: setup.needsToken }),
    });
    mountAuth(mount, { auth, recovery, oauth, sessions, apiKeys, config: config.auth, appBaseUrl });
    mountPodAccess(mount, {
      podAccess,
      secret: config.auth.ingressSecret?.reveal(),
      emailOf: async (userId) => (await users.find(userId))?.email,
    });
    mountUsers(mount, { users });
    mountModels(mount, { models, choices: createModelChoices({ models, store: modelsStore, capabilities, agents, credits }) });
    mountModelKeys(mount, {
      keys: createModelKeys({ store: modelKeysStore, own: ownConnections, box, outbound, tryOut: models.tryOut }),
    });
    mountTasks(mount, {
      tasks,
      resolveProject: async (userId, ref) => (await projects.require(userId, ref)).id,
    });
    mountProjects(mount, {
      projects,
      provisioning,
      verbs: power,
      statusOf: services.status,
      templates,
      events,
      deploymentMode: runtime.name,
      // Whoever follows a project from its first moment on sees its files appear once there is a tree to watch.
      watchFiles: (project, signal) =>
        void projects
          .whenSetUp(project.id, signal)
          .then((row) => {
            if (!row || row.environment_status === "setup_failed") return;
            watch.follow(row.id, () => projects.sandboxOf(row), signal);
            logProblems.follow(row.id, () => projects.sandboxOf(row), signal);
          })
          .catch((err: unknown) => log.warn({ err, project_id: project.id }, "files not watched")),
    });
    mountHosting(mount, { hosting });
    mountContainers(mount, {
      containers,
      creation,
      renaming,
      inspection,
      catalogue,
      power,
      address,
    });
    mountConnections(mount, { connections });
    mountExternal(mount, { external });
    mountAttachments(mount, { attachments });
    mountChat(mount, {
      chat,
      sessions: chatSessions,
      approvals,
      questions,
      rewinds,
      socket: chatSocket,
      budget: createChatBudget({ store: chatStore, agents, models, credits, projects, limits: config.agent }),
    });
    mountMcp(mount, { mcp, signIns, isSecure: config.auth.cookie.secure });
    mountMcpEndpoint(mount, {
      endpoint: createMcpEndpoint({
        tools: [
          ...projectTools({
            projects: { list: projects.list, get: projects.get, require: projects.require, create: provisioning.create },
            containers,
            power,
            inspection,
            snapshots,
          }),
          ...fileTools({ projects, files, search, redactions }),
          ...runTools({ external, chat }),
        ],
        limits,
        version,
      }),
      appBaseUrl,
    });
    mountPlans(mount, { plans });
    mountQueue(mount, { queue });
    mountCassettes(mount, { cassettes });
    mountChanges(mount, { changes });
    mountAgents(mount, { agents, catalogue: createToolCatalogue([...allTools, ...lendable]) });
    mountAgentContext(mount, {
      contexts: createAgentContexts({ projects, files }),
      ofRun: createRunContext({ store: runsStore, chats: chatStore, ownRun: chat.ownRun }),
    });
    mountPreviews(mount, { projects, containers, previews, shares, visitors, address });
    mountCredits(mount, { credits });
    mountKanban(mount, { kanban });
    mountNotes(mount, { notes });
    mountFiles(mount, {
      files,
      search,
      upload: createFileUpload({ projects, announce }),
    });
    mountAssets(mount, { assets });
    mountTransfer(mount, {
      download: createDownload({ projects }),
      importArchive: createImport({ dir: arrivals, provisioning, diskBytesOf }),
      fork: createFork({ projects, provisioning }),
    });
    mountEvidence(mount, { evidence });
    mountSecrets(mount, { secrets });
    mountShell(mount, { shell });
    mountSnapshots(mount, { snapshots });
    mountAdmin(mount, { audit });

    return {
      http,
      database,
      sessions,
      facts: {
        driver: runtime.name,
        isolation: runtime.isolation,
        warnings: runtime.warnings,
        models: await models.summary(),
        setupToken: setup.needsToken ? await setup.token() : undefined,
      },
      close,
    };
  }
}

/** What the operator names as a model's address may be reached, wherever it is; and the usual place of an Ollama. */
const modelHosts = ({ models }: Config): string[] =>
  [models.openai.baseUrl, models.anthropic.baseUrl, models.google.baseUrl, models.ollama.baseUrl ?? "", "http://localhost:11434"].flatMap(
    (url) => hostEntry(url) ?? [],
  );

/** The providers people sign in with, wherever the operator says they are. */
const providerHosts = ({ auth: { oauth } }: Config): string[] =>
  [oauth.google.issuer, oauth.github.baseUrl, oauth.github.apiUrl].flatMap((url) => hostEntry(url) ?? []);

const searchHosts = ({ web: { search } }: Config): string[] => (search ? [hostEntry(search.baseUrl) ?? ""] : []);

/** Only this machine reaches the server: it listens on loopback, goes by a local name and no proxy stands in front. */
const isPrivate = ({ http }: Config): boolean =>
  http.isLoopbackOnly &&
  !http.trustProxy &&
  (http.appHost === "localhost" || http.appHost.endsWith(".localhost") || /^127\.|^\[?::1\]?$/.test(http.appHost));

/** Where previews are served: scheme and port are the app's, the domain is another site. */
const addressOf = ({ http }: Config): PreviewAddress => {
  const { protocol, port } = new URL(http.appBaseUrl);
  return { scheme: protocol === "https:" ? "https" : "http", domain: http.previewDomain, port };
};
