import type { CreateProject, Project } from "@tesslate/contract";
import type { RuntimeDriver } from "@tesslate/runtime";
import type { Static } from "typebox";
import { AppError, invalid, notFound } from "../../platform/errors.ts";
import type { Queries } from "../../platform/database.ts";
import type { Logger } from "../../platform/logger.ts";
import { taskLinks, type TaskContext, type TaskRow, type Tasks } from "../tasks/index.ts";
import { wireOf, type Projects } from "./projects.service.ts";
import type { ProjectsStore } from "./projects.store.ts";
import type { ProjectRow } from "./projects.table.ts";
import { newSlug } from "./slug.ts";
import type { BundledTemplate, Templates } from "./templates.ts";

/** What setting up and deleting a project need of its containers. */
export interface ContainerWork {
  /** The project's first container, at the root of its tree; not started. */
  insertFirst(tx: Queries, project: ProjectRow, template: BundledTemplate): Promise<{ id: string }>;
  /** Stops whatever runs or starts in the project, and forgets about it. */
  shutDown(project: ProjectRow): Promise<void>;
}
interface CreationInput {
  template_slug: string;
  attempt: number;
}

const maxAttempts = 3;
const slugAttempts = 10;

export type Provisioning = ReturnType<typeof createProvisioning>;

/** How projects come and go (accounts-projects 4.1): the tasks `project_creation` and `project_deletion`. */
export function createProvisioning({
  store,
  projects,
  containers,
  templates,
  tasks,
  runtime,
  log,
}: {
  store: ProjectsStore;
  projects: Projects;
  containers: ContainerWork;
  templates: Templates;
  tasks: Tasks;
  runtime: RuntimeDriver;
  log: Logger;
}) {
  const creationKey = (id: string) => `project_creation:${id}`;
  const deletionKey = (id: string) => `project_deletion:${id}`;
  const factsOf = (project: ProjectRow) => ({ project_id: project.id, project_slug: project.slug, project_name: project.name });

  const creationTask = (project: ProjectRow, input: CreationInput) => ({
    user_id: project.owner_id,
    project_id: project.id,
    type: "project_creation",
    unique_key: creationKey(project.id),
    metadata: { ...factsOf(project), source_type: project.source_type },
    input,
    message: "Waiting to set up",
  });
  const deletionTask = (project: ProjectRow) => ({
    user_id: project.owner_id,
    project_id: project.id,
    type: "project_deletion",
    unique_key: deletionKey(project.id),
    metadata: factsOf(project),
    message: "Waiting to delete",
  });

  const setUp = async ({ task, input, signal, progress, note }: TaskContext<CreationInput>) => {
    const project = await store.find(task.project_id ?? "");
    if (!project || project.environment_status === "deleting") throw notFound("Project");
    const template = templates.find(input.template_slug);
    if (!template) throw new AppError("not_found", `The template ${input.template_slug} is not part of this version.`);
    await progress(5, "Making room for the project");
    await progress(10, `Preparing the template ${template.wire.name}`);
    const notes = orderedNotes(note, log);
    const image = await runtime.prepare(template.image, { signal, onLog: notes.add });
    await notes.drained();
    await progress(20, "Copying the template");
    await projects.createSandbox(project.id, image, { isRetry: input.attempt > 1 });
    signal.throwIfAborted();
    await progress(70, "Files are in place");
    await progress(95, "Adding the container");
    const container = await store.transaction(async (tx) => {
      const row = await containers.insertFirst(tx, project, template);
      if (!(await store.setEnvironment(project.id, "stopped", tx))) throw notFound("Project");
      return row;
    });
    await projects.refreshSandbox(project.id);
    const after = await store.find(project.id);
    if (after) await projects.publishStatus(after);
    return { slug: project.slug, container_id: container.id };
  };
  tasks.define<CreationInput>("project_creation", {
    timeoutMs: 15 * 60_000,
    run: setUp,
    ended: async (task) => {
      if (task.status !== "completed" && task.project_id) await projects.setEnvironment(task.project_id, "setup_failed");
    },
    // The server died in the middle: begin again, unless it is this very setup that kills it.
    interrupted: (task) => resume(task),
  });
  const resume = async (task: TaskRow) => {
    const project = await store.find(task.project_id ?? "");
    if (project?.environment_status !== "provisioning") return;
    const input = task.input as CreationInput;
    if (input.attempt >= maxAttempts) return projects.setEnvironment(project.id, "setup_failed");
    log.info({ project_id: project.id, attempt: input.attempt + 1 }, "project setup resumed");
    await tasks.createOnce(creationTask(project, { ...input, attempt: input.attempt + 1 }));
  };

  const tearDown = async ({ task, progress }: TaskContext) => {
    const project = await store.find(task.project_id ?? "");
    if (!project) return null;
    await progress(0, "Stopping everything");
    await cancelWork(project, task.id);
    await containers.shutDown(project);
    await projects.release({ project_id: project.id, reason: "deleted" });
    await progress(30, "Deleting conversations");
    await store.deleteChats(project.id);
    await progress(50, "Deleting records");
    await store.deleteParts(project.id);
    await progress(70, "Deleting files");
    await projects.removeSandbox(project.id);
    // Last, so that a crash anywhere above leaves something that tells the next start to go on.
    await store.delete(project.id);
    projects.endLifetime(project.id);
    return { project_id: project.id, project_slug: project.slug };
  };
  /** Runs, starts and the like of this project end before its ground is taken away. */
  const cancelWork = async (project: ProjectRow, exceptTaskId: string) => {
    for (const status of ["queued", "running"] as const) {
      const { items } = await tasks.list(project.owner_id, { project_id: project.id, status, limit: 500 });
      for (const { id } of items) {
        if (id === exceptTaskId) continue;
        await tasks.requestCancel(id);
        await tasks.settled(id);
      }
    }
  };
  const resumeDeletion = async (projectId: string | null) => {
    const project = await store.find(projectId ?? "");
    if (project?.environment_status === "deleting") await tasks.createOnce(deletionTask(project));
  };
  tasks.define("project_deletion", {
    timeoutMs: 10 * 60_000,
    run: tearDown,
    interrupted: (task) => resumeDeletion(task.project_id),
  });

  return {
    create: async (userId: string, body: Static<typeof CreateProject>): Promise<Project & { task_id: string; status_url: string }> => {
      const { sourceType, template } = chooseSource(body, templates);
      for (let attempt = 0; attempt < slugAttempts; attempt++) {
        const made = await store.transaction(async (tx) => {
          const project = await store.insert(tx, {
            owner_id: userId,
            name: body.name.trim(),
            slug: newSlug(body.name),
            description: body.description ?? null,
            source_type: sourceType,
            template_slug: template.wire.slug,
          });
          if (!project) return undefined;
          return { project, task: await tasks.create(tx, creationTask(project, { template_slug: template.wire.slug, attempt: 1 })) };
        });
        if (made) return { ...wireOf({ ...made.project, container_statuses: [] }), ...taskLinks(made.task) };
      }
      throw new AppError("internal_error", "No free name was found for this project. Try again.");
    },
    /** Accepts the deletion: from here on the project answers 404. */
    remove: async (userId: string, ref: string) => {
      const project = await projects.require(userId, ref);
      const task = await store.transaction(async (tx) => {
        const marked = await store.markDeleting(tx, project.id);
        if (!marked) throw notFound("Project");
        return tasks.create(tx, deletionTask(marked));
      });
      await projects.publishStatus({ ...project, environment_status: "deleting" });
      projects.endLifetime(project.id);
      return { ...taskLinks(task), project_id: project.id, project_slug: project.slug };
    },
    /** Why the setup failed, as the person may read it. */
    setupError: async (project: ProjectRow): Promise<string | undefined> => {
      const { items } = await tasks.list(project.owner_id, { project_id: project.id, status: "failed", limit: 20 });
      return items.find((t) => t.type === "project_creation")?.error ?? undefined;
    },
    /** After a start: goes on with setups and deletions that lost their task. */
    reconcile: async (): Promise<void> => {
      for (const project of await store.listUnsettled()) {
        if (project.environment_status === "deleting") await resumeDeletion(project.id);
        else if (project.environment_status === "provisioning" && !(await tasks.findUnfinished(creationKey(project.id))))
          await tasks.createOnce(
            creationTask(project, { template_slug: project.template_slug ?? templates.getDefault().wire.slug, attempt: 2 }),
          );
      }
    },
  };
}

