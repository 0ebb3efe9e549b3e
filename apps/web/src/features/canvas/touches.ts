import type { Container, Task } from "@tesslate/contract";
import type { BeadKind, LineKind } from "../../ui/thread/thread.types.ts";

export interface Touch {
  id: string;
  bead: BeadKind;
  line: LineKind;
  text: string;
  at: string;
}
const verbs: Record<string, string> = {
  container_start: "Started",
  container_restart: "Restarted",
  container_initialization: "Set up",
  project_start: "Started with the project",
  project_restart: "Restarted with the project",
};
const shownCount = 5;

/** The operations that touched one container, the oldest first; of the whole project's ones that brought it up too. */
export function touchesOf(container: Pick<Container, "id" | "created_at">, tasks: readonly Task[]): Touch[] {
  return tasks
    .filter(({ type, metadata }) => verbs[type] !== undefined && (metadata["container_id"] === container.id || type.startsWith("project_")))
    .filter((task) => task.created_at >= container.created_at)
    .map((task): Touch => {
      const verb = verbs[task.type] ?? task.type;
      const at = task.completed_at ?? task.started_at ?? task.created_at;
      const base = { id: task.id, at };
      if (task.status === "failed" || task.status === "cancelled")
        return { ...base, bead: "failed", line: "done", text: `${verb}: ${task.error ?? task.status}` };
      if (task.status === "completed") return { ...base, bead: "step", line: "done", text: verb };
      return { ...base, bead: "live", line: "live", text: task.progress.message || `${verb}…` };
    })
    .sort((a, b) => a.at.localeCompare(b.at))
    .slice(-shownCount);
}
