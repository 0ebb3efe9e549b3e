import type { RuntimeDriver, Sandbox } from "@tesslate/runtime";
import { AppError, conflict, notFound } from "../../../platform/errors.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";

export type ProjectTreeAccess = ReturnType<typeof createProjectTreeAccess>;

/** Access to a project's tree, also when its setup failed. */
export function createProjectTreeAccess({
  projects,
  runtime,
}: {
  projects: Pick<Projects, "find" | "sandboxOf">;
  runtime: Pick<RuntimeDriver, "can" | "find">;
}) {
  return {
    /** For internal work. Throws `not_found` when it was deleted. */
    find: async (projectId: string | null): Promise<ProjectRow> => {
      const project = projectId === null ? undefined : await projects.find(projectId);
      if (!project || project.environment_status === "deleting") throw notFound("Project");
      return project;
    },
    /** Throws `project_busy` when there is no tree, `not_supported` when the runtime has no history. */
    open: async (project: ProjectRow): Promise<Sandbox> => {
      if (!runtime.can.history) throw new AppError("not_supported", "This sandbox runtime does not support snapshots.");
      if (project.environment_status !== "setup_failed") return projects.sandboxOf(project);
      const sandbox = await runtime.find(project.id);
      if (!sandbox) throw conflict("project_busy", "The setup of this project failed, so it has no files.");
      return sandbox;
    },
  };
}
