import type { Logger } from "../../../platform/logger.ts";
import { notFound } from "../../../platform/errors.ts";
import type { TaskContext, TaskRow, Tasks } from "../../core/tasks/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { FirstMessages } from "./first-message.ts";
import type { ProjectSource, ProjectSources, SourceInput } from "./project-source.ts";
import type { Projects } from "./projects.service.ts";
import type { ProjectsStore } from "./projects.store.ts";
import { taskFactsOf } from "./task-facts.ts";
import type { Templates } from "./templates.ts";

const creationType = "project_creation";
const maxAttempts = 3;

interface CreationInput {
  source: SourceInput;
  attempt: number;
}

/** The task that sets up a project. */
export const setupTaskOf = (project: ProjectRow, input: CreationInput) => ({
  user_id: project.owner_id,
  project_id: project.id,
  type: creationType,
  unique_key: setupTaskKey(project.id),
  metadata: { ...taskFactsOf(project), source_type: project.source_type },
  input,
  message: "Setup is queued",
});
const setupTaskKey = (id: string) => `${creationType}:${id}`;

export type ProjectSetup = ReturnType<typeof createProjectSetup>;
/** Sets up new projects: the task `project_creation`. */
export function createProjectSetup({
  store,
  projects,
  sources,
  templates,
  beginFirstMessage,
  createFirstCommit,
  tasks,
  log,
}: {
  store: ProjectsStore;
  projects: Pick<Projects, "refreshSandbox" | "publishStatus" | "setEnvironment">;
  sources: ProjectSources;
  templates: Templates;
  beginFirstMessage: FirstMessages["begin"];
  /** Makes the new files a repository, unless they came with one. Never throws. */
  createFirstCommit(project: ProjectRow, message: string): Promise<void>;
  tasks: Tasks;
  log: Logger;
}) {
  /** Before the first run changes files. */
  const begin = async (projectId: string | null, { source }: CreationInput) => {
    const project = await store.find(projectId ?? "");
    if (!project || project.environment_status === "setup_failed" || project.environment_status === "deleting") return;
    await commitFirst(project, source);
    await beginFirstMessage(project);
  };
  const commitFirst = (project: ProjectRow, source: SourceInput): Promise<void> =>
    source.kind === "branch" ? Promise.resolve() : createFirstCommit(project, firstCommitOf(source));
  const sourceOf = ({ source }: CreationInput) => sources[source.kind] as ProjectSource;

  const setUp = async ({ task, input, signal, progress, note }: TaskContext<CreationInput>) => {
    const project = await store.find(task.project_id ?? "");
    if (!project || project.environment_status === "deleting") throw notFound("Project");
    await progress(5, "Creating the project folder");
    const { attempt, source } = input;
    const { finish, committed, git } = await sourceOf(input).fill({ project, input: source, attempt, signal, progress, note });
    signal.throwIfAborted();
    await progress(90, "Files are ready");
    await progress(95, "Adding containers");
    const container = await store.transaction(async (tx) => {
      const row = await finish(tx);
      if (git) await store.setRemote(tx, project.id, git.remote_url);
      if (!(await store.setEnvironment(project.id, "stopped", { q: tx }))) throw notFound("Project");
      return row;
    });
    await committed?.();
    await projects.refreshSandbox(project.id);
    const after = await store.find(project.id);
    if (after) await projects.publishStatus(after);
    // Not awaited, so that the app can start at once.
    if (after) void commitFirst(after, source);
    return { slug: project.slug, container_id: container?.id ?? null };
  };
  const firstCommitOf = (source: SourceInput): string => {
    if (source.kind === "template") return `Start from ${templates.find(source.template_slug)?.api.name ?? source.template_slug}`;
    return source.kind === "archive" ? "Import files" : "Start";
  };
  tasks.define<CreationInput>(creationType, {
    timeoutMs: 15 * 60_000,
    run: setUp,
    ending: async (tx, { status, project_id: id }) => {
      if (status !== "completed" && id) await store.setEnvironment(id, "setup_failed", { q: tx });
    },
    ended: async (task) => {
      const input = task.input as CreationInput;
      const project = await store.find(task.project_id ?? "");
      if (project?.environment_status === "setup_failed") await projects.publishStatus(project);
      await sourceOf(input).release?.(input.source);
      if (task.status === "completed") await begin(task.project_id, input);
    },
    // The server crashed during setup: start again, unless this setup may be what crashes it.
    interrupted: (task) => resume(task),
  });
  const resume = async (task: TaskRow) => {
    const project = await store.find(task.project_id ?? "");
    const input = task.input as CreationInput;
    if (project?.environment_status !== "provisioning") {
      await sourceOf(input).release?.(input.source);
      // The setup was complete, but the server crashed before the first message started.
      return begin(task.project_id, input);
    }
    if (input.attempt >= maxAttempts) {
      await projects.setEnvironment(project.id, "setup_failed");
      return sourceOf(input).release?.(input.source);
    }
    log.info({ project_id: project.id, attempt: input.attempt + 1 }, "project setup resumed");
    await tasks.createOnce(setupTaskOf(project, { ...input, attempt: input.attempt + 1 }));
  };

  return {
    /** The input of the last setup. */
    lastInput: async (projectId: string): Promise<CreationInput | undefined> =>
      (await tasks.findLatest(projectId, creationType))?.input as CreationInput | undefined,
    isUnderway: async (projectId: string): Promise<boolean> => (await tasks.findUnfinished(setupTaskKey(projectId))) !== undefined,
    /** Why the setup failed, safe to show to the user. */
    error: async (project: ProjectRow): Promise<string | undefined> => {
      const { items } = await tasks.list(project.owner_id, { project_id: project.id, status: "failed", limit: 20 });
      return items.find((t) => t.type === creationType)?.error ?? undefined;
    },
  };
}
