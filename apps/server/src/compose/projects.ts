import {
  createPicturesStore,
  createProjectPictures,
  createProjects,
  createProjectsStore,
  createSandboxes,
  createTemplateImages,
  loadTemplates,
  type ProjectPictures,
  type Projects,
  type ProjectsStore,
  type TemplateImages,
  type Templates,
} from "../features/projects/projects/index.ts";
import {
  createCheckpoints,
  createCheckpointBeforeChange,
  createSnapshotsStore,
  createProjectTreeAccess,
  type CheckpointBeforeChange,
} from "../features/source/snapshots/index.ts";
import { hasOtherProcesses } from "../platform/presence.ts";
import { mountTasks } from "../features/core/tasks/index.ts";
import type { Area } from "./area.ts";
import type { Platform } from "./platform.ts";

/** Projects: ownership and sandboxes. Creation and deletion are in `provisioning.ts`. */
export interface ProjectsArea extends Area {
  templates: Templates;
  templateImages: TemplateImages;
  projectsStore: ProjectsStore;
  projects: Projects;
  pictures: ProjectPictures;
  /** Checkpoints before files are removed or replaced. */
  beforeChange: CheckpointBeforeChange;
}

export async function composeProjects(
  { config, log, work, db, events, processId, runtime, isShared, owners, tasks, preparation }: Platform,
  { templatesDir }: { templatesDir: string | undefined },
): Promise<ProjectsArea> {
  const templates = await loadTemplates(templatesDir);
  const projectsStore = createProjectsStore(db);
  const templateImages = createTemplateImages({
    templates,
    runtime,
    preparation,
    isAutomatic: config.runtime.preparesTemplates,
    countUses: projectsStore.countTemplateUses,
  });
  const projects = createProjects({
    store: projectsStore,
    sandboxes: createSandboxes({ runtime, takesOver: owners.isOneOfSeveral, log }),
    events,
    limits: config.projects,
    hasOtherServers: async () => isShared && (await hasOtherProcesses(db, processId)),
    owners,
    work,
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
    templateImages,
    projectsStore,
    projects,
    pictures: createProjectPictures({ store: createPicturesStore(db), projects, events }),
    beforeChange: createCheckpointBeforeChange({ checkpoints, log }),
    mount(mount) {
      mountTasks(mount, { tasks, resolveProject: async (userId, ref) => (await projects.require(userId, ref)).id });
    },
  };
}
