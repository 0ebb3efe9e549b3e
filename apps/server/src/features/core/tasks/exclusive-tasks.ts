import { conflict } from "../../../platform/errors.ts";
import type { TaskRow } from "../../../db/schema/core.ts";

/** Task types that replace all files of a project, with the error for other operations during one. No other task of the project starts until they end. */
export const exclusiveTasks = {
  snapshot_restore: "This project is being restored. Try again in a moment.",
  files_restore: "The files of this project are being restored. Try again in a moment.",
  git_clone: "A repository is being cloned into this project. Try again in a moment.",
} as const;
export type ExclusiveTaskType = keyof typeof exclusiveTasks;
export const exclusiveTaskTypes = Object.keys(exclusiveTasks) as ExclusiveTaskType[];

/** The part of `Tasks` that is needed here. */
interface TaskLookup {
  findUnfinished(uniqueKeys: string[]): Promise<Pick<TaskRow, "type"> | undefined>;
}

/** The unique key of such a task: one per project and type at a time. */
export const exclusiveTaskKey = (type: ExclusiveTaskType, projectId: string): string => `${type}:${projectId}`;

/** The type of the exclusive task that runs in a project, if any. */
export const findExclusiveTask = async (tasks: TaskLookup, projectId: string): Promise<ExclusiveTaskType | undefined> => {
  const task = await tasks.findUnfinished(exclusiveTaskTypes.map((type) => exclusiveTaskKey(type, projectId)));
  return exclusiveTaskTypes.find((type) => type === task?.type);
};
/** Throws `project_busy` while an exclusive task runs in the project. */
export const refuseDuringExclusiveTask = async (tasks: TaskLookup, projectId: string): Promise<void> =>
  refuseExclusiveTask(await findExclusiveTask(tasks, projectId));
/** The same for what a query has just read with `exclusiveTaskOf`. */
export function refuseExclusiveTask(type: ExclusiveTaskType | null | undefined): void {
  if (type) throw conflict("project_busy", exclusiveTasks[type]);
}
