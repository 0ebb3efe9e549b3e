import { join } from "node:path";
import { createPostgresAccess, type SnapshotContainerData } from "../features/runtime/containers/index.ts";
import {
  createCheckpoints,
  createBackgroundCaptures,
  createCopiesStore,
  createDueCopiesStore,
  createProjectDatabases,
  createFilesRestore,
  createReplaceState,
  createRunDatabases,
  type RunDatabases,
  createSafetySnapshots,
  createScheduledCopies,
  createSnapshotRetention,
  type SnapshotRetention,
  createSnapshotCopies,
  createSnapshotRestore,
  createSnapshots,
  createSnapshotsStore,
  createSnapshotCapture,
  createTableDifferences,
  createProjectTreeAccess,
  defineRestoreTask,
  mountSnapshots,
  type Checkpoints,
  type FilesRestore,
  type RestoredRepository,
  type SnapshotRestore,
  type Snapshots,
  type SnapshotCopies,
  type DueCopiesStore,
  type SnapshotsStore,
  type SnapshotCapture,
  type ProjectTreeAccess,
} from "../features/source/snapshots/index.ts";
import { hasSameRepository } from "../features/source/git/index.ts";
import type { Area } from "./area.ts";
import type { ContainersArea } from "./containers.ts";
import type { Platform } from "./platform.ts";
import type { ProjectsArea } from "./projects.ts";
import type { SecretsArea } from "./secrets.ts";
import type { WorkspaceArea } from "./workspace.ts";

/** Snapshots, checkpoints and restores. */
export interface SnapshotsArea extends Area {
  snapshotsStore: SnapshotsStore;
  trees: ProjectTreeAccess;
  checkpoints: Checkpoints;
  snapshotRestore: SnapshotRestore;
  snapshotCapture: SnapshotCapture;
  runDatabases: RunDatabases;
  snapshots: Snapshots;
  /** Snapshots a container's database before the container is deleted. */
  snapshotData: SnapshotContainerData;
  snapshotRetention: SnapshotRetention;
  snapshotCopies: SnapshotCopies;
  /** `undefined`: copies are made of snapshots that people take. */
  dueCopies: DueCopiesStore | undefined;
  filesRestore: FilesRestore;
}

export function composeSnapshots(
  { config, log, onClose, dataDir, db, bus, events, objects, owners, runtime, tasks, measurements }: Platform,
  { containersStore }: Pick<SecretsArea, "containersStore">,
  { projects }: ProjectsArea,
  { services, lifecycle, idle }: ContainersArea,
  { treeReplaced }: WorkspaceArea,
  { onRestored, commitRestored }: { onRestored: (more: unknown) => Promise<void>; commitRestored: RestoredRepository["commit"] },
): SnapshotsArea {
  const postgresOf = createPostgresAccess({ store: containersStore, services, idle });
  const databases = createProjectDatabases({
    postgresOf,
    scratchDir: join(dataDir, "dumps"),
    log,
  });
  const snapshotsStore = createSnapshotsStore(db);
  const trees = createProjectTreeAccess({ projects, runtime });
  // In the data folder they would be lost with it.
  const areCopied = config.snapshots.copies === "on" || (config.snapshots.copies === "auto" && objects.kind === "s3");
  const snapshotCopies: SnapshotCopies = createSnapshotCopies({
    store: createCopiesStore(db),
    objects,
    projects,
    isOn: areCopied,
    onCopy: measurements.snapshotCopy,
    onCopied: ({ id, storage_key }) => snapshotCapture.changed(storage_key, "update", id),
    log,
  });
  onClose(snapshotCopies.close);
  const background = createBackgroundCaptures();
  const snapshotCapture: SnapshotCapture = createSnapshotCapture({
    store: snapshotsStore,
    background,
    trees,
    databases,
    copies: snapshotCopies,
    events,
    tasks,
    limits: config.snapshots,
  });
  const dueCopies = createDueCopiesStore(db);
  const { copyEveryMs } = config.snapshots;
  const { idleFreezeMs } = config.runtime;
  const scheduledCopies = createScheduledCopies({
    due: dueCopies,
    store: snapshotsStore,
    trees,
    projects,
    runtime,
    snapshotCapture,
    background,
    owners,
    bus,
    schedule:
      areCopied && copyEveryMs > 0
        ? { everyMs: copyEveryMs, readQuietMs: () => (runtime.can.freeze && idleFreezeMs > 0 ? idleFreezeMs : undefined) }
        : undefined,
    log,
  });
  onClose(scheduledCopies.close);
  const checkpoints = createCheckpoints({ store: snapshotsStore, trees, events, log });
  const replaceState = createReplaceState({
    databases,
    lifecycle: { stopAll: lifecycle.stopForExchange, startAgain: lifecycle.startAgain },
    checkpoints,
    repository: { isSame: hasSameRepository, commit: commitRestored },
    onTreeReplaced: [treeReplaced],
    onRestored,
    log,
  });
  const safety = createSafetySnapshots({ store: snapshotsStore, snapshotCapture });
  defineRestoreTask({ trees, background, safety, replaceState, tasks, log });
  const snapshotRestore = createSnapshotRestore({ store: snapshotsStore, trees, snapshotCapture, lifecycle, tasks });
  const filesRestore = createFilesRestore({
    store: snapshotsStore,
    copies: snapshotCopies,
    projects,
    runtime,
    snapshotCapture,
    replaceState,
    tasks,
    log,
  });
  const snapshots = createSnapshots({
    store: snapshotsStore,
    projects,
    trees,
    snapshotCapture,
    snapshotRestore,
    copies: scheduledCopies.schedule && { stateOf: dueCopies.stateOf, everyMs: copyEveryMs },
    tableDifferences: createTableDifferences({ trees, postgresOf, log }),
    maxManual: config.snapshots.maxManual,
  });
  const snapshotRetention = createSnapshotRetention({
    store: snapshotsStore,
    projects,
    runtime,
    copies: snapshotCopies,
    retentionMs: config.snapshots.retentionMs,
    log,
  });
  projects.onRelease(snapshotRetention.release);

  return {
    snapshotData: async (project, row, userId) => {
      if (row.service_slug !== "postgres") return null;
      const id = crypto.randomUUID();
      const context = { signal: AbortSignal.timeout(config.snapshots.readyTimeoutMs), note: async () => undefined };
      await snapshotCapture.snapshotBefore(project, { id, label: `Before removing ${row.name}`, userId }, context);
      return id;
    },
    snapshotsStore,
    trees,
    checkpoints,
    snapshotRestore,
    snapshotCapture,
    runDatabases: createRunDatabases({ store: snapshotsStore, databases, snapshotCapture, limits: config.snapshots, log }),
    snapshots,
    snapshotRetention,
    snapshotCopies,
    dueCopies: scheduledCopies.schedule && dueCopies,
    filesRestore,
    jobs: { ...snapshotRetention.jobHandlers, ...snapshotCopies.jobHandlers, ...scheduledCopies.jobHandlers },
    cron: { prune_snapshots: "23 4 * * *", copy_due_snapshots: "*/10 * * * *", copy_changed_projects: "* * * * *" },
    mount(mount) {
      mountSnapshots(mount, { snapshots, filesRestore });
    },
  };
}
