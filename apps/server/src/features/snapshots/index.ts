export { createCheckpoints, type Checkpoints, type Turn } from "./checkpoints.ts";
export { createProjectDatabases } from "./databases.ts";
export { createPruning, type Pruning } from "./pruning.ts";
export { createRestoreGuard, createRestoring, type Restoring } from "./restoring.ts";
export { createSnapshots, type Snapshots } from "./snapshots.service.ts";
export { createSnapshotsStore, type SnapshotsStore } from "./snapshots.store.ts";
export { mountSnapshots } from "./snapshots.routes.ts";
export { createTaking, type Taking } from "./taking.ts";
export { createTreeAccess, type TreeAccess } from "./trees.ts";
