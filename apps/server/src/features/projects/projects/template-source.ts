import { AppError } from "../../../platform/errors.ts";
import type { Queries } from "../../../platform/database.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { ProjectSource, ServiceShape, SourceInput } from "./project-source.ts";
import type { SpareProjects } from "./spare-projects.ts";
import type { Projects } from "./projects.service.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { TemplateImages } from "./template-images.ts";
import type { BundledTemplate, Templates } from "./templates.ts";

/** Inserts the container at the root of a new project's tree; starts nothing. */
export type InsertFirst = (tx: Queries, project: ProjectRow, app: { name: string; service: ServiceShape }) => Promise<{ id: string }>;

/** Inserts what a template consists of; starts nothing. */
export interface TemplateInsertion {
  /** The containers with their connections and secrets. Resolves with the one at the root. */
  insert(tx: Queries, project: Pick<ProjectRow, "id" | "slug">, template: BundledTemplate): Promise<{ id: string }>;
  /** To call after the commit: the values of new secrets must be redacted. */
  inserted(projectId: string): Promise<void>;
}

export const serviceOf = ({
  command,
  port,
  framework,
}: Pick<BundledTemplate["service"], "command" | "port" | "framework">): ServiceShape => ({
  command,
  port,
  framework: framework ?? null,
});

/** A bundled template: the tree starts as a copy of its prepared image, unless the project is a spare one, which has its files. */
export function createTemplateSource({
  projects,
  templates,
  templateImages,
  insertion,
  spares,
  log,
}: {
  projects: Projects;
  templates: Templates;
  templateImages: Pick<TemplateImages, "prepare">;
  insertion: TemplateInsertion;
  spares: Pick<SpareProjects, "adopt">;
  log: Logger;
}): ProjectSource<Extract<SourceInput, { kind: "template" }>> {
  return {
    async fill({ project, input, attempt, signal, progress, note }) {
      const template = templates.find(input.template_slug);
      if (!template) throw new AppError("not_found", `The template ${input.template_slug} is not bundled with this version.`);
      // The files of an attempt that was interrupted are replaced.
      const spare = attempt === 1 ? await spares.adopt(project) : undefined;
      if (spare) return spare;
      await progress(10, `Preparing the template ${template.api.name}`);
      const notes = orderedNotes(note, log);
      const image = await templateImages.prepare(template, { signal, onLog: notes.add });
      await notes.drained();
      await progress(20, "Copying the template");
      await projects.createSandbox(project.id, image, { isRetry: attempt > 1 });
      return { finish: (tx) => insertion.insert(tx, project, template), committed: () => insertion.inserted(project.id) };
    },
  };
}

/** Writes log lines in order without blocking the build; drops lines when more than 200 are pending. */
function orderedNotes(note: (line: string) => Promise<void>, log: Logger) {
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  return {
    add: (line: string) => {
      if (waiting >= 200 || line.trim() === "") return;
      waiting++;
      last = last
        .then(() => note(line))
        .catch((err: unknown) => log.warn({ err }, "setup log line not written"))
        .finally(() => waiting--);
    },
    drained: () => last,
  };
}
