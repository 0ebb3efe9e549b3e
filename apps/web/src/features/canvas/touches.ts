import type { Container, Task } from "@tesslate/contract";
import type { BeadKind, LineKind } from "../../ui/thread/thread.types.ts";

export interface Touch {
  id: string;
  bead: BeadKind;
  line: LineKind;
  text: string;
  at: string;
}
const words: Record<string, { running: string; completed: string; failed: string; cancelled: string }> = {
  container_start: { running: "Starting…", completed: "Started", failed: "Start failed", cancelled: "Start canceled" },
  container_restart: { running: "Restarting…", completed: "Restarted", failed: "Restart failed", cancelled: "Restart canceled" },
  container_initialization: { running: "Setting up…", completed: "Set up", failed: "Setup failed", cancelled: "Setup canceled" },
  project_start: {
    running: "Starting with the project…",
    completed: "Started with the project",
    failed: "Project start failed",
    cancelled: "Project start canceled",
  },
  project_restart: {
    running: "Restarting with the project…",
    completed: "Restarted with the project",
    failed: "Project restart failed",
    cancelled: "Project restart canceled",
  },
};
const shownCount = 5;

/** The latest operations on one container or its whole project, the oldest first. */
export function touchesOf(container: Pick<Container, "id" | "created_at">, tasks: readonly Task[]): Touch[] {
  return tasks
    .filter(({ type, metadata }) => metadata["container_id"] === container.id || type.startsWith("project_"))
    .filter((task) => task.created_at >= container.created_at)
    .flatMap((task): Touch[] => {
      const word = words[task.type];
      if (!word) return [];
      const at = task.completed_at ?? task.started_at ?? task.created_at;
      const base = { id: task.id, at };
      if (task.status === "failed" || task.status === "cancelled")
        return [{ ...base, bead: "failed", line: "done", text: task.error ? `${word[task.status]}: ${task.error}` : word[task.status] }];
      if (task.status === "completed") return [{ ...base, bead: "step", line: "done", text: word.completed }];
      return [{ ...base, bead: "live", line: "live", text: task.progress.message || word.running }];
    })
    .sort((a, b) => a.at.localeCompare(b.at))
    .slice(-shownCount);
}
