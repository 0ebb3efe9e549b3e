import type { Project } from "@tesslate/contract";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Queries } from "../../../platform/database.ts";
import { AppError, limitReached } from "../../../platform/errors.ts";
import { insertUnique } from "../../../platform/insert-unique.ts";
import { taskLinks, type Tasks } from "../../core/tasks/index.ts";
import type { SourceInput } from "./project-source.ts";
import { setupTaskOf } from "./project-setup.ts";
import { presentProject } from "./projects.service.ts";
import type { ProjectsStore } from "./projects.store.ts";
import { newSlug } from "./slug.ts";
import type { SpareProjects } from "./spare-projects.ts";

export type CreatedProject = Project & { task_id: string; status_url: string };
/** The fields of a project that are known before its files exist. */
export interface NewProject {
  name: string;
  /** Adds a number to the name if the user has a project with that name. */
  isNameUnique?: boolean;
  description?: string | null;
  source_type: string;
  template_slug?: string | null;
  source: SourceInput;
  /** Runs in the transaction that creates the project. */
  alongside?: (tx: Queries, project: ProjectRow) => Promise<void>;
}

export type NewProjects = ReturnType<typeof createNewProjects>;
/** Inserts projects, whose setup then starts. */
export function createNewProjects({
  store,
  maxProjects,
  spares,
  tasks,
}: {
  store: ProjectsStore;
  /** Maximum number of projects per user, by tier. */
  maxProjects: Record<"free" | "basic" | "pro" | "ultra", number>;
  spares: Pick<SpareProjects, "take" | "giveBack">;
  tasks: Pick<Tasks, "create">;
}) {
  const refuseOver = ({ tier, count }: { tier: keyof typeof maxProjects; count: number }) => {
    if (count < maxProjects[tier]) return;
    throw limitReached(
      "project_limit_reached",
      `Your plan is limited to ${maxProjects[tier]} projects. Delete a project or upgrade your plan.`,
      { used: count, limit: maxProjects[tier] },
    );
  };
  return {
    /**
     * Inserts a branch of a project and the task that copies the files, in the caller's transaction. It does not count as a project of the
     * owner's plan.
     */
    insertBranch: (tx: Queries, project: ProjectRow): Promise<ProjectRow> =>
      insertUnique("slug for this branch", async () => {
        const branch = await store.insert(tx, {
          owner_id: project.owner_id,
          branch_of: project.id,
          name: project.name,
          slug: newSlug(project.name),
          description: project.description,
          source_type: "branch",
          template_slug: project.template_slug,
          settings: project.settings,
        });
        if (branch) await tasks.create(tx, setupTaskOf(branch, { source: { kind: "branch", project_id: project.id }, attempt: 1 }));
        return branch;
      }),
    /** Inserts the row and its task in one transaction; creations of one owner are serialized so that the count is exact. */
    createFrom: async (
      userId: string,
      { source, name: given, isNameUnique = false, description, alongside, ...facts }: NewProject,
    ): Promise<CreatedProject> => {
      const id = source.kind === "template" ? spares.take(source.template_slug) : undefined;
      const insert = () =>
        store.transaction(async (tx) => {
          refuseOver(await store.countOwned(tx, userId));
          const wanted = given.trim();
          const name = isNameUnique ? uniqueName(wanted, await store.listNamesLike(tx, userId, wanted)) : wanted;
          const project = await store.insert(tx, {
            ...(id !== undefined && { id }),
            owner_id: userId,
            name,
            slug: newSlug(name),
            description: description ?? null,
            // Runs do not commit to a cloned repository unless its owner turns it on.
            ...(source.kind === "git" && { settings: { commit_runs: false } }),
            ...facts,
          });
          if (!project) return undefined;
          await alongside?.(tx, project);
          return { project, task: await tasks.create(tx, setupTaskOf(project, { source, attempt: 1 })) };
        });
      const { project, task } = await insertUnique("slug for this project", insert).catch((error: unknown) => {
        // After any other error the transaction may have been committed.
        if (id !== undefined && error instanceof AppError) spares.giveBack(id);
        throw error;
      });
      return { ...presentProject({ ...project, container_statuses: [] }), ...taskLinks(task) };
    },
    /** Throws `project_limit_reached` when the user has no project left on their plan; `createFrom` checks again. */
    requireFreeSlot: async (userId: string): Promise<void> => refuseOver(await store.transaction((tx) => store.countOwned(tx, userId))),
  };
}

const maxNameLength = 100;

/** The name, with the first number that makes it differ from the others. Names that differ in case only are the same. */
function uniqueName(name: string, others: readonly string[]): string {
  const taken = new Set(others.map((other) => other.toLowerCase()));
  for (let number = 1; ; number += 1) {
    const end = number === 1 ? "" : ` ${number}`;
    const candidate = `${name.slice(0, maxNameLength - end.length).trimEnd()}${end}`;
    if (!taken.has(candidate.toLowerCase())) return candidate;
  }
}
