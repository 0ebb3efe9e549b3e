import { RuntimeError, type Tree } from "@tesslate/runtime";
import type { Container } from "@tesslate/contract";
import { AppError, badRequest, conflict, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { refuseDuringExclusiveTask, type Tasks } from "../../core/tasks/index.ts";
import { wireOf, type PreviewAddress } from "./present.ts";
import type { Containers } from "./containers.service.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { ContainerRow, PendingRename } from "../../../db/schema/runtime.ts";
import { setUpKey } from "./container-setup.ts";
import { hostLabel, serviceKey } from "./names.ts";
import type { Power } from "./lifecycle.ts";
import type { Services } from "./services.ts";
import type { Wiring } from "./wiring.ts";

const labelAttempts = 10;

/** Gives a container another name with all that follows from it: key, folder, host and address (accounts-projects 9). */
export type Renaming = ReturnType<typeof createRenaming>;

export function createRenaming({
  store,
  containers,
  projects,
  power,
  services,
  wiring,
  tasks,
  events,
  address,
  log,
}: {
  store: ContainersStore;
  containers: Pick<Containers, "require">;
  projects: Projects;
  power: Power;
  services: Services;
  wiring: Wiring;
  tasks: Pick<Tasks, "findUnfinished">;
  events: EventLog;
  address: PreviewAddress;
  log: Logger;
}) {
  const tell = (row: ContainerRow) =>
    events.append(row.project_id, { type: "graph_changed", data: { part: "container", op: "update", id: row.id } });
  const has = async (tree: Tree, path: string) => (await tree.stat(path)) !== undefined;

  /** What the row becomes, noted in it before the folder moves: whoever finds the note after a crash knows how to go on. */
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
      throw new AppError("internal_error", "No free address was found for this name. Try again.");
    });
  const finish = (row: ContainerRow, pending: PendingRename) => store.update(row.id, { ...pending, pending_rename: null });
  const giveUp = (row: ContainerRow) => store.update(row.id, { pending_rename: null });

  /** Answers whether it ran. A folder in the way is seen before anything is stopped for it. */
  const stopped = async (project: ProjectRow, row: ContainerRow, directory: string): Promise<boolean> => {
    if (directory !== row.directory && (await has((await projects.sandboxOf(project)).files, directory))) throw inTheWay(directory);
    // What is just being started was wanted running as well; stopping it ends that start.
    const wasRunning = row.status === "starting" || (await services.isRunning(project, row));
    await power.stopContainer(project, row);
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
    // Whoever started it in the meantime started the one of before.
    await sandbox.stop(row.service_key);
    await projects.refreshSandbox(project.id);
    return renamed;
  };

  return {
    /** What ran is stopped and started again under its new name; follow the task. Throws 409 when name or folder are taken. */
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
      if (await tasks.findUnfinished(setUpKey(row.id)))
        throw conflict("project_busy", `${row.name} is being set up. Try again in a moment.`);
      const pending = await intend(project, row, name, key);
      if (key === row.service_key) {
        const renamed = await finish(row, pending);
        if (!renamed) throw notFound("Container");
        await tell(renamed);
        return { ...wireOf(renamed, address), task_id: null, status_url: null };
      }
      const wasRunning = await stopped(project, row, pending.directory).catch(async (error: unknown) => {
        await giveUp(row);
        throw error;
      });
      const renamed = await move(project, row, pending);
      await tell(renamed);
      for (const stale of await store.markStale(project.id, await wiring.targetsOf(project.id, row.id))) await tell(stale);
      const { task_id, status_url } = wasRunning ? await power.startContainer(project, renamed) : { task_id: null, status_url: null };
      return { ...wireOf(renamed, address), task_id, status_url };
    },
    /** After a start: what a crash cut short is brought to its end if the folder has moved, and forgotten if not. */
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

const inTheWay = (directory: string) => conflict("conflict", `There is a folder ${directory} already. Move it away first.`);
