import type { Container, Task } from "@tesslate/contract";

const titles: Record<string, string> = {
  project_creation: "Creating project",
  project_deletion: "Deleting project",
  project_start: "Starting project",
  project_restart: "Restarting project",
  project_import: "Importing files",
  project_fork: "Copying project",
  container_initialization: "Adding container",
  container_start: "Starting container",
  container_restart: "Restarting container",
  snapshot_create: "Saving snapshot",
  snapshot_restore: "Restoring snapshot",
  files_restore: "Restoring files",
  template_export: "Exporting template",
  agent_execution: "Agent run",
  git_clone: "Cloning repository",
  deployment: "Deploying",
};
/** Titles that include a value of the task's metadata. */
const detailedTitles: Record<string, { key: string; title: (value: string) => string }> = {
  container_start: { key: "container_name", title: (name) => `Starting ${name}` },
  container_restart: { key: "container_name", title: (name) => `Restarting ${name}` },
  agent_execution: { key: "message", title: (message) => `Agent run: ${message}` },
};
/** The title of an operation, with the name of its container. Types that are not listed here get a title made from the type. */
export function taskTitle(
  { type, metadata }: Pick<Task, "type" | "metadata">,
  containers: readonly Pick<Container, "id" | "name">[] = [],
): string {
  const detailed = detailedTitles[type];
  const container = containers.find(({ id }) => id === metadata["container_id"]);
  const value = detailed && (detailed.key === "container_name" && container ? container.name : metadata[detailed.key]);
  if (detailed && typeof value === "string" && value !== "") return detailed.title(value);
  return titles[type] ?? type.replaceAll("_", " ").replace(/^./, (c) => c.toUpperCase());
}
export const isOpenTask = (task: Pick<Task, "status">): boolean => task.status === "queued" || task.status === "running";
/** A deletion cannot be cancelled. */
export const isCancellable = (task: Pick<Task, "status" | "type">): boolean => isOpenTask(task) && task.type !== "project_deletion";

/** Open operations and the latest ended ones, each newest first. */
export function shownTasks(tasks: readonly Task[], endedCount = 5): { open: Task[]; ended: Task[] } {
  const sorted = tasks.toSorted((a, b) => (a.created_at < b.created_at ? 1 : -1));
  return { open: sorted.filter(isOpenTask), ended: sorted.filter((task) => !isOpenTask(task)).slice(0, endedCount) };
}
