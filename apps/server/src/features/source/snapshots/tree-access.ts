import type { RuntimeDriver, Sandbox } from "@tesslate/runtime";
import { AppError, conflict, notFound } from "../../../platform/errors.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";

/** The way to a project's tree, also when its setup failed half way. */
export type TreeAccess = ReturnType<typeof createTreeAccess>;

export function createTreeAccess({
  projects,
  runtime,
}: {
  projects: Pick<Projects, "find" | "sandboxOf">;
  runtime: Pick<RuntimeDriver, "can" | "find">;
}) {
  return {
    /** For work of the server itself. Throws when it is gone. */
    find: async (projectId: string | null): Promise<ProjectRow> => {
      const project = projectId === null ? undefined : await projects.find(projectId);
      if (!project || project.environment_status === "deleting") throw notFound("Project");
      return project;
    },
    /** Throws `project_busy` where there is no tree, `not_supported` where the runtime keeps no history. */
    open: async (project: ProjectRow): Promise<Sandbox> => {
      if (!runtime.can.history) throw new AppError("not_supported", "This runtime keeps no points in time.");
      if (project.environment_status !== "setup_failed") return projects.sandboxOf(project);
      const sandbox = await runtime.find(project.id);
      if (!sandbox) throw conflict("project_busy", "Setting up this project failed, so it has no files.");
      return sandbox;
    },
  };
}
