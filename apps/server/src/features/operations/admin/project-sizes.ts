import type { Logger } from "../../../platform/logger.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { AdminProjectsStore } from "./projects.store.ts";

export type ProjectSizes = ReturnType<typeof createProjectSizes>;
/** Measures the size of projects, on demand and when they stop, and stores it for lists. */
export function createProjectSizes({
  store,
  projects,
  measure,
  log,
}: {
  store: Pick<AdminProjectsStore, "saveSize">;
  projects: Pick<Projects, "onRelease">;
  /** The disk usage of a project; `undefined` when its files are on another server. */
  measure: (projectId: string) => Promise<number | undefined>;
  log: Logger;
}) {
  /** Failures are only logged. */
  const sizeOf = async (projectId: string): Promise<number | undefined> => {
    try {
      const bytes = await measure(projectId);
      if (bytes !== undefined) await store.saveSize(projectId, bytes);
      return bytes;
    } catch (err) {
      log.warn({ err, project_id: projectId }, "project not measured");
      return undefined;
    }
  };
  projects.onRelease(async ({ project_id, container_id, reason }) => {
    // Not awaited.
    if (reason === "stopped" && container_id === undefined) void sizeOf(project_id);
  });
  return { sizeOf };
}
