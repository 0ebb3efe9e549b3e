import { join } from "node:path";
import { createPostgresAccess } from "../features/runtime/containers/index.ts";
import {
  createCheckpoints,
  createProjectDatabases,
  createPruning,
  type Pruning,
  createRestoring,
  createSnapshots,
  createSnapshotsStore,
  createTaking,
  createTreeAccess,
  mountSnapshots,
  type Checkpoints,
  type Restoring,
  type Snapshots,
  type SnapshotsStore,
  type Taking,
  type TreeAccess,
} from "../features/source/snapshots/index.ts";
import type { Area } from "./area.ts";
import type { ContainersArea } from "./containers.ts";
import type { Platform } from "./platform.ts";
import type { ProjectsArea } from "./projects.ts";
import type { SecretsArea } from "./secrets.ts";
import type { WorkspaceArea } from "./workspace.ts";

/** Points in time: kept by people, kept around the agent's turns, and returned to. */
export interface SnapshotsArea extends Area {
  snapshotsStore: SnapshotsStore;
  trees: TreeAccess;
  checkpoints: Checkpoints;
  restoring: Restoring;
  taking: Taking;
  snapshots: Snapshots;
  /** What more is done when a tree was restored, with what the restore was given for it. */
  onRestored: ((more: unknown) => Promise<void>)[];
  pruning: Pruning;
}

export function composeSnapshots(
  { config, log, dataDir, db, events, runtime, tasks }: Platform,
  { containersStore }: Pick<SecretsArea, "containersStore">,
  { projects }: ProjectsArea,
  { services, power, containers }: ContainersArea,
  { assets }: WorkspaceArea,
): SnapshotsArea {
  const databases = createProjectDatabases({ postgresOf: createPostgresAccess({ store: containersStore, services }), log });
  const snapshotsStore = createSnapshotsStore(db);
  const trees = createTreeAccess({ projects, runtime });
  const taking = createTaking({
    store: snapshotsStore,
    trees,
    databases,
    events,
    tasks,
    limits: config.snapshots,
    scratchDir: join(dataDir, "dumps"),
  });
  const checkpoints = createCheckpoints({ store: snapshotsStore, trees, events, log });
  const onRestored: ((more: unknown) => Promise<void>)[] = [];
  const restoring = createRestoring({
    store: snapshotsStore,
    trees,
    taking,
    checkpoints,
    databases,
    power: { stopAll: power.stopForExchange, running: power.running, startAgain: power.startAgain },
    tasks,
    onTreeReplaced: [assets.reconcile],
    onRestored,
    log,
  });
  containers.keepDataWith(async (project, row, userId) => {
    if (row.service_slug !== "postgres") return null;
    const id = crypto.randomUUID();
    const context = { signal: AbortSignal.timeout(config.snapshots.readyTimeoutMs), note: async () => undefined };
    await taking.keepBefore(project, { id, label: `Before removing ${row.name}`, userId }, context);
    return id;
  });
  const snapshots = createSnapshots({
    store: snapshotsStore,
    projects,
    trees,
    taking,
    restoring,
    maxManual: config.snapshots.maxManual,
  });
  const pruning = createPruning({ store: snapshotsStore, projects, runtime, retentionMs: config.snapshots.retentionMs, log });
  projects.onRelease(pruning.release);

  return {
    snapshotsStore,
    trees,
    checkpoints,
    restoring,
    taking,
    snapshots,
    onRestored,
    pruning,
    jobs: pruning.jobHandlers,
    cron: { prune_snapshots: "23 4 * * *" },
    mount(mount) {
      mountSnapshots(mount, { snapshots });
    },
  };
}
