import type { CreateProject, EditMode, Project } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { AppError, conflict, invalid, notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { taskLinks, type TaskContext, type TaskRow, type Tasks } from "../../core/tasks/index.ts";
import { presentProject, type Projects } from "./projects.service.ts";
import type { ProjectSource, ProjectSources, SourceInput } from "./project-source.ts";
import type { ProjectsStore } from "./projects.store.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { newSlug } from "./slug.ts";
import type { Templates } from "./templates.ts";
import { insertUnique } from "../../../platform/insert-unique.ts";

interface CreationInput {
  source: SourceInput;
  attempt: number;
}
export type CreatedProject = Project & { task_id: string; status_url: string };
/** The fields of a project that are known before its files exist. */
export interface NewProject {
  name: string;
  description?: string | null;
  source_type: string;
  template_slug?: string | null;
  source: SourceInput;
  /** Runs in the transaction that creates the project. */
  alongside?: (tx: Queries, project: ProjectRow) => Promise<void>;
}
/** The user who creates a project with a first message. */
export interface Creator {
  id: string;
  name: string;
  /** When created with an API key, the run is limited to the key's scopes. */
  key?: { edit_mode: EditMode };
}
export type FirstMessage = Pick<CreateProject, "attachments" | "model" | "edit_mode" | "agent_id"> & { message: string };
/** What the first message needs from chat. */
export interface FirstMessages {
  /** Validates the message; stores nothing. */
  check(userId: string, first: FirstMessage): Promise<void>;
  /** Runs in the transaction that creates the project. Returns the id of the chat in whose queue it waits. */
  keep(tx: Queries, creator: Creator, projectId: string, first: FirstMessage): Promise<string>;
  /** Called when the project is set up. Never throws. */
  begin(project: ProjectRow): Promise<void>;
}
/** What a project can be created from besides templates and repositories. */
export interface ResolvedBase {
  source: SourceInput;
  template_slug?: string;
  /** Adds the base to the user's library; throws when it has to be bought first. */
  take: (tx: Queries) => Promise<void>;
  /** Called when the project was not created. */
  undo?: () => Promise<void>;
}
/** Throws 404 for a base the user cannot see, 422 for an unknown version. */
export type ResolveBase = (userId: string, ref: string, version: string | null) => Promise<ResolvedBase>;

const maxAttempts = 3;

export type Provisioning = ReturnType<typeof createProvisioning>;

/** Creation and deletion of projects: the tasks `project_creation` and `project_deletion`. */
export function createProvisioning({
  store,
  projects,
  sources,
  shutDown,
  maxProjects,
  templates,
  checkRepository,
  allowsPlain,
  resolveBase,
  firstMessages,
  tasks,
  log,
}: {
  store: ProjectsStore;
  projects: Projects;
  sources: ProjectSources;
  /** Stops everything that runs or starts in a project and drops its in-memory state. */
  shutDown: (project: ProjectRow) => Promise<void>;
  /** Maximum number of projects per user, by tier. */
  maxProjects: Record<"free" | "basic" | "pro" | "ultra", number>;
  templates: Templates;
  /** Throws for a repository URL that must not be fetched. */
  checkRepository: (url: string) => Promise<void>;
  /** Whether repositories of this host may be reached by http. */
  allowsPlain: (url: URL) => boolean;
  resolveBase: ResolveBase;
  firstMessages: FirstMessages;
  tasks: Tasks;
  log: Logger;
}) {
  const beginFirstMessage = async (projectId: string | null) => {
    const project = await store.find(projectId ?? "");
    if (project && project.environment_status !== "setup_failed" && project.environment_status !== "deleting")
      await firstMessages.begin(project);
  };
  const sourceOf = ({ source }: CreationInput) => sources[source.kind] as ProjectSource;
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
    message: "Setup is queued",
  });
  const deletionTask = (project: ProjectRow) => ({
    user_id: project.owner_id,
    project_id: project.id,
    type: "project_deletion",
    unique_key: deletionKey(project.id),
    metadata: factsOf(project),
    message: "Deletion is queued",
  });

  const setUp = async ({ task, input, signal, progress, note }: TaskContext<CreationInput>) => {
    const project = await store.find(task.project_id ?? "");
    if (!project || project.environment_status === "deleting") throw notFound("Project");
    await progress(5, "Creating the project folder");
    const { attempt, source } = input;
    const { settle, git } = await sourceOf(input).fill({ project, input: source, attempt, signal, progress, note });
    signal.throwIfAborted();
    await progress(90, "Files are ready");
    await progress(95, "Adding the container");
    const container = await store.transaction(async (tx) => {
      const row = await settle(tx);
      if (git) await store.setRemote(tx, project.id, git.remote_url);
      if (!(await store.setEnvironment(project.id, "stopped", { q: tx }))) throw notFound("Project");
      return row;
    });
    await projects.refreshSandbox(project.id);
    const after = await store.find(project.id);
    if (after) await projects.publishStatus(after);
    return { slug: project.slug, container_id: container?.id ?? null };
  };
  tasks.define<CreationInput>("project_creation", {
    timeoutMs: 15 * 60_000,
    run: setUp,
    ended: async (task) => {
      const input = task.input as CreationInput;
      if (task.status !== "completed" && task.project_id) await projects.setEnvironment(task.project_id, "setup_failed");
      await sourceOf(input).release?.(input.source);
      if (task.status === "completed") await beginFirstMessage(task.project_id);
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
      return beginFirstMessage(task.project_id);
    }
    if (input.attempt >= maxAttempts) {
      await projects.setEnvironment(project.id, "setup_failed");
      return sourceOf(input).release?.(input.source);
    }
    log.info({ project_id: project.id, attempt: input.attempt + 1 }, "project setup resumed");
    await tasks.createOnce(creationTask(project, { ...input, attempt: input.attempt + 1 }));
  };

  /** Without its task only a template can be set up again, because the source of the others is unknown. */
  const templateOf = (project: ProjectRow): SourceInput | undefined =>
    project.source_type === "template" || (project.source_type === "base" && project.template_slug !== null)
      ? { kind: "template", template_slug: project.template_slug ?? templates.getDefault().wire.slug }
      : undefined;
  /** The source of the last setup. An archive is deleted when its setup fails. */
  const lastSourceOf = async (project: ProjectRow): Promise<SourceInput | undefined> => {
    const last = await tasks.findLatest(project.id, "project_creation");
    if (!last) return templateOf(project);
    const { source } = last.input as CreationInput;
    return source.kind === "archive" ? undefined : source;
  };

  const tearDown = async ({ task, progress }: TaskContext) => {
    const project = await store.find(task.project_id ?? "");
    if (!project) return null;
    await progress(0, "Stopping containers");
    await cancelWork(project, task.id);
    await shutDown(project);
    await projects.release({ project_id: project.id, reason: "deleted" });
    await progress(30, "Deleting files");
    await projects.removeSandbox(project.id);
    await progress(70, "Deleting chats and records");
    // Last: after a crash before this, the row tells the next start to continue.
    await store.delete(project.id);
    projects.endLifetime(project.id);
    return { project_id: project.id, project_slug: project.slug };
  };
  /** Ends the project's tasks before its files are deleted. */
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

  const refuseOver = ({ tier, count }: { tier: keyof typeof maxProjects; count: number }) => {
    if (count < maxProjects[tier]) return;
    throw new AppError(
      "project_limit_reached",
      `Your plan is limited to ${maxProjects[tier]} projects. Delete a project or upgrade your plan.`,
      { details: { limit: maxProjects[tier] } },
    );
  };
  /** Inserts the row and its task in one transaction; creations of one owner are serialized so that the count is exact. */
  const createFrom = async (userId: string, { source, name, description, alongside, ...facts }: NewProject): Promise<CreatedProject> => {
    const { project, task } = await insertUnique("slug for this project", () =>
      store.transaction(async (tx) => {
        refuseOver(await store.countOwned(tx, userId));
        const project = await store.insert(tx, {
          owner_id: userId,
          name: name.trim(),
          slug: newSlug(name),
          description: description ?? null,
          ...facts,
        });
        if (!project) return undefined;
        await alongside?.(tx, project);
        return { project, task: await tasks.create(tx, creationTask(project, { source, attempt: 1 })) };
      }),
    );
    return { ...presentProject({ ...project, container_statuses: [] }), ...taskLinks(task) };
  };

  type Alongside = NonNullable<NewProject["alongside"]>;
  const createFromBase = async (userId: string, body: CreateProject, keepFirst: Alongside): Promise<CreatedProject> => {
    if (!body.base_id) throw invalid(["body", "base_id"], "Field required", "missing");
    const { source, template_slug, take, undo } = await resolveBase(userId, body.base_id, body.base_version?.trim() || null);
    try {
      if (source.kind === "git") await checkRepository(source.url);
      return await createFrom(userId, {
        name: body.name,
        description: body.description ?? null,
        source_type: "base",
        ...(template_slug !== undefined && { template_slug }),
        source,
        alongside: async (tx, project) => {
          await take(tx);
          await keepFirst(tx, project);
        },
      });
    } catch (error) {
      await undo?.();
      throw error;
    }
  };

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
    createFrom,
    /** Throws `project_limit_reached` when the user has no project left on their plan; `createFrom` checks again. */
    checkRoom: async (userId: string): Promise<void> => refuseOver(await store.transaction((tx) => store.countOwned(tx, userId))),
    /** With a first message, its run starts when the project is set up. */
    create: async (creator: Creator, body: CreateProject): Promise<CreatedProject & { chat_id: string | null }> => {
      const first = firstMessageOf(body);
      if (first) await firstMessages.check(creator.id, first);
      let chat_id: string | null = null;
      const keepFirst: Alongside = async (tx, project) => {
        if (first) chat_id = await firstMessages.keep(tx, creator, project.id, first);
      };
      if (sourceTypeOf(body) === "base") return { ...(await createFromBase(creator.id, body, keepFirst)), chat_id };
      const chosen = chooseSource(body, templates, allowsPlain);
      if (chosen.source.kind === "git") await checkRepository(chosen.source.url);
      const made = await createFrom(creator.id, {
        name: body.name,
        description: body.description ?? null,
        ...chosen,
        alongside: keepFirst,
      });
      return { ...made, chat_id };
    },
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
        return row && { row, task: await tasks.create(tx, creationTask(row, { source, attempt: 2 })) };
      });
      if (!retried) throw notFailed();
      await projects.publishStatus(retried.row);
      return { ...taskLinks(retried.task), project_slug: project.slug };
    },
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
    acceptDeletion,
    /** Why the setup failed, safe to show to the user. */
    setupError: async (project: ProjectRow): Promise<string | undefined> => {
      const { items } = await tasks.list(project.owner_id, { project_id: project.id, status: "failed", limit: 20 });
      return items.find((t) => t.type === "project_creation")?.error ?? undefined;
    },
    /** At server start: resumes setups and deletions that lost their task. */
    reconcile: async (): Promise<void> => {
      for (const project of await store.listUnsettled()) {
        if (project.environment_status === "deleting") await resumeDeletion(project.id);
        else if (project.environment_status === "provisioning" && !(await tasks.findUnfinished(creationKey(project.id)))) {
          const source = templateOf(project);
          if (source) await tasks.createOnce(creationTask(project, { source, attempt: 2 }));
          else await projects.setEnvironment(project.id, "setup_failed");
        }
      }
    },
  };
}

