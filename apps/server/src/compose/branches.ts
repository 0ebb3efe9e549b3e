import { measureProject } from "../features/projects/projects/index.ts";
import { createBranches, createBranchesStore, mountBranches, type Branches } from "../features/source/branches/index.ts";
import { createRestoreGuard } from "../features/source/snapshots/index.ts";
import type { Area } from "./area.ts";
import type { Platform } from "./platform.ts";
import type { ProjectsArea } from "./projects.ts";
import type { ProvisioningArea } from "./provisioning.ts";
import type { SecretsArea } from "./secrets.ts";
import type { SnapshotsArea } from "./snapshots.ts";
import type { WorkspaceArea } from "./workspace.ts";

/** Branches of projects, in which runs work beside others. */
export interface BranchesArea extends Area {
  branches: Branches;
}

export function composeBranches(
  { log, db, events }: Platform,
  { redactions }: Pick<SecretsArea, "redactions">,
  { projects, templates }: ProjectsArea,
  { announce }: WorkspaceArea,
  { provisioning }: ProvisioningArea,
  { snapshotsStore, checkpoints }: SnapshotsArea,
): BranchesArea {
  const branches = createBranches({
    store: createBranchesStore(db),
    projects,
    insertBranch: provisioning.insertBranch,
    hasImage: ({ template_slug }) => template_slug !== null && templates.find(template_slug) !== undefined,
    acceptDeletion: provisioning.acceptDeletion,
    checkpoints,
    refuseWhileRestoring: createRestoreGuard(snapshotsStore),
    announce,
    redactorOf: redactions.of,
    measure: (sandbox) => measureProject(db, sandbox),
    events,
    log,
  });
  return {
    branches,
    jobs: branches.jobHandlers,
    cron: { sweep_branches: "41 5 * * *" },
    mount(mount) {
      mountBranches(mount, { branches });
    },
  };
}
