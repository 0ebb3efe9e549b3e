import type { CreateProject, EditMode, Project } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { AppError, conflict, invalid, notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { taskLinks, type TaskContext, type TaskRow, type Tasks } from "../../core/tasks/index.ts";
import { wireOf, type Projects } from "./projects.service.ts";
import type { ProjectSource, ProjectSources, SourceInput } from "./project-source.ts";
import type { ProjectsStore } from "./projects.store.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { newSlug } from "./slug.ts";
import type { Templates } from "./templates.ts";

interface CreationInput {
  source: SourceInput;
  attempt: number;
}
export type CreatedProject = Project & { task_id: string; status_url: string };
/** What is known of a project before its files are there. */
export interface NewProject {
  name: string;
  description?: string | null;
  source_type: string;
  template_slug?: string | null;
  source: SourceInput;
  /** In the transaction that makes the project. */
  alongside?: (tx: Queries, project: ProjectRow) => Promise<void>;
}
/** Who creates a project with a first message. */
export interface Creator {
  id: string;
  name: string;
  /** Created by API key: the run may do no more than the key. */
  key?: { edit_mode: EditMode };
}
export type FirstMessage = Pick<CreateProject, "attachments" | "model" | "edit_mode" | "agent_id"> & { message: string };
/** What the first message of a project needs of the chat, which is built later than projects are. */
export interface FirstMessages {
  /** Refuses what could not be run; nothing is stored. */
  check(userId: string, first: FirstMessage): Promise<void>;
  /** In the transaction that creates the project. The id of the chat in which it waits. */
  keep(tx: Queries, creator: Creator, projectId: string, first: FirstMessage): Promise<string>;
  /** The project is set up, and it waits. Never throws. */
  begin(project: ProjectRow): Promise<void>;
}
/** What a project can begin from beside templates and repositories. */
export interface BaseChoice {
  source: SourceInput;
  template_slug?: string;
  /** The base enters the library of who begins from it; throws when it has to be bought first. */
  take: (tx: Queries) => Promise<void>;
  /** No project came of it. */
  undo?: () => Promise<void>;
}
/** Throws 404 for a base that this person may not know of, 422 for a version that is none. */
export type ChooseBase = (userId: string, ref: string, version: string | null) => Promise<BaseChoice>;

const maxAttempts = 3;
const slugAttempts = 10;

export type Provisioning = ReturnType<typeof createProvisioning>;

/** How projects come and go (accounts-projects 4.1): the tasks `project_creation` and `project_deletion`. */
export function createProvisioning({
  store,
  projects,
  sources,
  shutDown,
  maxProjects,
  templates,
  checkRepository,
  allowsPlain,
  chooseBase,
  tasks,
  log,
}: {
  store: ProjectsStore;
  projects: Projects;
  sources: ProjectSources;
  /** Stops whatever runs or starts in a project, and forgets about it. */
  shutDown: (project: ProjectRow) => Promise<void>;
  /** How many projects one person may have, by tier. */
  maxProjects: Record<"free" | "basic" | "pro" | "ultra", number>;
  templates: Templates;
  /** Refuses the address of a repository that must not be called. */
  checkRepository: (url: string) => Promise<void>;
  /** Whether repositories of this host may be reached by http. */
  allowsPlain: (url: URL) => boolean;
  chooseBase: ChooseBase;
  tasks: Tasks;
  log: Logger;
}) {
  let firstMessages: FirstMessages | undefined;
  const beginFirstMessage = async (projectId: string | null) => {
    const project = await store.find(projectId ?? "");
    if (project && project.environment_status !== "setup_failed" && project.environment_status !== "deleting")
      await firstMessages?.begin(project);
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
    await progress(5, "Making room for the project");
    const { attempt, source } = input;
    const { settle, git } = await sourceOf(input).fill({ project, input: source, attempt, signal, progress, note });
    signal.throwIfAborted();
    await progress(90, "Files are in place");
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
    // The server died in the middle: begin again, unless it is this very setup that kills it.
    interrupted: (task) => resume(task),
  });
  const resume = async (task: TaskRow) => {
    const project = await store.find(task.project_id ?? "");
    const input = task.input as CreationInput;
    if (project?.environment_status !== "provisioning") {
      await sourceOf(input).release?.(input.source);
      // Set up, and killed before the first message began.
      return beginFirstMessage(task.project_id);
    }
    if (input.attempt >= maxAttempts) {
      await projects.setEnvironment(project.id, "setup_failed");
      return sourceOf(input).release?.(input.source);
    }
    log.info({ project_id: project.id, attempt: input.attempt + 1 }, "project setup resumed");
    await tasks.createOnce(creationTask(project, { ...input, attempt: input.attempt + 1 }));
  };

  /** Without its task only a template can be set up again: what the others came from is not known any more. */
  const templateOf = (project: ProjectRow): SourceInput | undefined =>
    project.source_type === "template" || (project.source_type === "base" && project.template_slug !== null)
      ? { kind: "template", template_slug: project.template_slug ?? templates.getDefault().wire.slug }
      : undefined;
  /** What the last setup used. An archive is deleted when its setup fails. */
  const lastSourceOf = async (project: ProjectRow): Promise<SourceInput | undefined> => {
    const last = await tasks.findLatest(project.id, "project_creation");
    if (!last) return templateOf(project);
    const { source } = last.input as CreationInput;
    return source.kind === "archive" ? undefined : source;
  };

  const tearDown = async ({ task, progress }: TaskContext) => {
    const project = await store.find(task.project_id ?? "");
    if (!project) return null;
    await progress(0, "Stopping everything");
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

  const refuseOver = ({ tier, count }: { tier: keyof typeof maxProjects; count: number }) => {
    if (count < maxProjects[tier]) return;
    throw new AppError(
      "project_limit_reached",
      `Your plan allows ${maxProjects[tier]} projects. Delete one, or change the plan, to make another.`,
      { details: { limit: maxProjects[tier] } },
    );
  };
  /** The row and its task in one transaction; the owner's projects are counted one creation at a time. */
  const createFrom = async (userId: string, { source, name, description, alongside, ...facts }: NewProject): Promise<CreatedProject> => {
    for (let attempt = 0; attempt < slugAttempts; attempt++) {
      const made = await store.transaction(async (tx) => {
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
      });
      if (made) return { ...wireOf({ ...made.project, container_statuses: [] }), ...taskLinks(made.task) };
    }
    throw new AppError("internal_error", "No free name was found for this project. Try again.");
  };

  type Alongside = NonNullable<NewProject["alongside"]>;
  const createFromBase = async (userId: string, body: CreateProject, keepFirst: Alongside): Promise<CreatedProject> => {
    if (!body.base_id) throw invalid(["body", "base_id"], "Field required", "missing");
    const { source, template_slug, take, undo } = await chooseBase(userId, body.base_id, body.base_version?.trim() || null);
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

  /** Of any project, in the caller's transaction. `accepted` tells those who follow the project; it is called when that has committed. Throws 404. */
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
    /** Throws `project_limit_reached` when this person may not have another project; `createFrom` asks again. */
    checkRoom: async (userId: string): Promise<void> => refuseOver(await store.transaction((tx) => store.countOwned(tx, userId))),
    /** What is called for first messages from here on. */
    beginWith: (given: FirstMessages): void => void (firstMessages = given),
    /** With a first message, its run belongs to the creation: it starts when the project is set up. */
    create: async (creator: Creator, body: CreateProject): Promise<CreatedProject & { chat_id: string | null }> => {
      const first = firstMessageOf(body);
      if (first) await firstMessages?.check(creator.id, first);
      let chat_id: string | null = null;
      const keepFirst: Alongside = async (tx, project) => {
        if (first) chat_id = (await firstMessages?.keep(tx, creator, project.id, first)) ?? null;
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
    /** Sets a project up again after a failure. Throws `setup_not_failed`, and `setup_not_repeatable` when its source is gone. */
    retrySetup: async (userId: string, ref: string) => {
      const project = await projects.require(userId, ref);
      const notFailed = () => conflict("setup_not_failed", "The setup of this project has not failed, so there is nothing to retry.");
      if (project.environment_status !== "setup_failed") throw notFailed();
      const source = await lastSourceOf(project);
      if (!source)
        throw conflict(
          "setup_not_repeatable",
          "What this project was created from is not kept after a failed setup. Create or import it again.",
        );
      const begun = await store.transaction(async (tx) => {
        const row = await store.reopenSetup(tx, project.id);
        return row && { row, task: await tasks.create(tx, creationTask(row, { source, attempt: 2 })) };
      });
      if (!begun) throw notFailed();
      await projects.publishStatus(begun.row);
      return { ...taskLinks(begun.task), project_slug: project.slug };
    },
    /** Accepts the deletion: from here on the project answers 404. */
    remove: async (userId: string, ref: string) => {
      const project = await projects.require(userId, ref);
      const { task, accepted } = await store.transaction((tx) => acceptDeletion(tx, project.id));
      await accepted();
      return { ...taskLinks(task), project_id: project.id, project_slug: project.slug };
    },
    /** The same for work that the server itself does; goes on with a deletion that has begun. The id of its task. */
    erase: async (project: ProjectRow): Promise<string> => {
      const marked = await store.transaction((tx) => store.markDeleting(tx, project.id));
      if (marked) {
        await projects.publishStatus(marked);
        projects.endLifetime(project.id);
      }
      return (await tasks.createOnce(deletionTask(project))).row.id;
    },
    acceptDeletion,
    /** Why the setup failed, as the person may read it. */
    setupError: async (project: ProjectRow): Promise<string | undefined> => {
      const { items } = await tasks.list(project.owner_id, { project_id: project.id, status: "failed", limit: 20 });
      return items.find((t) => t.type === "project_creation")?.error ?? undefined;
    },
    /** After a start: goes on with setups and deletions that lost their task. */
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

/** Undefined when neither words nor attachments are given. */
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

/** Where the files of a new project come from that begins from no base (accounts-projects 4.1), refused here when it cannot be. */
function chooseSource(
  body: CreateProject,
  templates: Templates,
  allowsPlain: (url: URL) => boolean,
): { source_type: string; template_slug?: string; source: SourceInput } {
  const source_type = sourceTypeOf(body);
  if (gitTypes.has(source_type)) {
    const url = repositoryAddress(body.git_repo_url ?? "", allowsPlain);
    const branch = body.git_branch?.trim() || null;
    if (branch !== null && !isBranchName(branch)) throw invalid(["body", "git_branch"], "This is not the name of a branch");
    return { source_type, source: { kind: "git", url, branch } };
  }
  const template = body.base_id ? templates.find(body.base_id) : templates.getDefault();
  if (!template) throw notFound("Template");
  const template_slug = template.wire.slug;
  return { source_type, template_slug, source: { kind: "template", template_slug } };
}

const gitTypeOf = (url: string) =>
  ({ "github.com": "github", "gitlab.com": "gitlab", "bitbucket.org": "bitbucket" })[URL.parse(url)?.hostname ?? ""] ?? "git";

/** What a person gave as `git_repo_url`: https, or http of a host that the operator named; without credentials, query and fragment; throws 422. */
export function repositoryAddress(text: string, allowsPlain: (url: URL) => boolean = () => false): string {
  const loc = ["body", "git_repo_url"];
  if (text === "") throw invalid(loc, "Field required", "missing");
  const url = URL.parse(text.trim());
  if (url?.protocol !== "https:" && !(url?.protocol === "http:" && allowsPlain(url))) throw invalid(loc, "Give an https:// address");
  if (url.username || url.password) throw invalid(loc, "Leave user name and password out of the address");
  if (url.search || url.hash || url.pathname === "/") throw invalid(loc, "Give the address of a repository");
  return url.href.replace(/\/+$/, "");
}
/** What git itself takes for a branch (git-check-ref-format), and nothing that reads like an option. */
export const isBranchName = (name: string): boolean =>
  !/^[-/.]|[/.]$|\.\.|\/\/|@\{|^@$|\/\.|\.lock(\/|$)|[\0-\x20\x7f~^:?*[\\]/.test(name) && Buffer.byteLength(name) <= 255;
