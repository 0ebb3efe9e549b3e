import type { EnvironmentStatus, List, Project, ProjectHistory, RunStatus, StopReason } from "@tesslate/contract";
import { RuntimeError, type ImageId, type Sandbox, type ServiceState } from "@tesslate/runtime";
import type { Config } from "../../../config.ts";
import { AppError, conflict, invalid, notFound } from "../../../platform/errors.ts";
import type { Queries } from "../../../platform/database.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { WorkContext } from "../../../platform/work-context.ts";
import type { ProjectOwners } from "../../../platform/servers/index.ts";
import type { OwnedProject, RunningClaim, ProjectsStore, ProjectWithStatuses } from "./projects.store.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { runStatusOf } from "./run-status.ts";
import type { Sandboxes } from "./sandboxes.ts";
import { refuseExclusiveTask } from "../../core/tasks/index.ts";
import { isUuid } from "../../../platform/uuid.ts";

/** Why resources of a project are released; `container_id` when only one container is affected. */
export interface Release {
  project_id: string;
  container_id?: string;
  reason: "stopped" | "deleted";
}

/** Begins the names of points in a tree whose files are being restored from copies. */
export const unfinishedFiles = "restoring/files";
const filesMissing = () =>
  new AppError(
    "files_missing",
    "The files of this project are missing: the disk that had them was lost or is not connected. Restore them from the last copy.",
  );

const unfinishedIn = async ({ history }: Sandbox): Promise<boolean> => {
  try {
    return (await history.names(unfinishedFiles)).length > 0;
  } catch (error) {
    if (error instanceof RuntimeError && error.code === "not_supported") return false;
    throw error;
  }
};

const touchEveryMs = 15_000;
const checkEveryMs = 5_000;
/** Poll interval for setups that run in another process. */
const recheckMs = 5000;
/** Left for every project, however much its branches use: files can be deleted only in a sandbox that opens. */
const minDiskBytes = 16 * 2 ** 20;
const maxSettingsBytes = 64 * 1024;

/** Projects: ownership, metadata and access to their sandbox. */
export type Projects = ReturnType<typeof createProjects>;

