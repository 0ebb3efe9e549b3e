import { join } from "node:path";
import {
  createArtifactStore,
  createBuildArtifact,
  createBuildSandboxes,
  createCancelDeployment,
  createCheckBuild,
  createCheckLaunch,
  createCheckPromotion,
  createCutoverRequests,
  createCutovers,
  createDeployAll,
  createDeploymentChoices,
  createDeploymentCreation,
  createDeploymentLogs,
  createDeploymentReporter,
  createDeploymentRetention,
  createDeploymentStatus,
  createDeploymentStream,
  createDeploymentTargets,
  createDeploymentTargetsStore,
  createDeploymentTasks,
  createDeploymentsStore,
  createInsertDeployment,
  createLocalHosts,
  createLocalServers,
  createLocalSites,
  createLocalVersions,
  createOpenBuildSandbox,
  createPipeline,
  createPlanDeployment,
  createPrepareDeployment,
  createPromoteAtProvider,
  createPromoteLocally,
  createPromotions,
  createProviderPublishing,
  createPublishLocally,
  createRedeploy,
  createRemoveAtProvider,
  createRemoveDeployment,
  createRequestVault,
  createRequireDeployment,
  createRestoreAtProvider,
  createRestoreLocally,
  createRollbacks,
  createSiteCache,
  createStoredDeployments,
  createTakeDownForContainer,
  createVariablesOf,
  mountDeployments,
  type LocalVersions,
} from "../features/delivery/deployments/factories.ts";
import type { Deployments, ProviderAccess } from "../features/delivery/deployments/index.ts";
import { createLaunchGate, createLaunchSettings } from "../features/delivery/launch/index.ts";
import { startCommandOf } from "../features/source/transfer/index.ts";
import type { PreviewSite } from "../http/server.ts";
import type { Area } from "./area.ts";
import type { ProvisioningArea } from "./provisioning.ts";
import type { ContainersArea } from "./containers.ts";
import type { DeployAccountsArea } from "./deploy-accounts.ts";
import type { Platform } from "./platform.ts";
import type { PreviewsArea } from "./previews.ts";
import type { ProjectsArea } from "./projects.ts";
import type { SecretsArea } from "./secrets.ts";
import type { ToolsArea } from "./tools.ts";

/** Deployments of containers, at providers and on this server. */
export interface DeploymentsArea extends Area {
  deployments: Deployments;
  /** Serves every host besides the app: deployed sites and previews. */
  otherSites: PreviewSite;
  /** A user's local deployments: stopped when the account is disabled, started when it is enabled. */
  deployed: Pick<LocalVersions, "suspend" | "resume">;
  /** At boot: resumes deployments and local servers. */
  reconcile(): Promise<void>;
}

