import type { ProjectRow } from "../../../db/schema/projects.ts";
import { conflict } from "../../../platform/errors.ts";
import { taskLinks, type Tasks } from "../../core/tasks/index.ts";
import type { ProjectDeletionService } from "./project-deletion.ts";
import { setupTaskOf, type ProjectSetup } from "./project-setup.ts";
import type { SourceInput } from "./project-source.ts";
import type { Projects } from "./projects.service.ts";
import type { ProjectsStore } from "./projects.store.ts";
import type { Templates } from "./templates.ts";

export type SetupRetries = ReturnType<typeof createSetupRetries>;
/** Repeats setups that failed, and continues setups and deletions that lost their task. */
export function createSetupRetries({
  store,
  projects,
  templates,
  setup,
  deletion,
  tasks,
}: {
  store: ProjectsStore;
  projects: Pick<Projects, "require" | "publishStatus" | "setEnvironment">;
  templates: Templates;
  setup: ProjectSetup;
  deletion: Pick<ProjectDeletionService, "resume">;
  tasks: Pick<Tasks, "create" | "createOnce">;
}) {
  /** Without its task only a template can be set up again, because the source of the others is unknown. */
  const templateOf = (project: ProjectRow): SourceInput | undefined =>
    project.source_type === "template" || (project.source_type === "base" && project.template_slug !== null)
      ? { kind: "template", template_slug: project.template_slug ?? templates.getDefault().api.slug }
      : undefined;
  /** The source of the last setup. An archive is deleted when its setup fails. */
  const lastSourceOf = async (project: ProjectRow): Promise<SourceInput | undefined> => {
    const last = await setup.lastInput(project.id);
    if (!last) return templateOf(project);
    const { source } = last;
    return source.kind === "archive" ? undefined : source;
  };

  return {
    /** Retries a failed setup. Throws `setup_not_failed`, and `setup_not_repeatable` when its source is gone. */
    retrySetup: async (userId: string, ref: string) => {
      const project = await projects.require(userId, ref);
      const notFailed = () => conflict("setup_not_failed", "The setup of this project did not fail, so it cannot be retried.");
      if (project.environment_status !== "setup_failed") throw notFailed();
      const source = await lastSourceOf(project);
      if (!source)
        throw conflict(
          "setup_not_repeatable",
          "The source of this project is deleted after a failed setup. Create or import the project again.",
        );
      const retried = await store.transaction(async (tx) => {
        const row = await store.reopenSetup(tx, project.id);
        return row && { row, task: await tasks.create(tx, setupTaskOf(row, { source, attempt: 2 })) };
      });
      if (!retried) throw notFailed();
      await projects.publishStatus(retried.row);
      return { ...taskLinks(retried.task), project_slug: project.slug };
    },
    /** At server start. */
    reconcile: async (): Promise<void> => {
      for (const project of await store.listActive()) {
        if (project.environment_status === "deleting") await deletion.resume(project.id);
        else if (project.environment_status === "provisioning" && !(await setup.isUnderway(project.id))) {
          const source = templateOf(project);
          if (source) await tasks.createOnce(setupTaskOf(project, { source, attempt: 2 }));
          else await projects.setEnvironment(project.id, "setup_failed");
        }
      }
    },
  };
}
