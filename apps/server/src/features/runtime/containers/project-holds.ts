import type { StopReason } from "@tesslate/contract";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { IdlePolicy } from "./idle-policy.ts";
import type { ServiceTracking } from "./service-tracking.ts";

export type ProjectHolds = ReturnType<typeof createProjectHolds>;
/** Keeps a project from being frozen or stopped while its services are started or stopped. */
export const createProjectHolds = ({
  idle,
  updateEnvironmentStatus,
}: {
  idle: Pick<IdlePolicy, "hold" | "awake" | "forget">;
  updateEnvironmentStatus: ServiceTracking["updateEnvironmentStatus"];
}) => ({
  /**
   * Holds the project until its status is updated after `work`: what its services do in between is neither idleness nor use. After a
   * shutdown the status is not updated, because the next server continues.
   */
  during: async <T>(
    project: ProjectRow,
    work: () => Promise<T>,
    { reason, signal }: { reason?: StopReason; signal?: AbortSignal } = {},
  ): Promise<T> => {
    const release = idle.hold(project.id, { isUse: false });
    try {
      return await work();
    } finally {
      if (signal?.reason !== "shutdown") await updateEnvironmentStatus(project, reason);
      release();
    }
  },
  updateStatus: (projectId: string): Promise<void> => updateEnvironmentStatus({ id: projectId }),
  awake: (projectId: string): Promise<void> => idle.awake(projectId),
  /** Nothing of the project runs anymore. */
  forget: (projectId: string): void => idle.forget(projectId),
});
