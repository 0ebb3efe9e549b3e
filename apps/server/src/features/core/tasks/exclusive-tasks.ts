import { conflict } from "../../../platform/errors.ts";

/** Task types that replace all files of a project, with the error for other operations during one. No other task of the project starts until they end. */
export const exclusiveTasks = {
  snapshot_restore: "This project is being restored. Try again in a moment.",
  git_clone: "A repository is being cloned into this project. Try again in a moment.",
} as const;
export type ExclusiveTaskType = keyof typeof exclusiveTasks;
export const exclusiveTaskTypes = Object.keys(exclusiveTasks) as ExclusiveTaskType[];

/** The unique key of such a task: one per project and type at a time. */
export const exclusiveTaskKey = (type: ExclusiveTaskType, projectId: string): string => `${type}:${projectId}`;

/** Finds the first task with one of the unique keys that has not ended. */
interface UnfinishedTasks {
  findUnfinished(uniqueKeys: string[]): Promise<{ type: string } | undefined>;
}

/** The type of the exclusive task that runs in a project, if any. */
export const findExclusiveTask = async (tasks: UnfinishedTasks, projectId: string): Promise<ExclusiveTaskType | undefined> => {
  const task = await tasks.findUnfinished(exclusiveTaskTypes.map((type) => exclusiveTaskKey(type, projectId)));
  return exclusiveTaskTypes.find((type) => type === task?.type);
};
/** Throws `project_busy` while an exclusive task runs in the project. */
export const refuseDuringExclusiveTask = async (tasks: UnfinishedTasks, projectId: string): Promise<void> =>
  refuseExclusiveTask(await findExclusiveTask(tasks, projectId));
/** The same for a project that was just loaded with `exclusiveTaskOf`. */
export function refuseExclusiveTask(type: ExclusiveTaskType | null | undefined): void {
  if (type) throw conflict("project_busy", exclusiveTasks[type]);
}