const gitTypes = new Set(["github", "gitlab", "bitbucket", "git"]);

/** `undefined` without text and attachments. */
function firstMessageOf({ message, attachments, model, edit_mode, agent_id }: CreateProject): FirstMessage | undefined {
  const text = message?.trim() ?? "";
  if (text === "" && !attachments?.length) return undefined;
  return {
    message: text,
    ...(attachments && { attachments }),
    ...(model && { model }),
    ...(edit_mode && { edit_mode }),
    ...(agent_id && { agent_id }),
  };
}

const sourceTypeOf = (body: CreateProject) =>
  body.source_type ?? (body.base_id ? "base" : body.git_repo_url ? gitTypeOf(body.git_repo_url) : "template");

/** The source of a new project that is not created from a base. Throws 422 when it is invalid. */
function chooseSource(
  body: CreateProject,
  templates: Templates,
  allowsPlain: (url: URL) => boolean,
): { source_type: string; template_slug?: string; source: SourceInput } {
  const source_type = sourceTypeOf(body);
  if (gitTypes.has(source_type)) {
    const url = repositoryAddress(body.git_repo_url ?? "", allowsPlain);
    const branch = body.git_branch?.trim() || null;
    if (branch !== null && !isBranchName(branch)) throw invalid(["body", "git_branch"], "Not a valid git branch name");
    return { source_type, source: { kind: "git", url, branch } };
  }
  const template = body.base_id ? templates.find(body.base_id) : templates.getDefault();
  if (!template) throw notFound("Template");
  const template_slug = template.wire.slug;
  return { source_type, template_slug, source: { kind: "template", template_slug } };
}