export function composeDeployments(
  { config, log, onClose, dataDir, db, box, bus, isShared, events, runtime, tasks, address }: Platform,
  { environmentVault, secretVault, redactions }: SecretsArea,
  { projects, templates }: ProjectsArea,
  { connectionEnvironment }: ContainersArea,
  { previewSite }: PreviewsArea,
  { diskBytesOf }: ProvisioningArea,
  { browsers }: ToolsArea,
  { providers: adapters, getCredential, hasCredential }: DeployAccountsArea,
): DeploymentsArea {
  const store = createDeploymentsStore(db);
  const vault = createRequestVault({ box });
  const logs = createDeploymentLogs({ store, bus, isShared, log });
  const reporter = createDeploymentReporter({ vault, logs, redactions, events });
  const { announce } = reporter;
  const artifacts = createArtifactStore({ dir: join(dataDir, "deployments") });
  const buildSandboxes = createBuildSandboxes({ runtime });
  const providers: ProviderAccess = {
    find: (provider) => (provider === "local" ? undefined : adapters[provider]),
    getCredential,
    hasCredential,
  };

  // Versions on this server.
  const servers = createLocalServers({ runtime, log });
  onClose(async () => servers.close());
  const siteCache = createSiteCache({ store, artifacts, bus });
  const sites = createLocalSites({
    cache: siteCache,
    servers,
    settings: { address, appOrigin: new URL(config.http.appBaseUrl).origin, trustProxy: config.http.trustProxy },
    log,
  });
  onClose(async () => sites.close());
  const hosts = createLocalHosts({ store, address });
  const localVersions = createLocalVersions({ store, vault, buildSandboxes, servers, sites: siteCache, log });
  const retention = createDeploymentRetention({ store, buildSandboxes, artifacts, servers, sites: siteCache, log });

  // The run of a deployment.
  const launchSettings = createLaunchSettings({ projects });
  const gate = createLaunchGate({ browsers, log });
  const checkLaunch = createCheckLaunch({ store, buildSandboxes, artifacts, gate, launchSettings });
  const openBuildSandbox = createOpenBuildSandbox({ buildSandboxes, templates, runtime, diskBytesOf });
  const publishing = createProviderPublishing({ store, artifacts, providers, log });
  const pipeline = createPipeline({
    store,
    projects,
    reporter,
    retention,
    buildSandboxes,
    buildArtifact: createBuildArtifact({ store, projects, openBuildSandbox, artifacts, startCommandOf }),
    checkBuild: createCheckBuild({ store, localVersions, checkLaunch }),
    publishLocally: createPublishLocally({ store, localVersions, hosts }),
    publishAtProvider: publishing.publishAtProvider,
    removeUnfinished: publishing.removeUnfinished,
    log,
  });
  const deploymentTasks = createDeploymentTasks({ store, pipeline, retention, reporter, tasks, log });

  // Requests.
  const choices = createDeploymentChoices({ store, providers });
  const variablesOf = createVariablesOf({ secrets: secretVault, variables: environmentVault, connectionEnvironment });
  const prepare = createPrepareDeployment({ choices, variablesOf, projects });
  const insert = createInsertDeployment({ store, vault });
  const { create, createAll } = createDeploymentCreation({ store, projects, prepare, insert, deploymentTasks, announce });

  // Other versions.
  const cutovers = createCutovers({ store, projects, reporter, isConnected: choices.isConnected, deploymentTasks, tasks });
  const rollbacks = createRollbacks({
    restoreLocally: createRestoreLocally({ store, localVersions }),
    restoreAtProvider: createRestoreAtProvider({ store, providers, log }),
    redeploy: createRedeploy({ store, vault, artifacts, insert, announce, pipeline }),
    cutovers,
  });
  const promotions = createPromotions({
    store,
    check: createCheckPromotion({ store, vault, localVersions, checkLaunch }),
    promoteLocally: createPromoteLocally({ store, localVersions, hosts }),
    promoteAtProvider: createPromoteAtProvider({ store, vault, providers }),
    cutovers,
  });

  // Stored deployments.
  const requireDeployment = createRequireDeployment({ store, projects });
  const cancel = createCancelDeployment({ store, logs, pipeline, tasks, bus });
  const removeAtProvider = createRemoveAtProvider({ providers, log });
  const deployments: Deployments = {
    create,
    deployAll: createDeployAll({ store, projects, choices, createAll }),
    plan: createPlanDeployment({ store, projects, choices, variablesOf, startCommandOf, address }),
    ...createCutoverRequests({ projects, requireDeployment, rollbacks, promotions }),
    ...createStoredDeployments({ store, projects, artifacts, requireDeployment, cancel }),
    takeDownForContainer: createTakeDownForContainer({ store, cancel, cutovers, retention, sites: siteCache }),
    remove: createRemoveDeployment({ store, requireDeployment, removeAtProvider, retention, sites: siteCache, announce }),
    status: createDeploymentStatus({ store, providers, reporter, requireDeployment, log }),
    stream: createDeploymentStream({ store, logs, projects, requireDeployment }),
  };
  const targets = createDeploymentTargets({
    store: createDeploymentTargetsStore(db),
    creation: { createAll, isConnected: choices.isConnected },
    deploymentsStore: store,
    projects,
    events,
  });
  projects.onRelease(async ({ project_id, container_id, reason }) => {
    if (reason !== "deleted") return;
    await deployments.takeDownForContainer(project_id, container_id);
    if (container_id === undefined) await artifacts.removeProject(project_id);
  });

  return {
    deployments,
    deployed: localVersions,
    otherSites: {
      request: (request, response) => (sites.handles(request.headers.host) ? sites : previewSite).request(request, response),
      upgrade: (request, socket, head) => (sites.handles(request.headers.host) ? sites : previewSite).upgrade(request, socket, head),
    },
    reconcile: async () => {
      await retention.removeOrphans({ runtime, isShared });
      await localVersions.resume();
      await deploymentTasks.reconcile();
    },
    mount(mount) {
      mountDeployments(mount, { deployments, targets, launchSettings });
    },
  };
}
