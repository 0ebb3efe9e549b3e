import { join } from "node:path";
import {
  createCloneIntoTree,
  createFetchForClone,
  createGitAccess,
  createGitClone,
  createGitRead,
  createGitRemotes,
  createGitStore,
  createGitWrite,
  createMirrors,
  createProposeMessage,
  createWriteQueue,
  defineCloneTask,
  mountGit,
  type GitAccess,
  type GitChanges,
  type GitRemotes,
  type WriteCommitMessage,
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

export interface GitArea extends Area {
  gitAccess: GitAccess;
  /** To call with each new commit of a project. */
  committed: GitRemotes["committed"];
}

/** A project's repository and its remotes. */
export function composeGit(
  { config, log, db, dataDir, events, tasks, outbound }: Platform,
  { projects }: ProjectsArea,
  { idle, lifecycle }: ContainersArea,
  { treeReplaced }: WorkspaceArea,
  { openGit, fetchRepository, diskBytesOf, firstCommits }: ProvisioningArea,
  { gitAccounts }: Pick<GitProvidersArea, "gitAccounts">,
  { snapshotsStore, snapshotCapture }: SnapshotsArea,
  writeCommitMessage: WriteCommitMessage,
): GitArea {
  const store = createGitStore(db);
  const writeQueue = createWriteQueue({ waitMs: writeQueueWaitMs });
  const mirrors = createMirrors({ dir: join(dataDir, "git"), openGit, maxBytes: maxPackBytes });
  projects.onRelease(async ({ project_id, reason }) => {
    if (reason === "deleted") await mirrors.remove(project_id);
  });
  const exclusion = {
    refuseDuringExclusiveTask: (projectId: string) => refuseDuringExclusiveTask(tasks, projectId),
    hasRun: (projectId: string, tx: Queries = db) => snapshotsStore.hasActiveRun(tx, projectId),
    refuseWhileRestoring: createRestoreGuard(snapshotsStore),
  };
  const changes: GitChanges = {
    announce: async (projectId) => void (await events.append(projectId, { type: "git_changed", data: {} })),
    touch: projects.touch,
    treeChanged: treeReplaced,
  };
  const access = createGitAccess({
    firstCommits,
    projects: { require: projects.require, sandboxOf: projects.sandboxOf, keepAwake: idle.keepAwake },
    identityOf: store.identityOf,
    exclusion,
    changes,
    writeQueue,
  });
  const reading = createGitRead(access);
  const remotes = createGitRemotes({ access, store, openMirror: mirrors.open, accounts: gitAccounts, outbound, limits: config.git });
  const writing = createGitWrite(access, { bringBranch: remotes.bringBranch });
  defineCloneTask({
    projects,
    fetch: createFetchForClone({ fetchRepository, withAuthorization: gitAccounts.withAuthorization, diskBytesOf }),
    snapshotBefore: snapshotCapture.snapshotBefore,
    cloneIntoTree: createCloneIntoTree({
      store,
      containers: { stopAll: lifecycle.stopForExchange, startAgain: lifecycle.startAgain },
      changes,
      writeQueue,
    }),
    tasks,
    log,
  });
  const clone = createGitClone({ projects, running: lifecycle.running, exclusion, outbound, store, tasks });
  return {
    gitAccess: access,
    committed: remotes.committed,
    mount(mount) {
      mountGit(mount, { reading, writing, remotes, clone, proposeMessage: createProposeMessage(access, writeCommitMessage) });
    },
  };
}
