import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";

/** What changes of containers need of what runs. */
export interface RunningContainers {
  /** Stops the container. */
  stop(project: ProjectRow, row: ContainerRow): Promise<void>;
  /** Updates the project's stored status after its containers changed. */
  updateStatus(project: ProjectRow): Promise<void>;
}
