export { createServiceCatalogue, fill, findService, namesIn, workingDirOf } from "./catalogue/index.ts";
export { createContainerData, type SnapshotContainerData } from "./container-data.ts";
export { createEnvironmentOf } from "./container-environment.ts";
export { createInsertFromCatalogue } from "./container-from-catalogue.ts";
export { createInsertFromTemplate } from "./container-from-template.ts";
export { createContainerInsertion } from "./container-insertion.ts";
export { createContainerOperations } from "./container-operations.ts";
export { createAnnounceRemoval, createRemoveContainer } from "./container-removal.ts";
export { createContainerSecrets } from "./container-secrets.ts";
export { createContainerUpdates } from "./container-updates.ts";
export { createContainerView } from "./container-view.ts";
export { createContainerReads } from "./containers.read.ts";
export type { Containers } from "./containers.service.ts";
export {
  createContainersStore,
  inLockOrder,
  moveContainersToRoot,
  saveContainerPositions,
  type ContainersStore,
} from "./containers.store.ts";
export { previewOrigin, containerUrl, type PreviewAddress } from "./present.ts";
export { createCreateContainer, type ContainerSetup } from "./container-setup.ts";
export { createCredentialsStore, type CredentialsStore } from "./credentials.store.ts";
export { createCredentialsVault, credentialsAad, type CredentialsVault } from "./credentials.vault.ts";
export { createContainerInspection, type ContainerInspection } from "./inspection.ts";
export { createEnvironmentVault, environmentAad, type ConnectionEnvironment, type EnvironmentVault } from "./environment.ts";
export { createLogProblems, type LogProblems } from "./log-problems.ts";
export { createIdlePolicy, type IdlePolicy } from "./idle-policy.ts";
export { watchMemory } from "./memory-pressure.ts";
export { createPostgresAccess, type PostgresAccess } from "./postgres-access.ts";
export { createDependents } from "./dependents.ts";
export type { ContainerLifecycle } from "./lifecycle.ts";
export { createProjectHolds } from "./project-holds.ts";
export { createProjectOperations } from "./project-operations.ts";
export { createStatusOf } from "./project-status.ts";
export { createPendingRenames, createRenameContainer } from "./rename.ts";
export { createServiceReach } from "./service-reach.ts";
export { createSpecOf } from "./service-spec.ts";
export { createStartService } from "./service-start.ts";
export { portOf } from "./service-state.ts";
export { createStopServices } from "./service-stop.ts";
export { createServiceTracking } from "./service-tracking.ts";
export type { Services } from "./services.ts";
export { createStartRequests } from "./start-requests.ts";
export { defineStartTasks } from "./start-tasks.ts";
export { createContainerStartup } from "./startup.ts";
export { createRestarts } from "./restarts.ts";
export { createRunningLimit } from "./running-limit.ts";
export { createContainerStatusWriter, type ContainerStatusWriter } from "./status.ts";
export { mountContainers } from "./containers.routes.ts";
export { reconcile } from "./reconcile.ts";
export { createExchangeRestart, createRestartFailed, createShutDown, createStopUnattended } from "./unattended.ts";