export function createProjects({
  store,
  sandboxes,
  events,
  limits: { diskBytes, memoryBytes, cpus, maxRunning },
  hasOtherServers,
  owners,
  work,
  log,
}: {
  store: ProjectsStore;
  sandboxes: Sandboxes;
  /** By the owner's tier: the disk limit of a project, and how many projects may run at once. */
  limits: Pick<Config["projects"], "diskBytes" | "memoryBytes" | "cpus" | "maxRunning">;
  /** Whether servers that are no part of this installation use the database now: a project's files may be there. */
  hasOtherServers: () => Promise<boolean>;
  owners: Pick<ProjectOwners, "isOneOfSeveral" | "owns">;
  events: EventLog;
  /** Log lines of a request have the project's id once it is known. */
  work?: Pick<WorkContext, "add"> | undefined;
  log: Logger;
}) {
  const touched = new Map<string, { activity: number; change: number }>();
  const lifetimes = new Map<string, AbortController>();
  /** When kept handles were last compared with the runtime. */
  const checkedAt = new Map<string, number>();
  const statusWaiters = new Map<string, Set<() => void>>();
  const releaseListeners: ((release: Release) => Promise<void>)[] = [];
  const useListeners: ((projectId: string) => void)[] = [];

  const require = async (userId: string, ref: string): Promise<OwnedProject> => {
    const row = await store.findOwned(userId, ref, isUuid(ref));
    if (!row) throw notFound("Project");
    work?.add({ project_id: row.id });
    return row;
  };
  /** A project and its branches share the disk limit: each may use what the others left when they were measured last. */
  const diskLimitOf = async (projectId: string): Promise<number> => {
    const [tier, beside] = await Promise.all([store.ownerTier(projectId), store.diskBytesBeside(projectId)]);
    const limit = diskBytes[tier];
    return Math.max(Math.min(minDiskBytes, limit), limit - beside);
  };
  const openingOf = async (projectId: string) => ({
    hostnames: await store.serviceKeys(projectId),
    limits: { memoryBytes, cpus, diskBytes: await diskLimitOf(projectId) },
  });
  /**
   * The project's sandbox; opening it starts nothing. Throws `project_busy` during setup: the tree must be created from
   * its source, not empty by the first access.
   */
  const sandboxOf = async (project: Pick<ProjectRow, "id" | "environment_status">): Promise<Sandbox> => {
    if (project.environment_status === "provisioning")
      throw conflict("project_busy", "The project is still being set up. Try again in a moment.");
    if (project.environment_status === "setup_failed")
      throw conflict("project_busy", "Setup of this project failed, so it has no files. Retry the setup or delete the project.");
    if (project.environment_status === "files_missing" && !(await areFilesBack(project.id))) throw filesMissing();
    const known = sandboxes.peek(project.id);
    if (known && !(await isGone(project.id, known))) return known;
    if (owners.isOneOfSeveral && !(await owners.owns(project.id))) {
      // Work on several projects, such as a copy, also uses those of other servers. Their owner sees what changes.
      const found = await sandboxes.find(project.id);
      if (found) return found;
      throw await markMissing(project.id);
    }
    // Opening would create an empty tree, which is right only for what deletes it.
    if (project.environment_status !== "deleting" && !(await sandboxes.find(project.id))) throw await markMissing(project.id);
    return sandboxes.open(project.id, await openingOf(project.id));
  };
  /** Of a handle that is kept: whether the runtime no longer has its files, for example because its runner started with another disk. */
  const isGone = async (projectId: string, known: Promise<Sandbox>): Promise<boolean> => {
    const now = Date.now();
    if (now - (checkedAt.get(projectId) ?? 0) < checkEveryMs) return false;
    checkedAt.set(projectId, now);
    try {
      // `find` would take a project back from the server that took it over.
      if (owners.isOneOfSeveral) await (await known).services();
      else return (await sandboxes.find(projectId)) === undefined;
    } catch (error) {
      return error instanceof RuntimeError && error.code === "not_found";
    }
    return false;
  };
  /** The files are not there: says so in the project from now on. */
  const markMissing = async (projectId: string): Promise<AppError> => {
    if (!owners.isOneOfSeveral && (await hasOtherServers()))
      return new AppError("runtime_unavailable", "The files of this project are on another server. Try again when that server is running.");
    await sandboxes.forget(projectId);
    const changed = await store.setEnvironment(projectId, "files_missing");
    if (changed) {
      log.error({ project_id: projectId }, "the files of a project are missing");
      await publishStatus(changed);
    }
    return filesMissing();
  };
  /** Whether a disk that was missing is there again. An empty tree, or one that a restore began, is none. */
  const areFilesBack = async (projectId: string): Promise<boolean> => {
    const row = await store.find(projectId);
    if (!row || row.environment_status !== "files_missing") return row !== undefined;
    const sandbox = await sandboxes.find(projectId);
    if (!sandbox || (await unfinishedIn(sandbox)) || (await sandbox.files.walk()).length === 0) return false;
    const changed = await store.setEnvironment(projectId, "stopped", { areFilesBack: true });
    if (changed) {
      log.info({ project_id: projectId }, "the files of a project are there again");
      await publishStatus(changed);
    }
    return true;
  };
  const publishStatus = (row: ProjectRow, name?: string) => {
    for (const wake of statusWaiters.get(row.id) ?? []) wake();
    return publish(row, name);
  };
  const publish = (row: ProjectRow, name?: string) =>
    events.append(row.id, {
      type: "project_status",
      data: {
        environment_status: row.environment_status,
        stop_reason: row.stop_reason,
        is_deployed: row.is_deployed,
        ...(name !== undefined && { name }),
      },
    });

  /** Minimum interval between writes of `last_activity` per project. */
  const mark = async (projectId: string, isChange: boolean): Promise<void> => {
    for (const listener of useListeners) listener(projectId);
    const now = Date.now();
    const last = touched.get(projectId) ?? { activity: 0, change: 0 };
    if (now - (isChange ? last.change : last.activity) < touchEveryMs) return;
    touched.set(projectId, { activity: now, change: isChange ? now : last.change });
    await store.touch(projectId, isChange);
  };

  return {
    /**
     * The ownership check: the caller's project with this UUID or slug, else 404 `not_found`.
     * A project of another user, an unknown one and one that is being deleted give the same error.
     */
    require,
    /** As `require`; 409 `conflict` for a branch, which is deleted when it is merged or discarded. */
    requireDeployable: async (userId: string, ref: string): Promise<OwnedProject> => {
      const project = await require(userId, ref);
      if (project.branch_of !== null) throw conflict("conflict", "A branch can't be deployed. Merge it into its project first.");
      return project;
    },
    /** Without an owner check, for work that the server itself does. */
    find: (id: string): Promise<ProjectRow | undefined> => store.find(id),

    list: async (userId: string, query: PageQuery & { q?: string; status?: RunStatus }): Promise<List<Project>> => {
      const page = pageOf(query);
      const { rows, total } = await store.list(userId, { ...query, limit: page.limit, offset: page.offset });
      return page.envelope(rows.map(presentProject), total);
    },
    /** Of the caller's projects among `ids`, in no order. */
    histories: (userId: string, ids: readonly string[]): Promise<ProjectHistory[]> => store.histories(userId, ids.filter(isUuid)),
    get: async (userId: string, ref: string): Promise<Project> => presentProject(await require(userId, ref)),
    update: async (
      userId: string,
      ref: string,
      change: { name?: string; description?: string | null; settings?: Record<string, unknown>; is_pinned?: boolean },
    ): Promise<Project> => {
      const row = await require(userId, ref);
      const { name, description, settings, is_pinned } = change;
      if (settings) {
        const merged = { ...row.settings, ...settings };
        if (Buffer.byteLength(JSON.stringify(merged)) > maxSettingsBytes)
          throw invalid(["body", "settings"], "Settings are limited to 64 KiB");
      }
      if (is_pinned !== undefined && is_pinned !== (row.pinned_at !== null)) await store.setPinned(row.id, is_pinned);
      if (name !== undefined || description !== undefined || settings !== undefined)
        await store.update(
          row.id,
          { ...(name !== undefined && { name: name.trim() }), ...(description !== undefined && { description }) },
          settings,
        );
      const after = await require(userId, row.id);
      if (name !== undefined && after.name !== row.name) await publishStatus(after, after.name);
      return presentProject(after);
    },

    sandboxOf,
    /** Reads from the runtime whether it has the files of a project without files again. */
    areFilesBack,
    /** At start and on request: marks those of these projects whose files the runtime does not have. Returns how many. */
    findMissing: async (): Promise<number> => {
      let found = 0;
      if (!owners.isOneOfSeveral && (await hasOtherServers())) return found;
      const existing = new Set(await sandboxes.ids());
      for (const id of await store.listWithFiles()) {
        if (existing.has(id) || (await sandboxes.find(id))) continue;
        await markMissing(id);
        found++;
      }
      return found;
    },
    /** The files are complete: the project can be used again, in the transaction of the caller. */
    filesRestored: (q: Queries, projectId: string) => store.setEnvironment(projectId, "stopped", { q, areFilesBack: true }),
    /**
     * Like `sandboxOf`, for changes to the files: throws `project_busy` also if a restore or a clone, which would undo them, was running when the
     * project was loaded.
     */
    sandboxForChange: async (project: OwnedProject): Promise<Sandbox> => {
      refuseExclusiveTask(project.exclusive_task);
      return sandboxOf(project);
    },
    /** The project after its setup has succeeded or failed, with files; `undefined` when it is gone or the signal aborts. */
    whenSetUp: async (projectId: string, signal: AbortSignal): Promise<ProjectRow | undefined> => {
      while (!signal.aborted) {
        let wake = () => {};
        // Subscribes before reading, so that no change is missed.
        const changed = new Promise<void>((resolve) => (wake = resolve));
        const set = statusWaiters.get(projectId) ?? new Set();
        statusWaiters.set(projectId, set.add(wake));
        const timer = setTimeout(wake, recheckMs);
        signal.addEventListener("abort", wake, { once: true });
        try {
          const row = await store.find(projectId);
          if (!row || row.environment_status === "deleting") return undefined;
          if (row.environment_status !== "provisioning" && row.environment_status !== "files_missing") return row;
          await changed;
        } finally {
          clearTimeout(timer);
          signal.removeEventListener("abort", wake);
          set.delete(wake);
          if (set.size === 0) statusWaiters.delete(projectId);
        }
      }
      return undefined;
    },
    /** Creates the sandbox of a new project. Deletes the unused tree of an attempt that a crash interrupted. */
    createSandbox: async (projectId: string, image: ImageId | undefined, options: { isRetry: boolean }): Promise<Sandbox> => {
      if (options.isRetry) await sandboxes.remove(projectId);
      return sandboxes.open(projectId, { ...(image !== undefined && { image }), ...(await openingOf(projectId)) });
    },
    /** Drops the handle: another server becomes the owner. */
    forgetSandbox: (projectId: string): Promise<void> => sandboxes.forget(projectId),
    /** The handle, if the sandbox is open. */
    peekSandbox: (projectId: string): Promise<Sandbox> | undefined => sandboxes.peek(projectId),
    removeSandbox: (projectId: string): Promise<void> => sandboxes.remove(projectId),
    /** Reopens the sandbox with the current host names of its containers. Running services keep running. */
    refreshSandbox: async (projectId: string): Promise<void> => {
      await sandboxes.forget(projectId);
      await sandboxes.open(projectId, await openingOf(projectId));
    },
    onServiceState: (listener: (projectId: string, state: ServiceState) => void): void => sandboxes.onState(listener),

    /** Called on every use or change of a project. */
    onUse: (listener: (projectId: string) => void): void => void useListeners.push(listener),
    /** Asked by the idle policy before it stops a project. */
    restOf: (projectIds: string[]) => store.restOf(projectIds),
    /** For changes: sets `updated_at` and `last_activity`, at most once per 15 s. */
    touch: (projectId: string): Promise<void> => mark(projectId, true),
    /** For use without changes: sets `last_activity`, at most once per 15 s. */
    used: (projectId: string): Promise<void> => mark(projectId, false),

    /** Stores the status and emits `project_status` when it changed. Never touches a project that is being deleted. */
    setEnvironment: async (projectId: string, status: EnvironmentStatus, reason?: StopReason): Promise<void> => {
      const changed = await store.setEnvironment(projectId, status, { ...(reason && { reason }) });
      if (changed) await publishStatus(changed);
    },
    /** Like the store's `claimRunning`, and emits `project_status`. */
    claimRunning: async (projectId: string): Promise<RunningClaim> => {
      const claim = await store.claimRunning(projectId, maxRunning);
      if (claim.row) await publishStatus(claim.row);
      return claim;
    },

    /** Aborts when the project is deleted; ends its streams. */
    lifetime: (projectId: string): AbortSignal => {
      const known = lifetimes.get(projectId) ?? new AbortController();
      lifetimes.set(projectId, known);
      return known.signal;
    },
    endLifetime: (projectId: string): void => {
      lifetimes.get(projectId)?.abort();
      lifetimes.delete(projectId);
      checkedAt.delete(projectId);
      touched.delete(projectId);
    },
    /** Registers a listener that releases resources when containers stop or are deleted, e.g. terminals. */
    onRelease: (listener: (release: Release) => Promise<void>): void => void releaseListeners.push(listener),
    release: async (release: Release): Promise<void> => {
      for (const listener of releaseListeners)
        await listener(release).catch((err: unknown) => log.error({ err, ...release }, "release failed"));
    },
    publishStatus,
  };
}

