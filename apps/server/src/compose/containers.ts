import {
  createConnections,
  createConnectionsStore,
  createConnectionEnvironment,
  mountConnections,
  type Connections,
  type ConnectionsStore,
} from "../features/runtime/connections/index.ts";
import {
  createAnnounceRemoval,
  createContainerData,
  createContainerInsertion,
  createContainerInspection,
  createContainerOperations,
  createContainerReads,
  createContainerSecrets,
  createContainerStartup,
  createContainerStatusWriter,
  createContainerUpdates,
  createContainerView,
  createCreateContainer,
  createDependents,
  createEnvironmentOf,
  createExchangeRestart,
  createIdlePolicy,
  createInsertFromCatalogue,
  createInsertFromTemplate,
  createPendingRenames,
  createProjectHolds,
  createProjectOperations,
  createRemoveContainer,
  createRenameContainer,
  createRestartFailed,
  createRestarts,
  createRunningLimit,
  createServiceCatalogue,
  createServiceReach,
  createServiceTracking,
  createShutDown,
  createSpecOf,
  createStartRequests,
  createStartService,
  createStatusOf,
  createStopServices,
  createStopUnattended,
  defineStartTasks,
  mountContainers,
  reconcile,
  type ConnectionEnvironment,
  type ContainerInspection,
  type ContainerLifecycle,
  type Containers,
  type ContainerSetup,
  type ContainerStatusWriter,
  type IdlePolicy,
  type Services,
  type SnapshotContainerData,
} from "../features/runtime/containers/index.ts";
import { deploymentOfSandbox } from "../features/delivery/deployments/index.ts";
import { createHosting, createHostingStore, mountHosting, type Hosting } from "../features/runtime/hosting/index.ts";
import { createSecrets, mountSecrets, type Secrets } from "../features/projects/secrets/index.ts";
import { startCommandOf } from "../features/source/transfer/index.ts";
import type { Area } from "./area.ts";
import type { Platform } from "./platform.ts";
import type { ProjectsArea } from "./projects.ts";
import type { SecretsArea } from "./secrets.ts";

/** Containers of a project: their lifecycle, connections, secrets and always-on hosting. */
export interface ContainersArea extends Area {
  statusWriter: ContainerStatusWriter;
  idle: IdlePolicy;
  services: Services;
  connectionEnvironment: ConnectionEnvironment;
  lifecycle: ContainerLifecycle;
  hosting: Hosting;
  containerSetup: ContainerSetup;
  containers: Containers;
  connectionsStore: ConnectionsStore;
  connections: Connections;
  secrets: Secrets;
  inspection: ContainerInspection;
  /** At boot: adopts services that survived the last process. */
  reconcile(): Promise<void>;
}

