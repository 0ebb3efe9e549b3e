import type { RuntimeDriver } from "@tesslate/runtime";
import type { Forwarding } from "../../../http/forwarding.ts";
import type { Bus } from "../../../platform/bus.ts";
import type { CryptoBox } from "../../../platform/crypto.ts";
import type { Database } from "../../../platform/database.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { ObjectStore } from "../../../platform/objects/index.ts";
import type { ProjectOwners } from "../../../platform/servers/index.ts";
import type { Tasks } from "../../core/tasks/index.ts";
import type { Projects, TemplateImages, Templates } from "../../projects/projects/index.ts";
import type { Redactions, SecretVault } from "../../projects/secrets/index.ts";
import type { ConnectionEnvironment, EnvironmentVault, PreviewAddress } from "../../runtime/containers/index.ts";
import type { ListTakenNames } from "../domains/index.ts";
import type { LaunchGate, LaunchSettingsService } from "../launch/index.ts";
import { createBuildSandboxes } from "./build/build-sandbox.ts";
import { createDeployAll, createDeploymentCreation } from "./create-deployment.ts";
import { createCancelDeployment } from "./deployment-cancellation.ts";
import { createPlanDeployment } from "./deployment-plan.ts";
import { createDeploymentRecords } from "./deployment-records.ts";
import {
  createStopUnusedServices,
  createRemoveAtProvider,
  createRemoveDeployment,
  createTakeDownForContainer,
} from "./deployment-removal.ts";
import { createDeploymentStatus } from "./deployment-status.ts";
import { createDeploymentStream } from "./deployment-stream.ts";
import { createEnvironmentOfDeployment } from "./deployment-variables.ts";
import { createCutoverRequests, createStoredDeployments, type Deployments } from "./deployments.service.ts";
import { createDeploymentChoices, createPrepareDeployment } from "./prepare-deployment.ts";
import type { ProviderAccess } from "./providers/provider.ts";
import { createCutovers } from "./release/cutover.ts";
import { createDeploymentRuns } from "./release/deployment-runs.ts";
import { createLocalReleases } from "./release/local-releases.ts";
import { createPromotionsAndRollbacks } from "./release/promotions-and-rollbacks.ts";
import type { OtherHosts } from "./release/local-sites.ts";
import type { SiteAccess } from "./release/site-access.ts";
import { createRequireDeployment } from "./require-deployment.ts";
import { createDeploymentTargets } from "./targets.service.ts";
import { createDeploymentTargetsStore } from "./targets.store.ts";

interface DeploymentPlatform {
  db: Database;
  box: CryptoBox;
  bus: Bus;
  events: EventLog;
  objects: ObjectStore;
  runtime: RuntimeDriver;
  tasks: Tasks;
  log: Logger;
  /** Other server processes use the database. */
  isShared: boolean;
  owners: Pick<ProjectOwners, "isOneOfSeveral">;
  several: { forwarding: Forwarding } | undefined;
  /** Where previews and deployed sites are served. */
  address: PreviewAddress;
}

