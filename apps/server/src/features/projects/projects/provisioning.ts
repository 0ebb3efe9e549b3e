import type { NewProjects } from "./new-project.ts";
import type { ProjectCreation } from "./project-creation.ts";
import type { ProjectDeletionService } from "./project-deletion.ts";
import type { ProjectSetup } from "./project-setup.ts";
import type { SetupRetries } from "./setup-retries.ts";

/** Creation and deletion of projects. */
export interface Provisioning extends NewProjects, ProjectCreation, Omit<ProjectDeletionService, "resume">, SetupRetries {
  /** Why the setup failed, safe to show to the user. */
  setupError: ProjectSetup["error"];
}
