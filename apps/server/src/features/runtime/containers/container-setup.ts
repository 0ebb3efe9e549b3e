import type { Container, CreateContainer } from "@tesslate/contract";
import type { Static } from "typebox";
import { conflict } from "../../../platform/errors.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { refuseExclusiveTask, taskLinks } from "../../core/tasks/index.ts";
import type { InsertFromCatalogue, InsertService } from "./container-from-catalogue.ts";
import type { InsertFromTemplate } from "./container-from-template.ts";
import type { ContainerInsertion } from "./container-insertion.ts";
import type { ContainerView } from "./container-view.ts";

type Body = Static<typeof CreateContainer>;
type Created = Container & { task_id: string | null; status_url: string | null };

/** Creates containers from a template or from the service catalog. */
export interface ContainerSetup extends Pick<ContainerInsertion, "insertApp" | "insertHosted" | "copyAll" | "copyAllWithSecrets"> {
  insertService: InsertService;
  create: CreateContainerOnRequest;
}

export type CreateContainerOnRequest = ReturnType<typeof createCreateContainer>;
export function createCreateContainer({
  projects,
  insertFromTemplate,
  insertFromCatalogue,
  view,
}: {
  projects: Pick<Projects, "require">;
  insertFromTemplate: InsertFromTemplate;
  insertFromCatalogue: InsertFromCatalogue;
  view: ContainerView;
}) {
  const requireNoOperation = (project: ProjectRow) => {
    if (project.environment_status === "provisioning" || project.environment_status === "setup_failed")
      throw conflict("project_busy", "This project is still being set up. Try again in a moment.");
    if (project.environment_status === "deleting") throw conflict("project_busy", "This project is being deleted.");
  };
  return async (userId: string, ref: string, body: Body): Promise<Created> => {
    const project = await projects.require(userId, ref);
    requireNoOperation(project);
    refuseExclusiveTask(project.exclusive_task);
    if (body.container_type === "service") {
      const row = await insertFromCatalogue(project, body);
      await view.emitChange(row, "add");
      return { ...view.present(row), task_id: null, status_url: null };
    }
    const { row, task } = await insertFromTemplate(userId, project, body);
    await view.emitChange(row, "add");
    return { ...view.present(row), ...taskLinks(task) };
  };
}
