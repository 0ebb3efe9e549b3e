import { join } from "node:path";
import { createProvisioning, createTemplateSource, mountProjects, type Provisioning } from "../features/projects/projects/index.ts";
import {
  createArchiveSource,
  createDownload,
  createFork,
  createForkSource,
  createGitSource,
  createImport,
  mountTransfer,
  sweepArchives,
} from "../features/source/transfer/index.ts";
import {
  createFetchRepository,
  createGitStore,
  createOutsideGit,
  type FetchRepository,
  type OpenOutsideGit,
} from "../features/source/git/index.ts";
import type { Area } from "./area.ts";
import type { ContainersArea } from "./containers.ts";
import type { GitProvidersArea } from "./git-providers.ts";
import type { StoreListings } from "./store-listings.ts";
import type { Platform } from "./platform.ts";
import type { PreviewsArea } from "./previews.ts";
import type { ProjectsArea } from "./projects.ts";
import type { WorkspaceArea } from "./workspace.ts";

/** How projects come to be (template, archive, repository, fork) and how they are taken away. */
export interface ArrivalsArea extends Area {
  provisioning: Provisioning;
  openGit: OpenOutsideGit;
  fetchRepository: FetchRepository;
  /** Room for one project of that person. */
  diskBytesOf: (userId: string) => Promise<number>;
}

export async function composeArrivals(
  { config, log, db, dataDir, events, runtime, tasks, outbound, ca }: Platform,
  { projects, projectsStore, templates }: ProjectsArea,
  { creation, connectionsStore, power, services }: ContainersArea,
  { previewsStore }: PreviewsArea,
  { assetsStore, watch, logProblems }: WorkspaceArea,
  { resolveBase }: Pick<StoreListings, "resolveBase">,
  { gitAccounts }: Pick<GitProvidersArea, "gitAccounts">,
): Promise<ArrivalsArea> {
  const { insertFirst } = creation;
  const diskBytesOf = async (userId: string) => config.projects.diskBytes[await projectsStore.tierOf(userId)];
  /** Archives and repositories that wait for the setup of their project. */
  const dir = join(dataDir, "arrivals");
  await sweepArchives(dir);
  const openGit = createOutsideGit({ dir, outbound, ca, log });
  const fetchRepository = createFetchRepository(openGit);
  const provisioning = createProvisioning({
    store: projectsStore,
    projects,
    sources: {
      template: createTemplateSource({ projects, templates, insertFirst, runtime, log }),
      archive: createArchiveSource({ dir, projects, insertFirst, diskBytesOf }),
      git: createGitSource({
        projects,
        fetchRepository,
        insertFirst,
        diskBytesOf,
        withAuthorization: gitAccounts.withAuthorization,
        identityOf: createGitStore(db).identityOf,
      }),
      fork: createForkSource({
        projects,
        templates,
        runtime,
        copyContainers: creation.copyAll,
        copyCanvas: [
          (tx, from, to, copies) => previewsStore.copyAll(tx, from.id, to.id, copies),
          (tx, from, to, copies) => connectionsStore.copyAll(tx, from.id, to.id, copies),
          (tx, from, to) => assetsStore.copyAll(tx, from.id, to.id),
        ],
      }),
    },
    shutDown: power.shutDown,
    maxProjects: config.projects.maxCount,
    templates,
    checkRepository: outbound.check,
    allowsPlain: outbound.allowsPlain,
    resolveBase,
    tasks,
    log,
  });

  return {
    provisioning,
    openGit,
    fetchRepository,
    diskBytesOf,
    mount(mount) {
      mountProjects(mount, {
        projects,
        provisioning,
        verbs: power,
        statusOf: services.status,
        templates,
        events,
        deploymentMode: runtime.name,
        // Whoever follows a project from its first moment on sees its files appear once there is a tree to watch.
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
        importArchive: createImport({ dir, provisioning, diskBytesOf }),
        fork: createFork({ projects, provisioning }),
      });
    },
  };
}
