import { invalid } from "../../../platform/errors.ts";
import { isBranchName, type ResolveBase } from "../../projects/projects/index.ts";
import type { Acquiring } from "./acquiring.ts";
import type { BaseArchives } from "./bases.archives.ts";
import type { BaseCatalogue } from "./bases.service.ts";

/** Resolves the base of a new project to the source of its files. */
export function createBaseResolver({
  bases,
  acquiring,
  archives,
}: {
  bases: BaseCatalogue;
  acquiring: Acquiring;
  archives: Pick<BaseArchives, "stage" | "unstage">;
}): ResolveBase {
  return async (userId, ref, version) => {
    const { base } = await bases.require({ id: userId, is_superuser: false }, ref);
    const take: Awaited<ReturnType<ResolveBase>>["take"] = (tx) => acquiring.forProject(tx, userId, base.id);
    if (version !== null && base.git_repo_url === null) throw invalid(["body", "base_version"], "This base has no versions");
    if (version !== null && !isBranchName(version)) throw invalid(["body", "base_version"], "Not a valid version name");
    if (base.git_repo_url !== null)
      return {
        take,
        source: { kind: "git", url: base.git_repo_url, branch: base.default_branch, ...(version !== null && { tag: version }) },
      };
    if (base.archive_path !== null) {
      const file = await archives.stage(base.archive_path);
      return { take, source: { kind: "archive", file }, undo: () => archives.unstage(file) };
    }
    const template_slug = base.template_slug ?? "";
    return { take, template_slug, source: { kind: "template", template_slug } };
  };
}