const gitTypes = new Set(["github", "gitlab", "bitbucket", "git"]);

/** Where a new project's files come from (accounts-projects 4.1), refused here when this version cannot do it. */
function chooseSource(body: Static<typeof CreateProject>, templates: Templates): { sourceType: string; template: BundledTemplate } {
  const sourceType = body.source_type ?? (body.base_id ? "base" : body.git_repo_url ? "git" : "template");
  if (gitTypes.has(sourceType)) {
    if (!body.git_repo_url) throw invalid(["body", "git_repo_url"], "Field required", "missing");
    if (URL.parse(body.git_repo_url)?.protocol !== "https:") throw invalid(["body", "git_repo_url"], "Give an https:// address");
    throw new AppError(
      "not_supported",
      "This version cannot import repositories yet. Start from a template and add the files, or clone inside a terminal.",
    );
  }
  if (sourceType === "base") {
    if (!body.base_id) throw invalid(["body", "base_id"], "Field required", "missing");
    throw notFound("Base");
  }
  if (!body.base_id) return { sourceType, template: templates.getDefault() };
  const template = templates.find(body.base_id);
  if (!template) throw notFound("Template");
  return { sourceType, template };
}

/** Log lines written one after the other without making the build wait; behind by more than 200 lines, some are left out. */
function orderedNotes(note: (line: string) => Promise<void>, log: Logger) {
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  return {
    add: (line: string) => {
      if (waiting >= 200 || line.trim() === "") return;
      waiting++;
      last = last
        .then(() => note(line))
        .catch((err: unknown) => log.warn({ err }, "note not written"))
        .finally(() => waiting--);
    },
    drained: () => last,
  };
}
