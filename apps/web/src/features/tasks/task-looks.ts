import type { Task } from "@tesslate/contract";

const titles: Record<string, string> = {
  project_creation: "Setting up the project",
  project_deletion: "Deleting the project",
  project_start: "Starting everything",
  project_restart: "Restarting everything",
  project_import: "Importing files",
  project_fork: "Copying the project",
  container_initialization: "Adding a container",
  container_start: "Starting a container",
  container_restart: "Restarting a container",
  snapshot_create: "Taking a snapshot",
  snapshot_restore: "Restoring a snapshot",
  template_export: "Exporting a template",
  agent_execution: "The agent works",
  git_clone: "Cloning a repository",
  deployment: "Deploying",
};
/** What an operation is called; one that this page does not know goes by its type's words. */
export function titleOf(task: Pick<Task, "type" | "metadata">): string {
  const title = titles[task.type] ?? task.type.replaceAll("_", " ").replace(/^./, (c) => c.toUpperCase());
  const name = task.metadata["container_name"];
  return /^container_(start|restart)$/.test(task.type) && typeof name === "string" ? title.replace("a container", name) : title;
}
export const isOpenTask = (task: Pick<Task, "status">): boolean => task.status === "queued" || task.status === "running";
/** What has begun to go for good cannot be stopped half-way. */
export const isCancellable = (task: Pick<Task, "status" | "type">): boolean => isOpenTask(task) && task.type !== "project_deletion";

/** Open ones first, the newest first; a few ended ones after them. */
export function shownTasks(tasks: readonly Task[], endedCount = 5): { open: Task[]; ended: Task[] } {
  const sorted = tasks.toSorted((a, b) => (a.created_at < b.created_at ? 1 : -1));
  return { open: sorted.filter(isOpenTask), ended: sorted.filter((task) => !isOpenTask(task)).slice(0, endedCount) };
}
