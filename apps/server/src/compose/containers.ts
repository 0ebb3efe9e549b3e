import {
  createConnections,
  createConnectionsStore,
  createWiring,
  mountConnections,
  type Connections,
  type ConnectionsStore,
} from "../features/runtime/connections/index.ts";
import {
  createContainers,
  createCreation,
  createIdlePolicy,
  createInspection,
  createPower,
  createRenaming,
  createRestarts,
  createRunningLimit,
  createServiceCatalogue,
  createServices,
  createStarting,
  createStatusKeeper,
  mountContainers,
  reconcile,
  type Containers,
  type Creation,
  type IdlePolicy,
  type Inspection,
  type Power,
  type Services,
  type StatusKeeper,
  type Wiring,
} from "../features/runtime/containers/index.ts";
import { deploymentOfSandbox } from "../features/delivery/deployments/index.ts";
import { createHosting, createHostingStore, mountHosting, type Hosting } from "../features/runtime/hosting/index.ts";
import { createSecrets, mountSecrets, type Secrets } from "../features/projects/secrets/index.ts";
import { startCommandOf } from "../features/source/transfer/index.ts";
import type { Area } from "./area.ts";
import type { Platform } from "./platform.ts";
import type { ProjectsArea } from "./projects.ts";
import type { SecretsArea } from "./secrets.ts";

/** What runs in a project: its containers, how they start, rest and go, what they give each other. */
export interface ContainersArea extends Area {
  keeper: StatusKeeper;
  idle: IdlePolicy;
  services: Services;
  wiring: Wiring;
  power: Power;
  hosting: Hosting;
  creation: Creation;
  containers: Containers;
  connectionsStore: ConnectionsStore;
  connections: Connections;
  secrets: Secrets;
  inspection: Inspection;
  /** What ran when the server ended is taken up again. */
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
  { projects, projectsStore, templates, keepBefore }: ProjectsArea,
): ContainersArea {
  const catalogue = createServiceCatalogue({ runtime });
  const connectionsStore = createConnectionsStore(db);
  const wiring = createWiring({
    store: connectionsStore,
    containers: containersStore,
    credentials: credentialsStore,
    vault: environmentVault,
    credentialsVault,
    runtime,
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
  onClose(async () => idle.close());
  projects.onUse(idle.activity);
  idle.onHeld((projectId) =>
    projects.used(projectId).catch((err: unknown) => log.warn({ err, project_id: projectId }, "activity not noted")),
  );
  const restarts = createRestarts({
    backoff: config.runtime.backoff,
    isKept: async (projectId) => (await projects.find(projectId))?.is_deployed ?? false,
    log,
  });
  onClose(async () => restarts.close());
  const services = createServices({
    store: containersStore,
    projects,
    keeper,
    idle,
    restarts,
    vault: environmentVault,
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
  const starting = createStarting({ store: containersStore, services, wiring, keeper, tasks });
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
    vault: environmentVault,
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
    vault: environmentVault,
    credentialsVault,
    redactions,
    events,
    address,
    keepBefore: keepBefore.before,
  });
  const renaming = createRenaming({ store: containersStore, containers, projects, power, services, wiring, tasks, events, address, log });
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
  const inspection = createInspection({ containers, projects, services, redactions, outbound, address });

  return {
    keeper,
    idle,
    services,
    wiring,
    power,
    hosting,
    creation,
    containers,
    connectionsStore,
    connections,
    secrets,
    inspection,
    async reconcile() {
      await reconcile({
        runtime,
        isElsewhere: (id) => deploymentOfSandbox(id) !== undefined,
        projects,
        facts: projectsStore,
        store: containersStore,
        keeper,
        services,
        processId,
        log,
      });
      await renaming.reconcile();
    },
    mount(mount) {
      mountHosting(mount, { hosting });
      mountContainers(mount, { containers, creation, renaming, inspection, catalogue, power, address });
      mountConnections(mount, { connections });
      mountSecrets(mount, { secrets });
    },
  };
}
