import { conflict } from "../../../platform/errors.ts";
import type { CreatedProject, Projects, Provisioning } from "../../projects/projects/index.ts";

export type Fork = ReturnType<typeof createFork>;

/** Accepts a copy (accounts-projects 9, `fork`); the setup makes it. */
export function createFork({ projects, provisioning }: { projects: Projects; provisioning: Pick<Provisioning, "createFrom"> }) {
  return async (userId: string, ref: string, given: { name?: string }): Promise<CreatedProject> => {
    const original = await projects.require(userId, ref);
    if (original.environment_status === "provisioning" || original.environment_status === "setup_failed")
      throw conflict("project_busy", "This project has no files to copy yet.");
    return provisioning.createFrom(userId, {
      name: given.name ?? `${original.name.slice(0, 93)} (copy)`,
      description: original.description,
      source_type: "fork",
      template_slug: original.template_slug,
      source: { kind: "fork", project_id: original.id },
    });
  };
}
