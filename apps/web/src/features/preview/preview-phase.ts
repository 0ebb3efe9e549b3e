import type { Container, Project, Task } from "@tesslate/contract";
import type { ContainersLoading } from "../../project/project-context.ts";

export type PreviewPhase =
  /** The project is being created. */
  | { kind: "provisioning"; task: Task | undefined }
  | { kind: "setup-failed"; task: Task | undefined }
  /** The disk with its files was lost. */
  | { kind: "files-missing" }
  | { kind: "restoring-files"; task: Task }
  /** Which containers there are is not known yet, or loading them failed. */
  | { kind: "loading"; containers: ContainersLoading }
  /** No container serves a page. */
  | { kind: "nothing-serves" }
  | { kind: "asleep" }
  | { kind: "stopped"; reason: Project["stop_reason"] }
  | { kind: "starting"; task: Task | undefined }
  | ({ kind: "crashed" } & ContainerNews)
  | { kind: "running" };

/** The details of the last status event of the container. */
export interface ContainerNews {
  exitCode: number | undefined;
  message: string | undefined;
  lastLines: readonly string[];
  /** When the server restarts it automatically. */
  restartAt?: string | undefined;
  /** When it failed. */
  at?: string | undefined;
  /** Restarts since it last ran for a while. */
  restarts?: number | undefined;
}
export const noNews: ContainerNews = { exitCode: undefined, message: undefined, lastLines: [] };

export const isOpen = (task: Task) => task.status === "queued" || task.status === "running";
export const isStart = (task: Task) => /start|restart|restore/.test(task.type);
const isSetup = (task: Task) => /create|setup|import|clone|initiali[sz]ation/.test(task.type);

/** The container whose page is shown: the requested one, else the first that runs, else the first. */
export const servingContainer = (containers: readonly Container[], wanted?: string): Container | undefined => {
  const candidates = containers.filter((container) => container.container_type === "base");
  return (
    candidates.find((container) => container.id === wanted) ??
    candidates.find((container) => container.status === "running" && container.url) ??
    candidates[0]
  );
};

/** What the preview shows, derived from the server's state only. `loading`: while the containers are not known. */
export function previewPhase(
  project: Pick<Project, "environment_status"> & Partial<Pick<Project, "stop_reason">>,
  container: Pick<Container, "status" | "url"> | undefined,
  tasks: readonly Task[],
  news: ContainerNews = noNews,
  loading?: ContainersLoading,
): PreviewPhase {
  const environment = project.environment_status;
  if (environment === "provisioning")
    return { kind: "provisioning", task: tasks.find((task) => isOpen(task) && isSetup(task)) ?? tasks.find(isOpen) };
  if (environment === "setup_failed")
    return {
      kind: "setup-failed",
      task: tasks.find((task) => task.status === "failed" && isSetup(task)) ?? tasks.find((task) => task.status === "failed"),
    };
  const restoring = tasks.find((task) => isOpen(task) && task.type === "files_restore");
  if (restoring) return { kind: "restoring-files", task: restoring };
  if (environment === "files_missing") return { kind: "files-missing" };
  if (!container) return loading ? { kind: "loading", containers: loading } : { kind: "nothing-serves" };
  const starting = tasks.find((task) => isOpen(task) && isStart(task));
  // A frozen container wakes with the first request of its page, in milliseconds.
  if (container.status === "running" || container.status === "frozen") return { kind: "running" };
  if (container.status === "failed" && !starting) return { kind: "crashed", ...news };
  if (container.status === "starting" || starting || environment === "starting") return { kind: "starting", task: starting };
  if (environment === "hibernated" || environment === "hibernating") return { kind: "asleep" };
  return { kind: "stopped", reason: project.stop_reason ?? null };
}
