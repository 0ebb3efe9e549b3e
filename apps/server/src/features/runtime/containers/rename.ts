import { RuntimeError, type Tree } from "@tesslate/runtime";
import type { Container } from "@tesslate/contract";
import { AppError, badRequest, conflict, notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { refuseDuringExclusiveTask, type Tasks } from "../../core/tasks/index.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ContainerOperations } from "./container-operations.ts";
import type { ContainerView } from "./container-view.ts";
import type { ContainerReads } from "./containers.read.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { ContainerRow, PendingRename } from "../../../db/schema/runtime.ts";
import type { Dependents } from "./dependents.ts";
import { hostLabel, serviceKey, setupTaskKey } from "./names.ts";
import type { ServiceReach } from "./service-reach.ts";

const labelAttempts = 10;
const has = async (tree: Tree, path: string) => (await tree.stat(path)) !== undefined;

export type PendingRenames = ReturnType<typeof createPendingRenames>;
/** Renames in progress: the row with the new values, and the folder. */
export function createPendingRenames({
  store,
  projects,
  log,
}: {
  store: ContainersStore;
  projects: Pick<Projects, "find" | "sandboxOf" | "refreshSandbox">;
  log: Logger;
}) {
  /** Stores the new values before the folder moves, so that a restart can complete or discard the rename. */
  const intend = (project: ProjectRow, row: ContainerRow, name: string, key: string): Promise<PendingRename> =>
    store.transaction(async (tx) => {
      await store.lockProject(tx, project.id);
      const all = await store.listAll(project.id, tx);
      if (!all.some((r) => r.id === row.id)) throw notFound("Container");
      const others = all.filter((r) => r.id !== row.id);
      if (others.some((o) => [o.service_key, o.directory, serviceKey(o.name), o.pending_rename?.service_key].includes(key)))
        throw conflict("conflict", "Another container of this project has that name.");
      for (let attempt = 0; attempt < labelAttempts; attempt++) {
        const label = hostLabel(project.slug, key, attempt);
        const holder = await store.findByHostLabel(label, tx);
        if (holder && holder.container.id !== row.id) continue;
        const isMoving = row.container_type === "base" && row.directory !== ".";
        const pending = {
          name,
          service_key: key,
          host_label: label,
          container_name: `${project.slug}-${key}`,
          directory: isMoving ? key : row.directory,
        };
        await store.update(row.id, { pending_rename: pending }, tx);
        return pending;
      }
      throw new AppError("internal_error", "No free preview host for this name. Try another one.");
    });
  const finish = (row: ContainerRow, pending: PendingRename) => store.update(row.id, { ...pending, pending_rename: null });
  const giveUp = (row: ContainerRow) => store.update(row.id, { pending_rename: null });

  const move = async (project: ProjectRow, row: ContainerRow, pending: PendingRename): Promise<ContainerRow> => {
    const sandbox = await projects.sandboxOf(project);
    if (pending.directory !== row.directory)
      try {
        await sandbox.files.rename(row.directory, pending.directory);
      } catch (error) {
        await giveUp(row);
        if (error instanceof RuntimeError && error.code === "exists") throw inTheWay(pending.directory);
        throw error;
      }
    const renamed = await finish(row, pending);
    if (!renamed) throw notFound("Container");
    // It may have been started under its old name in between.
    await sandbox.stop(row.service_key);
    await projects.refreshSandbox(project.id);
    return renamed;
  };

  return {
    intend,
    finish,
    giveUp,
    move,
    /** Throws `conflict` for a folder that exists. */
    requireFree: async (project: ProjectRow, row: ContainerRow, directory: string): Promise<void> => {
      if (directory !== row.directory && (await has((await projects.sandboxOf(project)).files, directory))) throw inTheWay(directory);
    },
    /** At boot: completes an interrupted rename if the folder moved, otherwise discards it. `among`: only of these projects. */
    reconcile: async (among?: readonly string[]): Promise<void> => {
      for (const row of await store.listRenaming()) {
        const { pending_rename: pending } = row;
        if (among && !among.includes(row.project_id)) continue;
        const project = await projects.find(row.project_id);
        if (!pending || !project || project.environment_status === "deleting") continue;
        try {
          const { files } = await projects.sandboxOf(project);
          const hasMoved =
            pending.directory !== row.directory && !(await has(files, row.directory)) && (await has(files, pending.directory));
          await (hasMoved ? finish(row, pending) : giveUp(row));
          log.info({ project_id: project.id, container_id: row.id, finished: hasMoved }, "interrupted rename resolved");
        } catch (err) {
          log.error({ err, project_id: project.id, container_id: row.id }, "interrupted rename not resolved");
        }
      }
    },
  };
}

export type RenameContainer = ReturnType<typeof createRenameContainer>;
/**
 * Renames a container with everything derived from its name: key, folder, host and URL. Stops what runs and restarts it under the new
 * name; follow the task. Throws 409 when the name or folder is taken.
 */
export function createRenameContainer({
  containers,
  pending: renames,
  operations,
  tasks,
  view,
  dependents,
}: {
  containers: Pick<ContainerReads, "require">;
  pending: PendingRenames;
  operations: Pick<ContainerOperations, "startContainer" | "stopContainer"> & Pick<ServiceReach, "isRunning">;
  tasks: Tasks;
  view: ContainerView;
  dependents: Dependents;
}) {
  /** Returns whether it ran. An existing folder is detected before anything is stopped. */
  const stopped = async (project: ProjectRow, row: ContainerRow, directory: string): Promise<boolean> => {
    await renames.requireFree(project, row, directory);
    // A start in progress counts as running; stopping ends it.
    const wasRunning = row.status === "starting" || (await operations.isRunning(project, row));
    await operations.stopContainer(project, row);
    return wasRunning;
  };
  return async (
    userId: string,
    ref: string,
    id: string,
    given: string,
  ): Promise<Container & { task_id: string | null; status_url: string | null }> => {
    const { project, row } = await containers.require(userId, ref, id);
    const name = given.trim();
    const key = serviceKey(name);
    if (key === "") throw badRequest("A container's name needs at least one letter or digit.");
    await refuseDuringExclusiveTask(tasks, project.id);
    if (await tasks.findUnfinished(setupTaskKey(row.id)))
      throw conflict("project_busy", `${row.name} is being set up. Try again in a moment.`);
    const pending = await renames.intend(project, row, name, key);
    if (key === row.service_key) {
      const renamed = await renames.finish(row, pending);
      if (!renamed) throw notFound("Container");
      await view.emitChange(renamed, "update");
      return { ...view.present(renamed), task_id: null, status_url: null };
    }
    const wasRunning = await stopped(project, row, pending.directory).catch(async (error: unknown) => {
      await renames.giveUp(row);
      throw error;
    });
    const renamed = await renames.move(project, row, pending);
    await view.emitChange(renamed, "update");
    await dependents.markStale(row);
    const { task_id, status_url } = wasRunning ? await operations.startContainer(project, renamed) : { task_id: null, status_url: null };
    return { ...view.present(renamed), task_id, status_url };
  };
}

const inTheWay = (directory: string) => conflict("conflict", `The folder ${directory} already exists. Move it away first.`);