export function composeContainers(
  { config, log, onClose, db, events, runtime, tasks, outbound, address, processId }: Platform,
  {
    containersStore,
    environmentVault,
    credentialsStore,
    credentialsVault,
    secretsStore,
    secretVault,
    redactions,
  }: Omit<SecretsArea, "mcpStore" | "mcpVault">,
  { projects, projectsStore, templates, beforeChange }: ProjectsArea,
  { snapshotData }: { snapshotData: SnapshotContainerData },
): ContainersArea {
  const catalogue = createServiceCatalogue({ runtime });
  const connectionsStore = createConnectionsStore(db);
  const connectionEnvironment = createConnectionEnvironment({
    store: connectionsStore,
    containers: containersStore,
    credentials: credentialsStore,
    vault: environmentVault,
    credentialsVault,
    runtime,
  });
  const view = createContainerView({ address, events });
  const containerSecrets = createContainerSecrets({
    vault: environmentVault,
    credentials: credentialsStore,
    credentialsVault,
    redactions,
  });
  // The policies stop and restart containers through the lifecycle, which is built from them.
  const idle = createIdlePolicy({
    times: { freezeMs: config.runtime.idleFreezeMs, stopMs: config.runtime.idleStopMs, canFreeze: runtime.can.freeze },
    sandbox: projects.peekSandbox,
    restOf: projects.restOf,
    stop: (projectId) => lifecycle.stopUnattended(projectId, "idle"),
    stillUsed: (projectId) =>
      void projects.used(projectId).catch((err: unknown) => log.warn({ err, project_id: projectId }, "activity not stored")),
    log,
  });
  onClose(async () => idle.close());
  projects.onUse(idle.activity);
  const restarts = createRestarts({
    backoff: config.runtime.backoff,
    isKept: async (projectId) => (await projects.find(projectId))?.is_deployed ?? false,
    restart: (projectId, service) => lifecycle.restartFailed(projectId, service),
    log,
  });
  onClose(async () => restarts.close());
  const statusWriter = createContainerStatusWriter({
    store: containersStore,
    events,
    redactions,
    view,
    decideRestart: (row) => restarts.failed(row.project_id, row.service_key),
    log,
  });
  const environmentOf = createEnvironmentOf({
    secrets: secretVault,
    vault: environmentVault,
    connectionEnvironment,
    previewDomain: address.domain,
  });
  const specOf = createSpecOf({ environmentOf, catalogue, commandOf: startCommandOf });
  const services: Services = {
    ...createServiceTracking({ projects, runtime, statusWriter, idle, restarts, log }),
    ...createServiceReach({ projects, redactions, idle, restarts }),
    environmentOf,
    start: createStartService({ store: containersStore, projects, specOf, statusWriter, redactions, idle }),
    stop: createStopServices({ store: containersStore, projects, statusWriter, idle, restarts }),
    status: createStatusOf({ store: containersStore, projects, redactions, restarts, view, log }),
  };
  const { updateEnvironmentStatus } = services;
  const running = createRunningLimit({ projects, idle, stop: (projectId) => lifecycle.stopUnattended(projectId, "limit") });
  const startup = createContainerStartup({ store: containersStore, connectionEnvironment, tasks, services, statusWriter });
  const holds = createProjectHolds({ idle, updateEnvironmentStatus });
  const requests = createStartRequests({ tasks, running, restarts, updateEnvironmentStatus });
  defineStartTasks({ store: containersStore, projects, tasks, startup, holds, urlOf: view.urlOf });
  const operations = createContainerOperations({ store: containersStore, projects, stop: services.stop, requests, holds });
  const projectOperations = createProjectOperations({
    store: containersStore,
    projects,
    stop: services.stop,
    requests,
    holds,
    urlOf: view.urlOf,
  });
  const lifecycle: ContainerLifecycle = {
    ...projectOperations,
    ...operations,
    ...createExchangeRestart({ store: containersStore, projects, startup, holds, log }),
    stopUnattended: createStopUnattended({ projects, stopProject: projectOperations.stopProject, holds }),
    restartFailed: createRestartFailed({ store: containersStore, projects, tasks }),
    shutDown: createShutDown({ store: containersStore, requests, restarts, holds, runtime, log }),
  };
  const hosting = createHosting({ store: createHostingStore(db), projects, lifecycle, limits: config.projects, log });
  const insertion = createContainerInsertion({ store: containersStore, secrets: containerSecrets });
  const containerSetup: ContainerSetup = {
    ...insertion,
    create: createCreateContainer({
      projects,
      tasks,
      insertFromTemplate: createInsertFromTemplate({ store: containersStore, insertion, projects, tasks, templates, statusWriter }),
      insertFromCatalogue: createInsertFromCatalogue({
        store: containersStore,
        insertion,
        projects,
        secrets: containerSecrets,
        catalogue,
      }),
      view,
    }),
  };
  const dependents = createDependents({ store: containersStore, connectionEnvironment, view });
  const reads = createContainerReads({ store: containersStore, projects, connectionEnvironment, view });
  const runningContainers = { stop: operations.stopContainer, updateStatus: updateEnvironmentStatus };
  const containers: Containers = {
    ...reads,
    ...createContainerUpdates({
      store: containersStore,
      reads,
      secrets: containerSecrets,
      view,
      dependents,
      running: runningContainers,
    }),
    remove: createRemoveContainer({
      store: containersStore,
      reads,
      data: createContainerData({ projects, checkpointBefore: beforeChange.before, snapshotData }),
      running: { ...runningContainers, cancelSetUp: operations.cancelSetUp },
      announce: createAnnounceRemoval({ view, dependents, secrets: containerSecrets }),
    }),
  };
  const pendingRenames = createPendingRenames({ store: containersStore, projects, log });
  const rename = createRenameContainer({
    containers,
    pending: pendingRenames,
    operations: { ...operations, isRunning: services.isRunning },
    tasks,
    view,
    dependents,
  });
  const connections = createConnections({
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
  const inspection = createContainerInspection({ containers, projects, services, redactions, view, outbound });

  return {
    statusWriter,
    idle,
    services,
    connectionEnvironment,
    lifecycle,
    hosting,
    containerSetup,
    containers,
    connectionsStore,
    connections,
    secrets,
    inspection,
    async reconcile() {
      await reconcile(
        { store: containersStore, projects, runtime, services, statusWriter, log },
        { isElsewhere: (id) => deploymentOfSandbox(id) !== undefined, facts: projectsStore, processId },
      );
      await pendingRenames.reconcile();
    },
    mount(mount) {
      mountHosting(mount, { hosting });
      mountContainers(mount, { containers, containerSetup, rename, inspection, catalogue, lifecycle, address });
      mountConnections(mount, { connections });
      mountSecrets(mount, { secrets });
    },
  };
}
