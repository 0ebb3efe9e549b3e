import { join } from "node:path";
import {
  createActivation,
  createDeploymentCreation,
  createArtifactStore,
  createDeploymentTargets,
  createDeploymentTargetsStore,
  createBuildSandboxes,
  createDeploymentTasks,
  createDeploymentLogs,
  createCancelDeployment,
  createDeploymentStatus,
  createDeploymentStream,
  createRequireDeployment,
  createStoredDeployments,
  createVersionSwitches,
  createDeploymentsStore,
  createLaunchCheck,
  createLocalSites,
  createPipeline,
  createLocalServers,
  createPromotions,
  createRequestVault,
  createRollbacks,
  createCutovers,
  mountDeployments,
  type Activation,
  type Deployments,
  type DeploymentContext,
} from "../features/delivery/deployments/index.ts";
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
  deployed: Pick<Activation, "suspend" | "resume">;
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
  { providers, getCredential, hasCredential }: DeployAccountsArea,
): DeploymentsArea {
  const context: DeploymentContext = {
    store: createDeploymentsStore(db),
    vault: createRequestVault({ box }),
    logs: createDeploymentLogs({ store: createDeploymentsStore(db), bus, isShared, log }),
    artifacts: createArtifactStore({ dir: join(dataDir, "deployments") }),
    buildSandboxes: createBuildSandboxes({ runtime }),
    projects,
    redactions,
    events,
    findProvider: (provider) => (provider === "local" ? undefined : providers[provider]),
    getCredential,
    hasCredential,
    startCommandOf,
    address,
    log,
  };
  const servers = createLocalServers({ runtime, log });
  onClose(async () => servers.close());
  const sites = createLocalSites(context, {
    servers,
    bus,
    appOrigin: new URL(config.http.appBaseUrl).origin,
    trustProxy: config.http.trustProxy,
  });
  onClose(async () => sites.close());
  const activation = createActivation(context, { servers, sites });
  const launchSettings = createLaunchSettings({ projects });
  const checkLaunch = createLaunchCheck(context, { gate: createLaunchGate({ browsers, log }), launchSettings });
  const pipeline = createPipeline(context, { activation, checkLaunch, templates, runtime, diskBytesOf });
  const deploymentTasks = createDeploymentTasks(context, { pipeline, activation, tasks });
  const creation = createDeploymentCreation(context, {
    deploymentTasks,
    secrets: secretVault,
    environments: environmentVault,
    connectionEnvironment,
  });
  const cutovers = createCutovers(context, { creation, deploymentTasks, tasks });
  const rollbacks = createRollbacks(context, { activation, creation, pipeline, cutovers });
  const promotions = createPromotions(context, { activation, creation, checkLaunch, cutovers });
  const requireRow = createRequireDeployment(context);
  const cancel = createCancelDeployment({ store: context.store, logs: context.logs, pipeline, tasks, bus });
  const deployments: Deployments = {
    begin: creation.begin,
    deployAll: creation.deployAll,
    plan: creation.plan,
    ...createVersionSwitches(context, { requireRow, rollbacks, promotions }),
    ...createStoredDeployments(context, { requireRow, cancel, activation, cutovers, sites }),
    status: createDeploymentStatus(context, requireRow),
    stream: createDeploymentStream(context, requireRow),
  };
  const targets = createDeploymentTargets({
    store: createDeploymentTargetsStore(db),
    creation,
    deploymentsStore: context.store,
    projects,
    events,
  });
  projects.onRelease(async ({ project_id, container_id, reason }) => {
    if (reason !== "deleted") return;
    await deployments.release(project_id, container_id);
    if (container_id === undefined) await context.artifacts.removeProject(project_id);
  });

  return {
    deployments,
    deployed: activation,
    otherSites: {
      request: (request, response) => (sites.handles(request.headers.host) ? sites : previewSite).request(request, response),
      upgrade: (request, socket, head) => (sites.handles(request.headers.host) ? sites : previewSite).upgrade(request, socket, head),
    },
    reconcile: async () => {
      await activation.removeOrphans({ runtime, isShared });
      await activation.resume();
      await deploymentTasks.reconcile();
    },
    mount(mount) {
      mountDeployments(mount, { deployments, targets, launchSettings });
    },
  };
}
