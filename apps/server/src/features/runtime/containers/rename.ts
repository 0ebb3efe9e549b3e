import type { ContainerContext } from "./context.ts";
import { RuntimeError, type Tree } from "@tesslate/runtime";
import type { Container } from "@tesslate/contract";
import { AppError, badRequest, conflict, notFound } from "../../../platform/errors.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { refuseDuringExclusiveTask } from "../../core/tasks/index.ts";
import { presentContainer } from "./present.ts";
import type { Containers } from "./containers.service.ts";
import type { ContainerRow, PendingRename } from "../../../db/schema/runtime.ts";
import { setupTaskKey } from "./container-setup.ts";
import { hostLabel, serviceKey } from "./names.ts";
import type { ContainerLifecycle } from "./lifecycle.ts";
import type { Services } from "./services.ts";

const labelAttempts = 10;

/** Renames a container with everything derived from its name: key, folder, host and URL. */
export type ContainerRename = ReturnType<typeof createContainerRename>;

export function createContainerRename(
  context: ContainerContext,
  {
    containers,
    lifecycle,
    services,
  }: {
    containers: Pick<Containers, "require">;
    lifecycle: ContainerLifecycle;
    services: Services;
  },
) {
  const { store, projects, connectionEnvironment, tasks, events, address, log } = context;
  const emitChange = (row: ContainerRow) =>
    events.append(row.project_id, { type: "graph_changed", data: { part: "container", op: "update", id: row.id } });
  const has = async (tree: Tree, path: string) => (await tree.stat(path)) !== undefined;

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

  /** Returns whether it ran. An existing folder is detected before anything is stopped. */
  const stopped = async (project: ProjectRow, row: ContainerRow, directory: string): Promise<boolean> => {
    if (directory !== row.directory && (await has((await projects.sandboxOf(project)).files, directory))) throw inTheWay(directory);
    // A start in progress counts as running; stopping ends it.
    const wasRunning = row.status === "starting" || (await services.isRunning(project, row));
    await lifecycle.stopContainer(project, row);
    return wasRunning;
  };
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
    /** Stops what runs and restarts it under the new name; follow the task. Throws 409 when the name or folder is taken. */
    rename: async (
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
      const pending = await intend(project, row, name, key);
      if (key === row.service_key) {
        const renamed = await finish(row, pending);
        if (!renamed) throw notFound("Container");
        await emitChange(renamed);
        return { ...presentContainer(renamed, address), task_id: null, status_url: null };
      }
      const wasRunning = await stopped(project, row, pending.directory).catch(async (error: unknown) => {
        await giveUp(row);
        throw error;
      });
      const renamed = await move(project, row, pending);
      await emitChange(renamed);
      for (const stale of await store.markStale(project.id, await connectionEnvironment.targetsOf(project.id, row.id)))
        await emitChange(stale);
      const { task_id, status_url } = wasRunning ? await lifecycle.startContainer(project, renamed) : { task_id: null, status_url: null };
      return { ...presentContainer(renamed, address), task_id, status_url };
    },
    /** At boot: completes an interrupted rename if the folder moved, otherwise discards it. */
    reconcile: async (): Promise<void> => {
      for (const row of await store.listRenaming()) {
        const { pending_rename: pending } = row;
        const project = await projects.find(row.project_id);
        if (!pending || !project || project.environment_status === "deleting") continue;
        try {
          const { files } = await projects.sandboxOf(project);
          const hasMoved =
            pending.directory !== row.directory && !(await has(files, row.directory)) && (await has(files, pending.directory));
          await (hasMoved ? finish(row, pending) : giveUp(row));
          log.info({ project_id: project.id, container_id: row.id, finished: hasMoved }, "rename settled");
        } catch (err) {
          log.error({ err, project_id: project.id, container_id: row.id }, "rename not settled");
        }
      }
    },
  };
}

const inTheWay = (directory: string) => conflict("conflict", `The folder ${directory} already exists. Move it away first.`);
