import { badRequest, conflict } from "../../../platform/errors.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import { refuseDuringExclusiveTask, taskLinks, type NewTask, type TaskRow, type Tasks } from "../../core/tasks/index.ts";
import type { Restarts } from "./restarts.ts";
import type { RunningLimit } from "./running-limit.ts";
import { isManaged } from "./service-state.ts";
import type { ServiceTracking } from "./service-tracking.ts";

/** The response of every start and restart. */
export interface StartResult {
  task_id: string | null;
  status_url: string | null;
  already_running?: boolean;
  already_started?: boolean;
}
export const nothingToDo: StartResult = { task_id: null, status_url: null, already_running: true };
/** Throws `external_service`. */
export const refuseExternal = (row: ContainerRow) => {
  if (!isManaged(row)) throw badRequest("This is an external service and cannot be started or stopped here.", "external_service");
};
/** Unique keys of all starts of a project. */
export const startKeysOf = (project: ProjectRow, rows: ContainerRow[]) => [
  `project_start:${project.id}`,
  `project_restart:${project.id}`,
  ...rows.flatMap((r) => [`container_start:${r.id}`, `container_restart:${r.id}`]),
];

export type StartRequests = ReturnType<typeof createStartRequests>;
/** Accepts and cancels starts. */
export function createStartRequests({
  tasks,
  running,
  restarts,
  updateEnvironmentStatus,
}: {
  tasks: Tasks;
  running: RunningLimit;
  restarts: Pick<Restarts, "forget">;
  updateEnvironmentStatus: ServiceTracking["updateEnvironmentStatus"];
}) {
  const startResult = ({ row, isNew }: { row: TaskRow; isNew: boolean }): StartResult => ({
    ...taskLinks(row),
    ...(!isNew && { already_started: true }),
  });
  return {
    /** Throws `project_busy`. */
    refuseIfBusy: async (project: ProjectRow): Promise<void> => {
      await refuseDuringExclusiveTask(tasks, project.id);
      if (project.environment_status === "provisioning" || project.environment_status === "stopping")
        throw conflict(
          "project_busy",
          `This project is being ${project.environment_status === "stopping" ? "stopped" : "set up"}. Try again in a moment.`,
        );
    },
    /** Claims a running slot, then starts; a manual start resets the crash backoff. */
    begin: async (project: ProjectRow, task: NewTask & { unique_key: string }, key?: string): Promise<StartResult> => {
      await running.claim(project);
      restarts.forget(project.id, key);
      try {
        return startResult(await tasks.createOnce(task));
      } catch (error) {
        await updateEnvironmentStatus(project);
        throw error;
      }
    },
    /** A start that has not ended. */
    findUnfinished: async (keys: string[]): Promise<StartResult | undefined> => {
      for (const key of keys) {
        const row = await tasks.findUnfinished(key);
        if (row) return startResult({ row, isNew: false });
      }
      return undefined;
    },
    /** A stop cancels starts in progress. */
    cancel: async (keys: string[]): Promise<void> => {
      for (const key of keys) {
        const task = await tasks.findUnfinished(key);
        if (!task) continue;
        await tasks.requestCancel(task.id);
        await tasks.ended(task.id);
      }
    },
  };
}
