import type { RuntimeDriver } from "@tesslate/runtime";
import {
  createConnections,
  createConnectionsStore,
  createConnectionEnvironment,
  createTemplateInsertion,
  mountConnections,
  type Connections,
  type ConnectionsStore,
} from "../features/runtime/connections/index.ts";
import {
  createContainers,
  createContainerSecrets,
  createListeningPortOf,
  mountContainers,
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
import {
  createDatabases,
  createMysqlConnections,
  createPostgresConnections,
  createQueryHistory,
  createQueryHistoryStore,
  mountDatabases,
  type Databases,
} from "../features/runtime/databases/index.ts";
import { createFindDeployedService, isDeploymentSandbox } from "../features/delivery/deployments/index.ts";
import { createHosting, createHostingStore, mountHosting, type Hosting } from "../features/runtime/hosting/index.ts";
import { createPlanTemplate, createSpares, createStartRows, insertRows, type Spares } from "../features/runtime/spares/index.ts";
import { createSecrets, mountSecrets, type Secrets } from "../features/projects/secrets/index.ts";
import type { TemplateInsertion } from "../features/projects/projects/index.ts";
import { startCommandOf, waitsForSources } from "../features/source/transfer/index.ts";
import { readMemory, type MemoryUse } from "../platform/memory.ts";
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
  templateInsertion: TemplateInsertion;
  spares: Spares;
  secrets: Secrets;
  databases: Databases;
  inspection: ContainerInspection;
  /** At boot: adopts services that survived the last process. */
  reconcile(): Promise<void>;
  /** When this server has become the owner of projects. */
  adopt(projectIds: string[]): Promise<void>;
  /** When another server becomes the owner. */
  release(projectIds: string[]): Promise<void>;
}

export function composeContainers(
  platform: Platform,
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
  { snapshotData, onCrashed }: { snapshotData: SnapshotContainerData; onCrashed: (projectId: string) => void },
): ContainersArea {
  const { config, log, onClose, db, events, runtime, preparation, address } = platform;
  const connectionsStore = createConnectionsStore(db);
  const connectionEnvironment = createConnectionEnvironment({
    store: connectionsStore,
    containers: containersStore,
    credentials: credentialsStore,
    vault: environmentVault,
    credentialsVault,
    listeningPortOf: createListeningPortOf(runtime),
    runtime,
  });
  const { close, reconcile, adopt, release, catalogue, early, rename, usage, ...made } = createContainers({
    platform,
    records: { store: containersStore, vault: environmentVault, credentials: credentialsStore, credentialsVault },
    sources: { projects, projectsStore, templates, checkpointBefore: beforeChange.before, snapshotData },
    environment: { secrets: secretVault, connectionEnvironment, redactions },
    outside: { commandOf: startCommandOf, waitsForSources, onCrashed, isElsewhere: isDeploymentSandbox },
    settings: config.runtime,
  });
  onClose(close);
  const { lifecycle, containers, containerSetup, inspection } = made;
  const hosting = createHosting({ store: createHostingStore(db), projects, lifecycle, limits: config.projects, log });
  const connections = createConnections({
    access: { require: projects.require, markStale: containersStore.markStale },
    store: connectionsStore,
    events,
  });
  const templateInsertion = createTemplateInsertion({
    setup: made.containerSetup,
    connections: connectionsStore,
    secrets: secretsStore,
    vault: secretVault,
    redactions,
  });
  const spares = createSpares({
    count: config.runtime.spareProjects,
    // What the driver of a runner can is known once it was reached.
    canKeep: () => runtime.can.freeze && runtime.can.privateNetwork && !platform.owners.isOneOfSeveral,
    runtime,
    templates,
    countUses: projectsStore.countTemplateUses,
    images: {
      areBusy: () => preparation.items().some(({ kind, state }) => kind === "template" && (state === "waiting" || state === "preparing")),
      follow: preparation.follow,
    },
    limits: { memoryBytes: config.projects.memoryBytes, cpus: config.projects.cpus, diskBytes: config.projects.diskBytes.free },
    plan: createPlanTemplate({
      db,
      catalogue,
      secrets: createContainerSecrets({ vault: environmentVault, credentials: credentialsStore, credentialsVault, redactions }),
      vault: secretVault,
    }),
    start: createStartRows({
      runtime,
      box: platform.box,
      vault: environmentVault,
      credentialsVault,
      catalogue,
      previewDomain: address.domain,
      commandOf: startCommandOf,
      waitsForSources,
    }),
    insert: (tx, project, rows) =>
      insertRows(tx, project, rows, { setup: containerSetup, connections: connectionsStore, secrets: secretsStore }),
    inserted: templateInsertion.inserted,
    early,
    exists: async (id) => (await projectsStore.find(id)) !== undefined,
    settings: platform.settings,
    memory: { read: () => memoryOf(runtime), watermarkPercent: config.runtime.memory.watermarkPercent },
    pauseMs: config.runtime.spares.pauseMs,
    log,
  });
  onClose(spares.close);
  const databaseConnections = { postgres: createPostgresConnections({ log }), mysql: createMysqlConnections({ log }) };
  for (const connections of Object.values(databaseConnections)) {
    onClose(async () => connections.closeAll());
    projects.onRelease(async (released) => connections.release(released));
  }
  const databases = createDatabases({
    projects,
    listContainers: containersStore.listAll,
    services: made.services,
    idle: made.idle,
    findDeployed: createFindDeployedService({ runtime, box: platform.box }),
    connections: databaseConnections,
    events,
  });
  const queryHistory = createQueryHistory({
    store: createQueryHistoryStore(db),
    projects,
    nameOf: databases.nameOf,
    redactions,
    log,
  });
  const secrets = createSecrets({
    access: {
      require: async (userId, ref) => {
        const { id, branch_of } = await projects.require(userId, ref);
        return { id: branch_of ?? id };
      },
      branchesOf: projectsStore.listBranches,
      markStale: async (projectId) => void (await containersStore.markStale(projectId)),
    },
    store: secretsStore,
    vault: secretVault,
    redactions,
    events,
  });

  return {
    ...made,
    connectionEnvironment,
    hosting,
    connectionsStore,
    connections,
    templateInsertion,
    spares,
    secrets,
    databases,
    reconcile,
    adopt,
    release,
    mount(mount) {
      mountHosting(mount, { hosting });
      mountContainers(mount, { containers, containerSetup, rename, inspection, catalogue, lifecycle, usage, projects, address });
      mountConnections(mount, { connections });
      mountSecrets(mount, { secrets });
      mountDatabases(mount, { databases, history: queryHistory });
    },
  };
}

/** Of the machine that runs the projects. */
async function memoryOf(runtime: Pick<RuntimeDriver, "runner">): Promise<MemoryUse | undefined> {
  if (!runtime.runner) return readMemory();
  const { memoryUsedBytes: usedBytes, memoryTotalBytes: totalBytes } = (await runtime.runner()).machine ?? {};
  return usedBytes === undefined || totalBytes === undefined ? undefined : { usedBytes, totalBytes };
}
