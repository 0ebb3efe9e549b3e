import type { EnvironmentStatus, List, Project, RunStatus, StopReason } from "@tesslate/contract";
import type { ImageId, Sandbox, ServiceState } from "@tesslate/runtime";
import type { Config } from "../../../config.ts";
import { AppError, conflict, invalid, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { Claim, ProjectsStore, ProjectWithStatuses } from "./projects.store.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { runStatusOf } from "./run-status.ts";
import type { Sandboxes } from "./sandboxes.ts";

/** Why something of a project is let go of; `container_id` when it concerns one container only. */
export interface Release {
  project_id: string;
  container_id?: string;
  reason: "stopped" | "deleted";
}

const touchEveryMs = 15_000;
/** Another process may do the setup; its end is then seen this late at most. */
const recheckMs = 5000;
const maxSettingsBytes = 64 * 1024;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Projects: whose they are, what is stored about them, and the way to their sandbox. */
export type Projects = ReturnType<typeof createProjects>;

export function createProjects({
  store,
  sandboxes,
  events,
  diskBytes,
  maxRunning,
  isShared,
  log,
}: {
  store: ProjectsStore;
  sandboxes: Sandboxes;
  /** What one project may use, by its owner's tier. */
  diskBytes: Config["projects"]["diskBytes"];
  /** How many projects of one owner may run at once, by tier. */
  maxRunning: Config["projects"]["maxRunning"];
  /** Other servers use the same database: a project's files may lie on one of them. */
  isShared: boolean;
  events: EventLog;
  log: Logger;
}) {
  const touched = new Map<string, { activity: number; change: number }>();
  const lifetimes = new Map<string, AbortController>();
  const statusWaiters = new Map<string, Set<() => void>>();
  const releaseListeners: ((release: Release) => Promise<void>)[] = [];
  const useListeners: ((projectId: string) => void)[] = [];

  const require = async (userId: string, ref: string): Promise<ProjectWithStatuses> => {
    const row = await store.findOwned(userId, ref, uuid.test(ref));
    if (!row) throw notFound("Project");
    return row;
  };
  const openingOf = async (projectId: string) => ({
    hostnames: await store.serviceKeys(projectId),
    limits: { diskBytes: diskBytes[await store.ownerTier(projectId)] },
  });
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

  /** Writes at most once per 15 s and project. */
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
     * The one question of ownership: the caller's project of that UUID or slug, else 404 `not_found`.
     * Somebody else's, an unknown one and one that is being deleted are the same answer.
     */
    require,
    /** Without an owner check, for work that the server itself does. */
    find: (id: string): Promise<ProjectRow | undefined> => store.find(id),

    list: async (userId: string, query: PageQuery & { q?: string; status?: RunStatus }): Promise<List<Project>> => {
      const page = pageOf(query);
      const { rows, total } = await store.list(userId, { ...query, limit: page.limit, offset: page.offset });
      return page.envelope(rows.map(wireOf), total);
    },
    get: async (userId: string, ref: string): Promise<Project> => wireOf(await require(userId, ref)),
    update: async (
      userId: string,
      ref: string,
      change: { name?: string; description?: string | null; settings?: Record<string, unknown> },
    ): Promise<Project> => {
      const row = await require(userId, ref);
      const { name, description, settings } = change;
      if (settings) {
        const merged = { ...row.settings, ...settings };
        if (Buffer.byteLength(JSON.stringify(merged)) > maxSettingsBytes)
          throw invalid(["body", "settings"], "Settings may have at most 64 KiB");
      }
      if (name === undefined && description === undefined && settings === undefined) return wireOf(row);
      await store.update(
        row.id,
        { ...(name !== undefined && { name: name.trim() }), ...(description !== undefined && { description }) },
        settings,
      );
      const after = await require(userId, row.id);
      if (name !== undefined && after.name !== row.name) await publishStatus(after, after.name);
      return wireOf(after);
    },

    /**
     * The project's sandbox; opening it starts nothing. Throws `project_busy` while the project is being set up:
     * its tree comes from a template, and nobody may make an empty one before that.
     */
    sandboxOf: async (project: Pick<ProjectRow, "id" | "environment_status">): Promise<Sandbox> => {
      if (project.environment_status === "provisioning")
        throw conflict("project_busy", "This project is still being set up. Try again in a moment.");
      if (project.environment_status === "setup_failed")
        throw conflict("project_busy", "Setting up this project failed, so it has no files. Retry the setup, or delete the project.");
      const known = sandboxes.peek(project.id);
      if (known) return known;
      // An empty tree beside the real one on another machine would be taken for the project.
      if (isShared && !(await sandboxes.isHere(project.id)))
        throw new AppError("runtime_unavailable", "The files of this project are on another server.");
      return sandboxes.open(project.id, await openingOf(project.id));
    },
    /** The project once its setup has ended, well or not; `undefined` when it is gone or the signal aborts. */
    whenSetUp: async (projectId: string, signal: AbortSignal): Promise<ProjectRow | undefined> => {
      while (!signal.aborted) {
        let wake = () => {};
        // Listens before it looks, so that no change falls in between.
        const changed = new Promise<void>((resolve) => (wake = resolve));
        const set = statusWaiters.get(projectId) ?? new Set();
        statusWaiters.set(projectId, set.add(wake));
        const timer = setTimeout(wake, recheckMs);
        signal.addEventListener("abort", wake, { once: true });
        try {
          const row = await store.find(projectId);
          if (!row || row.environment_status === "deleting") return undefined;
          if (row.environment_status !== "provisioning") return row;
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
    /** Creates the sandbox of a new project. An attempt that a crash cut short leaves a tree that nobody used: it is taken away first. */
    createSandbox: async (projectId: string, image: ImageId | undefined, options: { isRetry: boolean }): Promise<Sandbox> => {
      if (options.isRetry) await sandboxes.remove(projectId);
      return sandboxes.open(projectId, { ...(image !== undefined && { image }), ...(await openingOf(projectId)) });
    },
    /** The handle, if the sandbox is open. */
    peekSandbox: (projectId: string): Promise<Sandbox> | undefined => sandboxes.peek(projectId),
    removeSandbox: (projectId: string): Promise<void> => sandboxes.remove(projectId),
    /** Opens the sandbox anew, with the host names of the containers that it has now. Running services go on. */
    refreshSandbox: async (projectId: string): Promise<void> => {
      await sandboxes.forget(projectId);
      await sandboxes.open(projectId, await openingOf(projectId));
    },
    onServiceState: (listener: (projectId: string, state: ServiceState) => void): void => sandboxes.onState(listener),

    /** Called whenever somebody uses or changes a project, however often. */
    onUse: (listener: (projectId: string) => void): void => void useListeners.push(listener),
    /** What the idle policy asks before it puts a project to sleep. */
    restOf: (projectIds: string[]) => store.restOf(projectIds),
    /** Somebody worked on the project: sets `updated_at` and `last_activity`, at most once per 15 s. */
    touch: (projectId: string): Promise<void> => mark(projectId, true),
    /** Somebody used the project: sets `last_activity` alone, at most once per 15 s. */
    used: (projectId: string): Promise<void> => mark(projectId, false),

    /** Stores the status and tells the project's stream when it changed. Never touches a project that is being deleted. */
    setEnvironment: async (projectId: string, status: EnvironmentStatus, reason?: StopReason): Promise<void> => {
      const changed = await store.setEnvironment(projectId, status, { ...(reason && { reason }) });
      if (changed) await publishStatus(changed);
    },
    /** See the store; the project's stream is told. */
    claimPlace: async (projectId: string): Promise<Claim> => {
      const claim = await store.claimPlace(projectId, maxRunning);
      if (claim.row) await publishStatus(claim.row);
      return claim;
    },

    /** Aborts when the project is deleted: what streams of a project end with. */
    lifetime: (projectId: string): AbortSignal => {
      const known = lifetimes.get(projectId) ?? new AbortController();
      lifetimes.set(projectId, known);
      return known.signal;
    },
    endLifetime: (projectId: string): void => {
      lifetimes.get(projectId)?.abort();
      lifetimes.delete(projectId);
      touched.delete(projectId);
    },
    /** Registers what must be let go of when containers stop or go away, e.g. terminals. */
    onRelease: (listener: (release: Release) => Promise<void>): void => void releaseListeners.push(listener),
    release: async (release: Release): Promise<void> => {
      for (const listener of releaseListeners)
        await listener(release).catch((err: unknown) => log.error({ err, ...release }, "release failed"));
    },
    publishStatus,
  };
}

/** The contract's shape of a row; `status` is derived. */
export function wireOf(row: ProjectWithStatuses): Project {
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
    is_deployed: row.is_deployed,
    deployed_at: row.deployed_at,
    last_activity: row.last_activity,
    settings: row.settings,
  };
}
const statusOf = (row: ProjectWithStatuses): RunStatus => runStatusOf(row.environment_status, row.container_statuses);
