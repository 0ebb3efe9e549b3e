import type { RuntimeDriver, Tree } from "@tesslate/runtime";
import type { Config } from "../../../config.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import type { ProjectOwners } from "../../../platform/servers/index.ts";
import type { Tasks } from "../../core/tasks/index.ts";
import type { Projects, ProjectsStore, Templates } from "../../projects/projects/index.ts";
import type { Redactions, SecretVault } from "../../projects/secrets/index.ts";
import { createServiceCatalogue, type ServiceCatalogue } from "./catalogue/index.ts";
import { createContainerData, type SnapshotContainerData } from "./container-data.ts";
import { createEnvironmentOf } from "./container-environment.ts";
import { createInsertFromCatalogue, createInsertService } from "./container-from-catalogue.ts";
import { createInsertFromTemplate } from "./container-from-template.ts";
import { createContainerInsertion } from "./container-insertion.ts";
import { createContainerOperations } from "./container-operations.ts";
import { createAnnounceRemoval, createRemoveContainer } from "./container-removal.ts";
import { createContainerSecrets } from "./container-secrets.ts";
import { createCreateContainer, type ContainerSetup } from "./container-setup.ts";
import { createContainerUpdates } from "./container-updates.ts";
import { createContainerView, type ContainerView } from "./container-view.ts";
import { createContainerReads } from "./containers.read.ts";
import type { Containers } from "./containers.service.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { CredentialsStore } from "./credentials.store.ts";
import type { CredentialsVault } from "./credentials.vault.ts";
import { createDependents } from "./dependents.ts";
import { createEarlyServices } from "./early-services.ts";
import type { ConnectionEnvironment, EnvironmentVault } from "./environment.ts";
import { createIdlePolicy } from "./idle-policy.ts";
import { createContainerInspection } from "./inspection.ts";
import type { ContainerLifecycle } from "./lifecycle.ts";
import type { PreviewAddress } from "./present.ts";
import { createProjectHolds } from "./project-holds.ts";
import { createProjectOperations } from "./project-operations.ts";
import { createStatusOf } from "./project-status.ts";
import { adoptProjects, reconcile } from "./reconcile.ts";
import { createPendingRenames, createRenameContainer } from "./rename.ts";
import { createRestarts } from "./restarts.ts";
import { createRunningLimit } from "./running-limit.ts";
import { createServiceReach } from "./service-reach.ts";
import { createSpecOf } from "./service-spec.ts";
import { createStartService } from "./service-start.ts";
import { createStopServices } from "./service-stop.ts";
import { createListeningPortOf } from "./service-state.ts";
import { createServiceTracking } from "./service-tracking.ts";
import type { Services } from "./services.ts";
import { createStartRequests } from "./start-requests.ts";
import { defineStartTasks } from "./start-tasks.ts";
import { createContainerStartup } from "./startup.ts";
import { createContainerStatusWriter } from "./status.ts";
import { createStylesheetRefresh } from "./stylesheet-refresh.ts";
import { createContainerUsageMeter } from "./usage.ts";
import { createExchangeRestart, createRestartFailed, createShutDown, createStopUnattended } from "./unattended.ts";

interface Dependencies {
  platform: {
    runtime: RuntimeDriver;
    events: EventLog;
    tasks: Tasks;
    outbound: Outbound;
    log: Logger;
    /** Where previews are served. */
    address: PreviewAddress;
    /** Registration of this server process. */
    processId: number;
    owners: Pick<ProjectOwners, "isOneOfSeveral">;
  };
  /** Rows of containers, and their variables and credentials. */
  records: { store: ContainersStore; vault: EnvironmentVault; credentials: CredentialsStore; credentialsVault: CredentialsVault };
  sources: {
    projects: Projects;
    projectsStore: ProjectsStore;
    templates: Templates;
    /** Keep what the removal of a container takes away. */
    checkpointBefore: Parameters<typeof createContainerData>[0]["checkpointBefore"];
    snapshotData: SnapshotContainerData;
  };
  environment: { secrets: SecretVault; connectionEnvironment: ConnectionEnvironment; redactions: Redactions };
  /** From areas below. `isElsewhere`: the sandbox belongs to something else than a project. */
  outside: {
    commandOf: Parameters<typeof createSpecOf>[0]["commandOf"];
    /** What the files of a container say about that. */
    waitsForSources(tree: Tree, directory: string): Promise<boolean>;
    onCrashed(projectId: string): void;
    isElsewhere(sandboxId: string): boolean;
  };
  settings: Pick<Config["runtime"], "idleFreezeMs" | "idleStopMs" | "backoff" | "spares">;
}

