import {
  createAdminAgents,
  createAdminAgentsStore,
  createAdminHealth,
  createAdminProjects,
  createAdminProjectsStore,
  createAdminRuns,
  createAdminRunsStore,
  createAdminSandboxes,
  createAdminServers,
  createAdminTrends,
  createAdminWork,
  createAdminMetrics,
  createProjectSizes,
  createProviderChecks,
  createServerChecks,
  createServersStore,
  createSetupSteps,
  createTrendsStore,
  createMetricsStore,
  createWorkStore,
  mountAdminMetrics,
  mountAdminOperations,
  type AdminServersService,
} from "../features/operations/admin/index.ts";
import { configuredProviders, isPrivate } from "../features/accounts/auth/index.ts";
import { describeSignUp, signUpProblem } from "../features/accounts/users/index.ts";
import { type Audit } from "../features/accounts/audit/index.ts";
import { createSearch, createSearchStore, mountSearch } from "../features/operations/search/index.ts";
import { readHostLoad } from "../platform/host-load.ts";
import type { Jobs } from "../platform/jobs.ts";
import { version } from "../version.ts";
import type { AccountsArea } from "./accounts.ts";
import type { Area } from "./area.ts";
import type { ProvisioningArea } from "./provisioning.ts";
import type { ChatArea } from "./chat.ts";
import type { ContainersArea } from "./containers.ts";
import type { ModelsArea } from "./models.ts";
import type { Platform } from "./platform.ts";
import type { ProjectsArea } from "./projects.ts";
import type { SnapshotsArea } from "./snapshots.ts";

export interface AdminOperationsArea extends Pick<Area, "mount"> {
  servers: Pick<AdminServersService, "get">;
}

/** Administration of the installation: health, sandboxes, jobs, projects. And the search over all areas. */
export function composeAdminOperations(
  { config, database, db, dataDir, limits, objects, runtime, tasks, mail, settings, preparation, owners, reporter, log }: Platform,
  audit: Audit,
  { modelSetup }: ModelsArea,
  { users }: AccountsArea,
  { projects }: ProjectsArea,
  { lifecycle }: ContainersArea,
  { provisioning }: ProvisioningArea,
  { runs }: ChatArea,
  { filesRestore }: Pick<SnapshotsArea, "filesRestore">,
  jobs: Pick<Jobs, "check">,
): AdminOperationsArea {
  const hostLoad = () => readHostLoad(dataDir);
  const metrics = createAdminMetrics({ store: createMetricsStore(db), hostLoad, log });
  const store = createAdminProjectsStore(db);
  const workStore = createWorkStore(db);
  const ofProjects = createAdminProjects({
    store,
    audit,
    projects,
    provisioning,
    work: {
      running: lifecycle.running,
      stop: async (project) => {
        await runs.stopRunsOf(project.id);
        await lifecycle.stopProject(project, "admin");
      },
    },
    sizes: createProjectSizes({
      store,
      projects,
      measure: async (projectId) => (await (await runtime.find(projectId))?.stats())?.diskBytes,
      log,
    }),
    filesRestore,
  });
  const agents = createAdminAgents({ store: createAdminAgentsStore(db), audit });
  const isAdministrator = async (userId: string) => (await users.find(userId))?.is_superuser === true;
  const sandboxes = createAdminSandboxes({
    store,
    runtime,
    projects,
    isAdministrator,
    log,
  });
  const servers = createAdminServers({
    store: createServersStore(db),
    reporter,
    isOneOfSeveral: owners.isOneOfSeveral,
    leaseMs: config.servers.leaseMs,
    version,
    isAdministrator,
  });
  const work = createAdminWork({ store: workStore, audit, tasks });
  const health = createAdminHealth({
    serverChecks: createServerChecks({
      store: workStore,
      pool: () => database.pool,
      checkJobs: jobs.check,
      runtime,
      mail,
      objects,
      hostLoad,
    }),
    providerChecks: createProviderChecks({ store: workStore, models: modelSetup }),
    audit,
    mail,
    version,
    log,
  });
  const setup = createSetupSteps({
    address: {
      appBaseUrl: config.http.appBaseUrl,
      isPrivate: isPrivate(config),
      isLoopbackOnly: config.http.isLoopbackOnly,
      trustsProxy: config.http.trustProxy,
    },
    mail,
    runtime,
    dataDir,
    backups: config.backups,
    models: modelSetup.summary,
    signUp: {
      summary: describeSignUp(config.auth.signUp),
      problem: signUpProblem(config.auth.signUp, configuredProviders(config.auth.oauth)),
    },
    browserState: async () => preparation.items().find(({ kind }) => kind === "browser")?.state,
    // The first question about this version is close to its installation: the console asks when it is opened.
    builtAt: async () => Date.parse(await settings.setOnce(`installed:${version}`, new Date().toISOString())),
    version,
  });
  return {
    servers,
    mount(mount) {
      mountAdminMetrics(mount, { metrics, trends: createAdminTrends({ store: createTrendsStore(db), hostLoad }) });
      mountSearch(mount, { search: createSearch({ store: createSearchStore(db), limits }) });
      mountAdminOperations(mount, {
        projects: ofProjects,
        runs: createAdminRuns({ store: createAdminRunsStore(db) }),
        setup,
        agents,
        sandboxes,
        servers,
        work,
        health,
      });
    },
  };
}
