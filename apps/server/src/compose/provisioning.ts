import {
  createNewProjects,
  createProjectCreation,
  createProjectDeletion,
  createProjectSetup,
  createSetupRetries,
  createTemplateSource,
  measureProject,
  mountProjects,
  type FirstMessages,
  type ProjectSources,
  type Provisioning,
} from "../features/projects/projects/index.ts";
import { createDrafts, createDraftsStore, mountDrafts } from "../features/projects/drafts/index.ts";
import {
  createArchiveSource,
  createBranchSource,
  createDownload,
  createFork,
  createForkSource,
  createGitSource,
  createImport,
  mountTransfer,
  sweepArchives,
  type CopyCanvas,
} from "../features/source/transfer/index.ts";
import {
  createFetchRepository,
  createFirstCommits,
  createGitStore,
  createServerGit,
  type FetchRepository,
  type OpenServerGit,
} from "../features/source/git/index.ts";
import { scratchFolder } from "../platform/objects/index.ts";
import type { Area } from "./area.ts";
import type { ContainersArea } from "./containers.ts";
import type { GitProvidersArea } from "./git-providers.ts";
import type { StoreListings } from "./store-listings.ts";
import type { Platform } from "./platform.ts";
import type { PreviewsArea } from "./previews.ts";
import type { ProjectsArea } from "./projects.ts";
import type { WorkspaceArea } from "./workspace.ts";

/** Creating projects (from a template, archive, repository or fork) and deleting them. */
export interface ProvisioningArea extends Area {
  provisioning: Provisioning;
  /** First commits that are being made. */
  firstCommits: { settled(projectId: string): Promise<void> };
  openGit: OpenServerGit;
  fetchRepository: FetchRepository;
  /** Disk limit of a user's project. */
  diskBytesOf: (userId: string) => Promise<number>;
}

export async function composeProvisioning(
  { config, log, db, dataDir, events, objects, runtime, tasks, outbound, ca }: Platform,
  { projects, projectsStore, pictures, templates, templateImages }: ProjectsArea,
  { containerSetup, connectionsStore, templateInsertion, spares, lifecycle, services }: ContainersArea,
  { previewsStore }: PreviewsArea,
  { assetsStore, watch, logProblems }: WorkspaceArea,
  { resolveBase }: Pick<StoreListings, "resolveBase">,
  { gitAccounts }: Pick<GitProvidersArea, "gitAccounts">,
  firstMessages: FirstMessages,
): Promise<ProvisioningArea> {
  const insertFirst = containerSetup.insertApp;
  const diskBytesOf = async (userId: string) => config.projects.diskBytes[await projectsStore.tierOf(userId)];
  await sweepArchives(objects);
  const openGit = createServerGit({ dir: scratchFolder(dataDir), outbound, ca, log });
  const fetchRepository = createFetchRepository(openGit);
  const gitStore = createGitStore(db);
  const firstCommits = createFirstCommits({
    sandboxOf: projects.sandboxOf,
    store: gitStore,
    isOn: config.projects.startWithRepository,
    log,
  });
  const copying = {
    projects,
    templates,
    templateImages,
    copyCanvas: [
      (tx, from, to, copies) => previewsStore.copyAll(tx, from.id, to.id, copies),
      (tx, from, to, copies) => connectionsStore.copyAll(tx, from.id, to.id, copies),
      (tx, from, to) => assetsStore.copyAll(tx, from.id, to.id),
    ] satisfies CopyCanvas[],
  };
  const sources: ProjectSources = {
    template: createTemplateSource({ projects, templates, templateImages, insertion: templateInsertion, spares, log }),
    archive: createArchiveSource({ objects, projects, insertFirst, diskBytesOf }),
    git: createGitSource({
      projects,
      fetchRepository,
      insertFirst,
      diskBytesOf,
      withAuthorization: gitAccounts.withAuthorization,
      identityOf: gitStore.identityOf,
    }),
    fork: createForkSource({ ...copying, copyContainers: containerSetup.copyAll }),
    branch: createBranchSource({
      ...copying,
      measure: (sandbox) => measureProject(db, sandbox),
      copyContainers: containerSetup.copyAllWithSecrets,
    }),
  };
  const setup = createProjectSetup({
    store: projectsStore,
    projects,
    sources,
    templates,
    beginFirstMessage: firstMessages.begin,
    createFirstCommit: firstCommits.make,
    tasks,
    log,
  });
  const deletion = createProjectDeletion({ store: projectsStore, projects, shutDown: lifecycle.shutDown, tasks });
  const drafts = createDrafts({ store: createDraftsStore(db) });
  const newProjects = createNewProjects({ store: projectsStore, maxProjects: config.projects.maxCount, spares, tasks });
  const provisioning: Provisioning = {
    ...newProjects,
    ...createProjectCreation({
      newProjects,
      templates,
      repositories: { check: outbound.check, allowsPlain: outbound.allowsPlain },
      resolveBase,
      firstMessages,
      forgetDraft: drafts.forget,
    }),
    ...deletion,
    ...createSetupRetries({ store: projectsStore, projects, templates, setup, deletion, tasks }),
    setupError: setup.error,
  };

  return {
    provisioning,
    firstCommits,
    openGit,
    fetchRepository,
    diskBytesOf,
    mount(mount) {
      mountDrafts(mount, { drafts });
      mountProjects(mount, {
        projects,
        pictures,
        provisioning,
        verbs: lifecycle,
        statusOf: services.status,
        templates,
        events,
        driver: runtime.name,
        // A client that follows a project during setup sees its files once there is a tree to watch.
        watchFiles: (project, signal) =>
          void projects
            .whenSetUp(project.id, signal)
            .then((row) => {
              if (!row || row.environment_status === "setup_failed") return;
              watch.follow(row.id, () => projects.sandboxOf(row), signal);
              logProblems.follow(row.id, () => projects.sandboxOf(row), signal);
            })
            .catch((err: unknown) => log.warn({ err, project_id: project.id }, "files not watched")),
      });
      mountTransfer(mount, {
        download: createDownload({ projects }),
        importArchive: createImport({ objects, provisioning, diskBytesOf }),
        fork: createFork({ projects, provisioning }),
      });
    },
  };
}