/** Containers of projects and their lifecycle. */
export function createContainers(dependencies: Dependencies) {
  const { platform, records, sources, environment, outside } = dependencies;
  const { runtime, log, outbound, processId } = platform;
  const { store } = records;
  const { projects, projectsStore } = sources;
  const catalogue = createServiceCatalogue({ runtime });
  const view = createContainerView({ address: platform.address, events: platform.events });
  // The policies stop and restart containers through the lifecycle, which is built from them.
  const control = createServiceControl(dependencies, { catalogue, view, lifecycle: () => lifecycle });
  const { services, idle, statusWriter } = control;
  const lifecycle = createLifecycle(dependencies, { control, view });
  const changes = createChanges(dependencies, { catalogue, view, control, lifecycle });
  const { containers, pendingRenames } = changes;
  const usage = createContainerUsageMeter({ store, projects, log });
  return {
    catalogue,
    statusWriter,
    idle,
    early: control.early,
    services,
    lifecycle,
    containers,
    containerSetup: changes.containerSetup,
    rename: changes.rename,
    usage,
    inspection: createContainerInspection({ containers, projects, services, redactions: environment.redactions, view, outbound }),
    /** At boot: adopts services that survived the last process. */
    reconcile: async (): Promise<void> => {
      await reconcile(
        { store, projects, runtime, services, statusWriter, log },
        { isElsewhere: outside.isElsewhere, facts: projectsStore, processId, isOneOfSeveral: platform.owners.isOneOfSeveral },
      );
      if (!platform.owners.isOneOfSeveral) await pendingRenames.reconcile();
    },
    /** When this server has become the owner of projects: adopts what runs of them. */
    adopt: async (projectIds: string[]): Promise<void> => {
      await adoptProjects({ store, projects, runtime, services, statusWriter, log }, projectIds, projectsStore);
      await pendingRenames.reconcile(projectIds);
    },
    /** When another server becomes the owner: forgets them, without stopping anything. */
    release: async (projectIds: string[]): Promise<void> => {
      usage.release(projectIds);
      for (const id of projectIds) {
        idle.forget(id);
        await projects.forgetSandbox(id);
      }
    },
    close: async (): Promise<void> => {
      usage.close();
      await control.early.close();
      control.restarts.close();
      control.stylesheets.close();
      idle.close();
    },
  };
}

type ServiceControl = ReturnType<typeof createServiceControl>;
/** Operates services, with the policies that stop idle ones and restart failed ones. */
function createServiceControl(
  {
    platform: { runtime, events, log, address },
    records: { store, vault },
    sources: { projects },
    environment,
    outside,
    settings,
  }: Dependencies,
  { catalogue, view, lifecycle }: { catalogue: ServiceCatalogue; view: ContainerView; lifecycle: () => ContainerLifecycle },
) {
  const { redactions } = environment;
  const idle = createIdlePolicy({
    times: { freezeMs: settings.idleFreezeMs, stopMs: settings.idleStopMs, canFreeze: () => runtime.can.freeze },
    sandbox: projects.peekSandbox,
    restOf: projects.restOf,
    stop: (projectId) => lifecycle().stopUnattended(projectId, "idle"),
    stillUsed: (projectId) =>
      void projects.used(projectId).catch((err: unknown) => log.warn({ err, project_id: projectId }, "activity not stored")),
    log,
  });
  projects.onUse(idle.activity);
  const restarts = createRestarts({
    backoff: settings.backoff,
    isKept: async (projectId) => (await projects.find(projectId))?.is_deployed ?? false,
    restart: (projectId, service) => lifecycle().restartFailed(projectId, service),
    log,
  });
  const statusWriter = createContainerStatusWriter({
    store,
    events,
    redactions,
    view,
    decideRestart: (row) => restarts.failed(row.project_id, row.service_key),
    onCrashed: outside.onCrashed,
    log,
  });
  const stylesheets = createStylesheetRefresh({ sandboxOf: projects.peekSandbox, log });
  const listeningPortOf = createListeningPortOf(runtime);
  const environmentOf = createEnvironmentOf({
    secrets: environment.secrets,
    vault,
    connectionEnvironment: environment.connectionEnvironment,
    listeningPortOf,
    previewDomain: address.domain,
  });
  const specOf = createSpecOf({ environmentOf, listeningPortOf, catalogue, commandOf: outside.commandOf });
  const early = createEarlyServices({ runtime, projects, specOf, unusedMs: settings.spares.unusedMs, log });
  const services: Services = {
    ...createServiceTracking({ projects, runtime, statusWriter, idle, restarts, stylesheets, early, log }),
    ...createServiceReach({ projects, redactions, idle, restarts, early }),
    environmentOf,
    start: createStartService({ store, projects, specOf, statusWriter, redactions, idle }),
    stop: createStopServices({ store, projects, statusWriter, idle, restarts, early }),
    status: createStatusOf({ store, projects, redactions, restarts, early, view, log }),
    waitsForSources: async (project, row) =>
      row.container_type !== "base" || outside.waitsForSources((await projects.sandboxOf(project)).files, row.directory),
  };
  return { idle, restarts, stylesheets, statusWriter, early, services };
}

