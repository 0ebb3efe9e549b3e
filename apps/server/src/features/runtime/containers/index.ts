export {
  createServiceCatalogue,
  fill,
  findService,
  initialEnvironment,
  namesIn,
  workingDirOf,
  type ServiceCatalogue,
} from "./catalogue/index.ts";
export type { SnapshotContainerData } from "./container-data.ts";
export { gridPosition } from "./canvas-position.ts";
export { createEnvironmentOf } from "./container-environment.ts";
export { createInsertService } from "./container-from-catalogue.ts";
export { createContainerSecrets } from "./container-secrets.ts";
export { createContainerInsertion, type ContainerInsertion, type ProjectOfNew } from "./container-insertion.ts";
export { createContainers } from "./containers.ts";
export type { Containers } from "./containers.service.ts";
export {
  createContainersStore,
  inLockOrder,
  moveContainersToRoot,
  saveContainerPositions,
  type ContainersStore,
} from "./containers.store.ts";
export { previewOrigin, containerUrl, type PreviewAddress } from "./present.ts";
export type { EarlyServices } from "./early-services.ts";
export type { ContainerSetup } from "./container-setup.ts";
export { createCredentialsStore, type CredentialsStore } from "./credentials.store.ts";
export { createCredentialsVault, credentialsAad, type CredentialsVault } from "./credentials.vault.ts";
export type { ContainerInspection } from "./inspection.ts";
export { createEnvironmentVault, environmentAad, type ConnectionEnvironment, type EnvironmentVault } from "./environment.ts";
export { createLogProblems, type LogProblems } from "./log-problems.ts";
export type { IdlePolicy } from "./idle-policy.ts";
export { watchMemory } from "./memory-pressure.ts";
export { createPostgresAccess, type PostgresAccess, type PostgresContainer, type PostgresTarget } from "./postgres-access.ts";
export type { ContainerLifecycle } from "./lifecycle.ts";
export { createListeningPortOf, type ListeningPortOf } from "./service-state.ts";
export { createSpecOf } from "./service-spec.ts";
export type { Services } from "./services.ts";
export type { ContainerStatusWriter } from "./status.ts";
export { mountContainers } from "./containers.routes.ts";
