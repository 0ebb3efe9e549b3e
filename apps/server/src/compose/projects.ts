import {
  createProjects,
  createProjectsStore,
  createSandboxes,
  loadTemplates,
  type Projects,
  type ProjectsStore,
  type Templates,
} from "../features/projects/projects/index.ts";
import {
  createCheckpoints,
  createCheckpointBeforeChange,
  createSnapshotsStore,
  createProjectTreeAccess,
  type CheckpointBeforeChange,
} from "../features/source/snapshots/index.ts";
import { mountTasks } from "../features/core/tasks/index.ts";
import type { Area } from "./area.ts";
import type { Platform } from "./platform.ts";

/** Projects: ownership and sandboxes. Creation and deletion are in `provisioning.ts`. */
export interface ProjectsArea extends Area {
  templates: Templates;
  projectsStore: ProjectsStore;
  projects: Projects;
  /** Checkpoints before files are removed or replaced. */
  beforeChange: CheckpointBeforeChange;
}

export async function composeProjects(
  { config, log, db, events, runtime, isShared, tasks }: Platform,
  { templatesDir }: { templatesDir: string | undefined },
): Promise<ProjectsArea> {
  const templates = await loadTemplates(templatesDir);
  const projectsStore = createProjectsStore(db);
  const projects = createProjects({
    store: projectsStore,
    sandboxes: createSandboxes({ runtime, log }),
    events,
    limits: config.projects,
    isShared,
    log,
  });
  const checkpoints = createCheckpoints({
    store: createSnapshotsStore(db),
    trees: createProjectTreeAccess({ projects, runtime }),
    events,
    log,
  });
  return {
    templates,
    projectsStore,
    projects,
    beforeChange: createCheckpointBeforeChange({ checkpoints, log }),
    mount(mount) {
      mountTasks(mount, { tasks, resolveProject: async (userId, ref) => (await projects.require(userId, ref)).id });
    },
  };
}
