import { invalid } from "../../../platform/errors.ts";
import { isBranchName, type ChooseBase } from "../../projects/projects/index.ts";
import type { Acquiring } from "./acquiring.ts";
import type { BaseArchives } from "./bases.archives.ts";
import type { BaseCatalogue } from "./bases.service.ts";

/** What a project that begins from a base is made of (accounts-projects 4.1, marketplace-billing-admin 3.4, 3.7). */
export function createBaseChoices({
  bases,
  acquiring,
  archives,
}: {
  bases: BaseCatalogue;
  acquiring: Acquiring;
  archives: Pick<BaseArchives, "lend" | "takeBack">;
}): ChooseBase {
  return async (userId, ref, version) => {
    const { base } = await bases.require({ id: userId, is_superuser: false }, ref);
    const take: Awaited<ReturnType<ChooseBase>>["take"] = (tx) => acquiring.forProject(tx, userId, base.id);
    if (version !== null && base.git_repo_url === null) throw invalid(["body", "base_version"], "This base has no versions");
    if (version !== null && !isBranchName(version)) throw invalid(["body", "base_version"], "This is not the name of a version");
    if (base.git_repo_url !== null)
      return {
        take,
        source: { kind: "git", url: base.git_repo_url, branch: base.default_branch, ...(version !== null && { tag: version }) },
      };
    if (base.archive_path !== null) {
      const file = await archives.lend(base.archive_path);
      return { take, source: { kind: "archive", file }, undo: () => archives.takeBack(file) };
    }
    const template_slug = base.template_slug ?? "";
    return { take, template_slug, source: { kind: "template", template_slug } };
  };
}
