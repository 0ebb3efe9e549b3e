import type { ProjectRow } from "../../../db/schema/projects.ts";

/** The metadata of tasks of a project. */
export const taskFactsOf = (project: ProjectRow) => ({
  project_id: project.id,
  project_slug: project.slug,
  project_name: project.name,
});