const gitTypeOf = (url: string) =>
  ({ "github.com": "github", "gitlab.com": "gitlab", "bitbucket.org": "bitbucket" })[URL.parse(url)?.hostname ?? ""] ?? "git";

/** Validates `git_repo_url`: https, or http on a host the operator allows; no credentials, query or fragment. Throws 422. */
export function repositoryAddress(text: string, allowsPlain: (url: URL) => boolean = () => false): string {
  const loc = ["body", "git_repo_url"];
  if (text === "") throw invalid(loc, "Field required", "missing");
  const url = URL.parse(text.trim());
  if (url?.protocol !== "https:" && !(url?.protocol === "http:" && allowsPlain(url))) throw invalid(loc, "URL must start with https://");
  if (url.username || url.password) throw invalid(loc, "URL must not contain a user name or password");
  if (url.search || url.hash || url.pathname === "/") throw invalid(loc, "Not the URL of a repository");
  return url.href.replace(/\/+$/, "");
}
/** A branch name that git accepts (git-check-ref-format) and cannot mistake for an option. */
export const isBranchName = (name: string): boolean =>
  !/^[-/.]|[/.]$|\.\.|\/\/|@\{|^@$|\/\.|\.lock(\/|$)|[\0-\x20\x7f~^:?*[\\]/.test(name) && Buffer.byteLength(name) <= 255;
