import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Queries } from "../../../platform/database.ts";
import { notFound } from "../../../platform/errors.ts";
import { taskLinks, type TaskContext, type TaskRow, type Tasks } from "../../core/tasks/index.ts";
import type { Projects } from "./projects.service.ts";
import type { ProjectsStore } from "./projects.store.ts";
import { taskFactsOf } from "./task-facts.ts";

const deletionType = "project_deletion";

const deletionTask = (project: ProjectRow) => ({
  user_id: project.owner_id,
  project_id: project.id,
  type: deletionType,
  unique_key: `${deletionType}:${project.id}`,
  metadata: taskFactsOf(project),
  message: "Deletion is queued",
});

export type ProjectDeletionService = ReturnType<typeof createProjectDeletion>;
/** Deletes projects: the task `project_deletion`. */
export function createProjectDeletion({
  store,
  projects,
  shutDown,
  tasks,
}: {
  store: ProjectsStore;
  projects: Pick<Projects, "require" | "release" | "removeSandbox" | "endLifetime" | "publishStatus">;
  /** Stops everything that runs or starts in a project and drops its in-memory state. */
  shutDown: (project: ProjectRow) => Promise<void>;
  tasks: Tasks;
}) {
  const tearDown = async ({ task, progress }: TaskContext) => {
    const project = await store.find(task.project_id ?? "");
    if (!project) return null;
    await progress(0, "Stopping containers");
    await cancelWork(project, task.id);
    // Their rows go with the project's, so their processes and files have to go first.
    for (const branch of await store.listBranches(project.id)) {
      await cancelWork(branch, task.id);
      await removeFiles(branch, async () => undefined);
      await store.delete(branch.id);
      projects.endLifetime(branch.id);
    }
    await removeFiles(project, () => progress(30, "Deleting files"));
    await progress(70, "Deleting chats and records");
    // Last: after a crash before this, the row tells the next start to continue.
    await store.delete(project.id);
    projects.endLifetime(project.id);
    return { project_id: project.id, project_slug: project.slug };
  };
  const removeFiles = async (project: ProjectRow, stopped: () => Promise<void>) => {
    await shutDown(project);
    await projects.release({ project_id: project.id, reason: "deleted" });
    await stopped();
    await projects.removeSandbox(project.id);
  };
  /** Ends the project's tasks before its files are deleted. */
  const cancelWork = async (project: ProjectRow, exceptTaskId: string) => {
    for (const status of ["queued", "running"] as const) {
      const { items } = await tasks.list(project.owner_id, { project_id: project.id, status, limit: 500 });
      for (const { id } of items) {
        if (id === exceptTaskId) continue;
        await tasks.requestCancel(id);
        await tasks.ended(id);
      }
    }
  };
  /** Starts a deletion that lost its task. */
  const resume = async (projectId: string | null): Promise<void> => {
    const project = await store.find(projectId ?? "");
    if (project?.environment_status === "deleting") await tasks.createOnce(deletionTask(project));
  };
  tasks.define(deletionType, {
    timeoutMs: 10 * 60_000,
    run: tearDown,
    interrupted: (task) => resume(task.project_id),
  });

  /** Starts the deletion of any project in the caller's transaction. Call `accepted` after the commit to notify followers. Throws 404. */
  const acceptDeletion = async (tx: Queries, projectId: string): Promise<{ task: TaskRow; accepted: () => Promise<void> }> => {
    const marked = await store.markDeleting(tx, projectId);
    if (!marked) throw notFound("Project");
    const task = await tasks.create(tx, deletionTask(marked));
    const accepted = async () => {
      await projects.publishStatus(marked);
      projects.endLifetime(marked.id);
    };
    return { task, accepted };
  };

  return {
    resume,
    acceptDeletion,
    /** Accepts the deletion; from here on the project is 404. */
    remove: async (userId: string, ref: string) => {
      const project = await projects.require(userId, ref);
      const { task, accepted } = await store.transaction((tx) => acceptDeletion(tx, project.id));
      await accepted();
      return { ...taskLinks(task), project_id: project.id, project_slug: project.slug };
    },
    /** The same without an owner check; resumes a deletion in progress. Returns the id of its task. */
    erase: async (project: ProjectRow): Promise<string> => {
      const marked = await store.transaction((tx) => store.markDeleting(tx, project.id));
      if (marked) {
        await projects.publishStatus(marked);
        projects.endLifetime(project.id);
      }
      return (await tasks.createOnce(deletionTask(project))).row.id;
    },
  };
}
