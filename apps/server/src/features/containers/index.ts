export { createContainers, type Containers } from "./containers.service.ts";
export { createContainersStore } from "./containers.store.ts";
export { previewOrigin, type PreviewAddress } from "./container-shape.ts";
export { createEnvironmentVault } from "./environment.ts";
export { createIdlePolicy, type IdlePolicy } from "./idle-policy.ts";
export { createPower, type Power } from "./power.ts";
export { createStatusKeeper, type StatusKeeper } from "./status-keeper.ts";
export { mountContainers } from "./containers.routes.ts";
export { reconcile } from "./reconcile.ts";