/** A row as the API returns it; `status` is derived. */
export function presentProject(row: ProjectWithStatuses): Project {
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    description: row.description,
    owner_id: row.owner_id,
    network_name: `tesslate-${row.slug}`,
    created_at: row.created_at,
    updated_at: row.updated_at,
    environment_status: row.environment_status,
    stop_reason: row.stop_reason,
    hibernated_at: row.hibernated_at,
    status: statusOf(row),
    has_git_repo: row.has_git_repo,
    git_remote_url: row.git_remote_url,
    deploy_type: row.deploy_type,
    branch_of: row.branch_of,
    is_deployed: row.is_deployed,
    deployed_at: row.deployed_at,
    last_activity: row.last_activity,
    settings: row.settings,
    template_slug: row.template_slug,
    pinned_at: row.pinned_at,
    thumbnail: row.pictured_at === null ? null : thumbnailOf(row.id, row.pictured_at),
  };
}
/** URLs that change with each picture. */
export const thumbnailOf = (projectId: string, updated_at: string): NonNullable<Project["thumbnail"]> => {
  const url = (theme: "light" | "dark") => `/api/projects/${projectId}/pictures/${theme}?v=${Date.parse(updated_at)}`;
  return { light: url("light"), dark: url("dark"), updated_at };
};
const statusOf = (row: ProjectWithStatuses): RunStatus => runStatusOf(row.environment_status, row.container_statuses);
