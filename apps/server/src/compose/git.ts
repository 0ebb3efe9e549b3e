import { join } from "node:path";
import {
  createGitAccess,
  createGitClone,
  createGitRead,
  createGitRemotes,
  createGitStore,
  createGitWrite,
  createMirrors,
  createWriteQueue,
  mountGit,
} from "../features/source/git/index.ts";
import { createRestoreGuard } from "../features/source/snapshots/index.ts";
import { refuseDuringExclusiveTask } from "../features/core/tasks/index.ts";
import type { Queries } from "../platform/database.ts";
import type { Area } from "./area.ts";
import type { ProvisioningArea } from "./provisioning.ts";
import type { ContainersArea } from "./containers.ts";
import type { GitProvidersArea } from "./git-providers.ts";
import type { Platform } from "./platform.ts";
import type { ProjectsArea } from "./projects.ts";
import type { SnapshotsArea } from "./snapshots.ts";
import type { WorkspaceArea } from "./workspace.ts";

/** Limit of one fetch or push. */
const maxPackBytes = 512 * 2 ** 20;
const writeQueueWaitMs = 20_000;

/** A project's repository and its remotes. */
export function composeGit(
  { config, log, db, dataDir, events, tasks, outbound }: Platform,
  { projects }: ProjectsArea,
  { idle, lifecycle }: ContainersArea,
  { reconcileAssets }: WorkspaceArea,
  { openGit, fetchRepository, diskBytesOf }: ProvisioningArea,
  { gitAccounts }: Pick<GitProvidersArea, "gitAccounts">,
  { snapshotsStore, snapshotCapture }: SnapshotsArea,
): Area {
  const store = createGitStore(db);
  const writeQueue = createWriteQueue({ waitMs: writeQueueWaitMs });
  const mirrors = createMirrors({ dir: join(dataDir, "git"), openGit, maxBytes: maxPackBytes });
  projects.onRelease(async ({ project_id, reason }) => {
    if (reason === "deleted") await mirrors.remove(project_id);
  });
  const dependencies = {
    require: projects.require,
    sandboxOf: projects.sandboxOf,
    keepAwake: idle.keepAwake,
    identityOf: store.identityOf,
    refuseDuringExclusiveTask: (projectId: string) => refuseDuringExclusiveTask(tasks, projectId),
    hasRun: (projectId: string, tx: Queries = db) => snapshotsStore.hasUnfinished(tx, projectId, ["agent_execution"]),
    touch: projects.touch,
    announce: async (projectId: string) => void (await events.append(projectId, { type: "git_changed", data: {} })),
    treeChanged: reconcileAssets,
  };
  const access = createGitAccess(dependencies, writeQueue);
  const { withAuthorization, kindOf } = gitAccounts;
  const reading = createGitRead(access);
  const remotes = createGitRemotes({
    access,
    store,
    openMirror: mirrors.open,
    withAuthorization,
    hostKindOf: kindOf,
    checkUrl: outbound.check,
    allowsPlain: outbound.allowsPlain,
    limits: config.git,
  });
  const writing = createGitWrite(access, { bringBranch: remotes.bringBranch });
  const clone = createGitClone({
    dependencies: {
      ...dependencies,
      find: projects.find,
      diskBytesOf,
      refuseWhileRestoring: createRestoreGuard(snapshotsStore),
      stopAll: lifecycle.stopForExchange,
      running: lifecycle.running,
      startAgain: lifecycle.startAgain,
      resetDirectories: store.resetDirectories,
      checkUrl: outbound.check,
      allowsPlain: outbound.allowsPlain,
      snapshotBefore: snapshotCapture.snapshotBefore,
    },
    store,
    writeQueue,
    tasks,
    fetchRepository,
    withAuthorization,
    log,
  });
  return {
    mount(mount) {
      mountGit(mount, { reading, writing, remotes, clone });
    },
  };
}
