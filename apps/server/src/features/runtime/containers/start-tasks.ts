import { AppError } from "../../../platform/errors.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { TaskContext, TaskRow, Tasks } from "../../core/tasks/index.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { EarlyServices } from "./early-services.ts";
import type { ProjectHolds } from "./project-holds.ts";
import { isManaged } from "./service-state.ts";
import type { ContainerStartup } from "./startup.ts";

/** For a whole chain of containers that wait for each other. */
const startTimeoutMs = 600_000;

/** The task that starts or restarts a container. */
export const containerTask = (kind: "container_start" | "container_restart", project: ProjectRow, row: ContainerRow, isUse = true) => ({
  user_id: project.owner_id,
  project_id: project.id,
  type: kind,
  unique_key: `${kind}:${row.id}`,
  metadata: { project_slug: project.slug, project_id: project.id, container_id: row.id, container_name: row.container_name },
  input: { container_id: row.id, is_use: isUse },
  message: isUse ? "Waiting to start" : "Restarting after a failure",
});

/** The task that starts or restarts a project. */
export const projectTask = (kind: "project_start" | "project_restart", project: ProjectRow) => ({
  user_id: project.owner_id,
  project_id: project.id,
  type: kind,
  unique_key: `${kind}:${project.id}`,
  metadata: { project_id: project.id, project_slug: project.slug, project_name: project.name },
  message: "Waiting to start",
});

export const urlsOf = (rows: ContainerRow[], urlOf: (row: ContainerRow) => string | null): Record<string, string | null> =>
  Object.fromEntries(rows.map((row) => [row.service_key, urlOf(row)]));

/** Defines the tasks that start and restart containers and projects. */
export function defineStartTasks({
  store,
  projects,
  tasks,
  startup,
  holds,
  early,
  urlOf,
}: {
  store: Pick<ContainersStore, "find" | "listAll">;
  projects: Pick<Projects, "find" | "setEnvironment" | "release">;
  tasks: Pick<Tasks, "define">;
  startup: ContainerStartup;
  holds: ProjectHolds;
  early: Pick<EarlyServices, "use" | "stop">;
  urlOf: (row: ContainerRow) => string | null;
}): void {
  const loadBoth = async (task: TaskRow, containerId: string) => {
    const project = await projects.find(task.project_id ?? "");
    const row = project && (await store.find(project.id, containerId));
    if (!project || project.environment_status === "deleting" || !row) throw new AppError("not_found", "The container was deleted.");
    return { project, row };
  };
  const runContainer =
    (isRestart: boolean) =>
    async ({ task, input, signal, progress }: TaskContext<{ container_id: string; is_use: boolean }>) => {
      const { project, row } = await loadBoth(task, input.container_id);
      const work = async () => {
        if (isRestart) {
          await progress(5, `Stopping ${row.name}`);
          await startup.stop(project, row);
        }
        // The others of the project are not wanted yet.
        await early.stop(project.id);
        if (project.environment_status !== "active") await projects.setEnvironment(project.id, "starting");
        await startup.startOne(project, row, signal, progress, { isUse: input.is_use });
      };
      await holds.during(project, work, { signal });
      return { container_id: row.id, container_name: row.container_name, url: urlOf(row), status: "running" };
    };
  /** Waking skips containers that were stopped by hand. */
  const runProject =
    (isRestart: boolean) =>
    async ({ task, input, signal, progress }: TaskContext<{ is_wake?: boolean } | null>) => {
      const project = await projects.find(task.project_id ?? "");
      if (!project || project.environment_status === "deleting") throw new AppError("not_found", "The project was deleted.");
      const rows = (await store.listAll(project.id)).filter((row) => isManaged(row) && !(input?.is_wake && row.is_stop_held));
      const work = async () => {
        if (isRestart) {
          await progress(5, "Stopping everything");
          await startup.stop(project);
          await projects.release({ project_id: project.id, reason: "stopped" });
        }
        await projects.setEnvironment(project.id, "starting");
        await early.use(project, rows);
        await startup.startAll(project, rows, signal, progress);
      };
      await holds.during(project, work, { signal });
      return { containers: urlsOf(rows, urlOf), status: "running" };
    };
  /** A cancelled or crashed start leaves the project in `starting`. */
  const updateStatus = async ({ project_id }: TaskRow) => {
    if (project_id) await holds.updateStatus(project_id);
  };
  tasks.define("container_start", { timeoutMs: startTimeoutMs, run: runContainer(false), ended: updateStatus, interrupted: updateStatus });
  tasks.define("container_restart", { timeoutMs: startTimeoutMs, run: runContainer(true), ended: updateStatus, interrupted: updateStatus });
  tasks.define("project_start", { timeoutMs: startTimeoutMs, run: runProject(false), ended: updateStatus, interrupted: updateStatus });
  tasks.define("project_restart", { timeoutMs: startTimeoutMs, run: runProject(true), ended: updateStatus, interrupted: updateStatus });
}
