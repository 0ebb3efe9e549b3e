export { percentageOf } from "./present-task.ts";
export { createTaskChanges } from "./task-changes.ts";
export { createTasks, HandedOver, taskLinks, type NewTask, type TaskContext, type TaskDefinition, type Tasks } from "./tasks.service.ts";
export { createTasksStore, exclusiveTaskOf, isActiveRunIn } from "./tasks.store.ts";
export { mountTasks } from "./tasks.routes.ts";
export type { TaskRow } from "../../../db/schema/core.ts";
export {
  exclusiveTaskKey,
  exclusiveTasks,
  findExclusiveTask,
  refuseDuringExclusiveTask,
  refuseExclusiveTask,
  type ExclusiveTaskType,
} from "./exclusive-tasks.ts";
