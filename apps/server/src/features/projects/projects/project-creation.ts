import type { CreateProject } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { invalid, notFound } from "../../../platform/errors.ts";
import { firstMessageOf, type Creator, type FirstMessages } from "./first-message.ts";
import type { CreatedProject, NewProject, NewProjects } from "./new-project.ts";
import type { SourceInput } from "./project-source.ts";
import type { Templates } from "./templates.ts";

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

/** Which repositories projects may be created from. */
export interface RepositoryRules {
  /** Throws for a repository URL that must not be fetched. */
  check(url: string): Promise<void>;
  /** Whether repositories of this host may be reached by http. */
  allowsPlain(url: URL): boolean;
}

type Alongside = NonNullable<NewProject["alongside"]>;

export type ProjectCreation = ReturnType<typeof createProjectCreation>;
/** Creates projects from what a request names. */
export function createProjectCreation({
  newProjects: { createFrom },
  templates,
  repositories,
  resolveBase,
  firstMessages,
  forgetDraft,
}: {
  newProjects: Pick<NewProjects, "createFrom">;
  templates: Templates;
  repositories: RepositoryRules;
  resolveBase: ResolveBase;
  firstMessages: Pick<FirstMessages, "check" | "keep">;
  /** Deletes the user's draft if it is this message. */
  forgetDraft: (tx: Queries, userId: string, message: string) => Promise<void>;
}) {
  const createFromBase = async (userId: string, body: CreateProject, keepFirst: Alongside): Promise<CreatedProject> => {
    if (!body.base_id) throw invalid(["body", "base_id"], "Field required", "missing");
    const { source, template_slug, take, undo } = await resolveBase(userId, body.base_id, body.base_version?.trim() || null);
    try {
      if (source.kind === "git") await repositories.check(source.url);
      return await createFrom(userId, {
        name: body.name,
        ...(body.is_name_unique && { isNameUnique: true }),
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

  return {
    /** With a first message, its run starts when the project is set up. */
    create: async (creator: Creator, body: CreateProject): Promise<CreatedProject & { chat_id: string | null }> => {
      const first = firstMessageOf(body);
      if (first) await firstMessages.check(creator.id, first);
      let chat_id: string | null = null;
      const keepFirst: Alongside = async (tx, project) => {
        if (!first) return;
        chat_id = await firstMessages.keep(tx, creator, project.id, first);
        await forgetDraft(tx, creator.id, first.message);
      };
      if (sourceTypeOf(body) === "base") return { ...(await createFromBase(creator.id, body, keepFirst)), chat_id };
      const chosen = chooseSource(body, templates, repositories.allowsPlain);
      if (chosen.source.kind === "git") await repositories.check(chosen.source.url);
      const made = await createFrom(creator.id, {
        name: body.name,
        ...(body.is_name_unique && { isNameUnique: true }),
        description: body.description ?? null,
        ...chosen,
        alongside: keepFirst,
      });
      return { ...made, chat_id };
    },
  };
}

const gitTypes = new Set(["github", "gitlab", "bitbucket", "git"]);

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
  const template_slug = template.api.slug;
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
