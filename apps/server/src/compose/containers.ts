import {
  createConnections,
  createConnectionsStore,
  createConnectionEnvironment,
  mountConnections,
  type Connections,
  type ConnectionsStore,
} from "../features/runtime/connections/index.ts";
import {
  createContainers,
  createContainerSetup,
  createIdlePolicy,
  createContainerInspection,
  createContainerLifecycle,
  createContainerRename,
  createRestarts,
  createRunningLimit,
  createServiceCatalogue,
  createServices,
  createContainerStartup,
  createContainerStatusWriter,
  mountContainers,
  reconcile,
  type Containers,
  type ContainerSetup,
  type IdlePolicy,
  type ContainerInspection,
  type ContainerLifecycle,
  type Services,
  type ContainerStatusWriter,
  type ConnectionEnvironment,
  type ContainerContext,
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
  const context: ContainerContext = {
    store: containersStore,
    credentials: credentialsStore,
    vault: environmentVault,
    credentialsVault,
    connectionEnvironment,
    projects,
    redactions,
    events,
    tasks,
    runtime,
    address,
    log,
  };
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
  const statusWriter = createContainerStatusWriter(context, {
    decideRestart: (row) => restarts.failed(row.project_id, row.service_key),
  });
  const services = createServices(context, { statusWriter, idle, restarts, secrets: secretVault, catalogue, commandOf: startCommandOf });
  const running = createRunningLimit({ projects, idle, stop: (projectId) => lifecycle.stopUnattended(projectId, "limit") });
  const startup = createContainerStartup(context, { services, statusWriter });
  const lifecycle: ContainerLifecycle = createContainerLifecycle(context, { services, startup, idle, running, restarts });
  const hosting = createHosting({ store: createHostingStore(db), projects, lifecycle, limits: config.projects, log });
  const containerSetup = createContainerSetup(context, { statusWriter, templates, catalogue });
  const containers = createContainers(context, { lifecycle, services, checkpointBefore: beforeChange.before, snapshotData });
  const containerRename = createContainerRename(context, { containers, lifecycle, services });
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
  const inspection = createContainerInspection(context, { containers, services, outbound });

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
      await reconcile(context, {
        isElsewhere: (id) => deploymentOfSandbox(id) !== undefined,
        facts: projectsStore,
        statusWriter,
        services,
        processId,
      });
      await containerRename.reconcile();
    },
    mount(mount) {
      mountHosting(mount, { hosting });
      mountContainers(mount, { containers, containerSetup, containerRename, inspection, catalogue, lifecycle, address });
      mountConnections(mount, { connections });
      mountSecrets(mount, { secrets });
    },
  };
}