/** Starts and stops containers and projects, in tasks. */
function createLifecycle(
  { platform: { runtime, tasks, log }, records: { store }, sources: { projects }, environment: { connectionEnvironment } }: Dependencies,
  { control, view }: { control: ServiceControl; view: ContainerView },
): ContainerLifecycle {
  const { idle, restarts, statusWriter, early, services } = control;
  const { stop, updateEnvironmentStatus } = services;
  const { urlOf } = view;
  const running = createRunningLimit({ projects, idle, stop: (projectId) => stopUnattended(projectId, "limit") });
  const startup = createContainerStartup({ store, connectionEnvironment, tasks, services, statusWriter });
  const holds = createProjectHolds({ idle, updateEnvironmentStatus });
  const requests = createStartRequests({ tasks, running, restarts, updateEnvironmentStatus });
  defineStartTasks({ store, projects, tasks, startup, holds, early, urlOf });
  const projectOperations = createProjectOperations({ store, projects, stop, requests, holds, early, urlOf });
  const stopUnattended = createStopUnattended({ projects, stopProject: projectOperations.stopProject, holds });
  return {
    ...projectOperations,
    ...createContainerOperations({ store, projects, stop, requests, holds, early }),
    ...createExchangeRestart({ store, projects, startup, holds, early, log }),
    stopUnattended,
    restartFailed: createRestartFailed({ store, projects, tasks }),
    shutDown: createShutDown({ store, requests, restarts, holds, early, runtime, log }),
  };
}

/** Creates, reads, changes, renames and removes containers. */
function createChanges(
  { platform: { tasks, log }, records: { store, ...secretRecords }, sources, environment }: Dependencies,
  {
    catalogue,
    view,
    control,
    lifecycle,
  }: { catalogue: ServiceCatalogue; view: ContainerView; control: ServiceControl; lifecycle: ContainerLifecycle },
) {
  const { projects, templates, checkpointBefore, snapshotData } = sources;
  const { connectionEnvironment, redactions } = environment;
  const { services, statusWriter } = control;
  const secrets = createContainerSecrets({ ...secretRecords, redactions });
  const insertion = createContainerInsertion({ store, secrets });
  const insertService = createInsertService({ insertion, secrets, catalogue });
  const containerSetup: ContainerSetup = {
    ...insertion,
    insertService,
    create: createCreateContainer({
      projects,
      insertFromTemplate: createInsertFromTemplate({ store, insertion, projects, tasks, templates, statusWriter }),
      insertFromCatalogue: createInsertFromCatalogue({ store, insertion, insertService, projects, secrets, catalogue }),
      view,
    }),
  };
  const dependents = createDependents({ store, connectionEnvironment, view });
  const reads = createContainerReads({ store, projects, connectionEnvironment, view });
  const running = { stop: lifecycle.stopContainer, updateStatus: services.updateEnvironmentStatus };
  const containers: Containers = {
    ...reads,
    ...createContainerUpdates({ store, reads, secrets, view, dependents, running }),
    remove: createRemoveContainer({
      store,
      reads,
      data: createContainerData({ projects, checkpointBefore, snapshotData }),
      running: { ...running, cancelSetUp: lifecycle.cancelSetUp },
      announce: createAnnounceRemoval({ view, dependents, secrets }),
    }),
  };
  const pendingRenames = createPendingRenames({ store, projects, log });
  const rename = createRenameContainer({
    containers,
    pending: pendingRenames,
    operations: { ...lifecycle, isRunning: services.isRunning },
    tasks,
    view,
    dependents,
  });
  return { containers, containerSetup, rename, pendingRenames };
}