/** Deployments of containers, at providers and on this server. */
export function createDeployments({
  platform,
  sources: { projects, templates, templateImages, diskBytesOf },
  environment: { redactions, ...variables },
  providers,
  launch,
  settings,
  siteHosts,
  siteAccess,
  listTakenNames,
  onLive,
}: {
  platform: DeploymentPlatform;
  sources: {
    projects: Projects;
    templates: Templates;
    templateImages: Pick<TemplateImages, "prepare">;
    diskBytesOf: (userId: string) => Promise<number>;
  };
  /** Variables and secrets of projects. `variables`: those of containers. */
  environment: {
    redactions: Redactions;
    secrets: SecretVault;
    variables: EnvironmentVault;
    connectionEnvironment: ConnectionEnvironment;
  };
  providers: ProviderAccess;
  launch: { gate: LaunchGate; settings: LaunchSettingsService };
  settings: { appOrigin: string; trustProxy: boolean };
  /** Hosts of sites besides those below the preview domain. */
  siteHosts: OtherHosts;
  siteAccess: SiteAccess;
  listTakenNames: ListTakenNames;
  /** Called after a deployment went live. Must not throw. */
  onLive: (projectId: string) => Promise<void>;
}) {
  const { db, bus, events, runtime, tasks, log, isShared, owners, address } = platform;
  const records = createDeploymentRecords({ platform, redactions });
  const { store, logs, reporter, artifacts } = records;
  const { announce } = reporter;
  const buildSandboxes = createBuildSandboxes({ runtime });
  const local = createLocalReleases({ records, buildSandboxes, platform, diskBytesOf, settings, siteHosts, siteAccess });
  const { siteCache, sites, versions } = local;
  const sources = { projects, templates, templateImages, diskBytesOf, buildSandboxes };
  const runs = createDeploymentRuns({
    onLive,
    records,
    local,
    sources,
    launch,
    providers,
    platform,
  });
  const { pipeline, retention, deploymentTasks } = runs;

  const choices = createDeploymentChoices({ store, providers });
  const { isConnected } = choices;
  const environmentOf = createEnvironmentOfDeployment({ store, projects, runtime, ...variables });
  const prepare = createPrepareDeployment({ store, choices, environmentOf, projects, listTakenNames });
  const { create, createAll } = createDeploymentCreation({ store, projects, prepare, insert: records.insert, deploymentTasks, announce });

  const cutovers = createCutovers({ store, projects, reporter, isConnected, deploymentTasks, tasks });
  const { promotions, rollbacks } = createPromotionsAndRollbacks({ records, local, runs, providers, cutovers, log });

  const requireDeployment = createRequireDeployment({ store, projects });
  const cancel = createCancelDeployment({ store, logs, pipeline, tasks, bus });
  const stopUnusedServices = createStopUnusedServices({ store, services: local.services });
  const removeAtProvider = createRemoveAtProvider({ providers, log });
  const deployments: Deployments = {
    create,
    deployAll: createDeployAll({ store, projects, choices, createAll }),
    plan: createPlanDeployment({ store, projects, choices, environmentOf, address, listTakenNames }),
    ...createCutoverRequests({ projects, requireDeployment, rollbacks, promotions }),
    ...createStoredDeployments({ store, projects, artifacts, requireDeployment, cancel }),
    takeDownForContainer: createTakeDownForContainer({ store, cancel, cutovers, retention, sites: siteCache, stopUnusedServices }),
    remove: createRemoveDeployment({
      store,
      requireDeployment,
      removeAtProvider,
      retention,
      sites: siteCache,
      stopUnusedServices,
      announce,
    }),
    status: createDeploymentStatus({ store, providers, reporter, requireDeployment, log }),
    stream: createDeploymentStream({ store, logs, projects, requireDeployment }),
  };
  return {
    deployments,
    targets: createDeploymentTargets({
      store: createDeploymentTargetsStore(db),
      creation: { createAll, isConnected },
      deploymentsStore: store,
      projects,
      events,
    }),
    /** Serves the deployed sites of this server. */
    sites,
    /** Renames a local site or changes its password. */
    updateLocalSite: store.updateLocalSite,
    /** To call after a site got another name or password. */
    siteChanged: async (names: readonly string[]): Promise<void> => {
      for (const site_name of names) await siteCache.changed({ provider: "local", environment: "production", site_name });
    },
    /** Of a user: stopped while the account is disabled. */
    localVersions: versions,
    /** When a project or one of its containers was deleted. */
    projectReleased: async (projectId: string, containerId: string | undefined): Promise<void> => {
      await deployments.takeDownForContainer(projectId, containerId);
      if (containerId !== undefined) return;
      await artifacts.removeProject(projectId);
      await local.services.remove(projectId);
    },
    /** At boot: resumes deployments and local servers. */
    reconcile: async (): Promise<void> => {
      await retention.removeOrphans({ runtime, isShared });
      // Of several servers, each resumes those of the projects that it owns.
      if (!owners.isOneOfSeveral) await versions.resume();
      await deploymentTasks.reconcile();
    },
    /** When this server has become the owner of projects: resumes their deployed programs. */
    adopt: (projectIds: string[]): Promise<void> => versions.resume(undefined, projectIds),
    close: local.close,
  };
}
