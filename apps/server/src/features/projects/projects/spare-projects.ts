import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Filled } from "./project-source.ts";

/** Sandboxes with the files of a template, whose services run before a project is created from it. */
export interface SpareProjects {
  /**
   * The id for a new project from this template: its sandbox exists. It is the caller's alone until `giveBack`. `undefined` when there is none.
   */
  take(templateSlug: string): string | undefined;
  /** No project was created with that id. */
  giveBack(id: string): void;
  /** What the setup of a new project with such an id still has to do. */
  adopt(project: ProjectRow): Promise<Filled | undefined>;
}
