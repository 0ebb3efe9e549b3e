import type { BaseDetail, SubmitBase, UpdateBase } from "@tesslate/contract";
import { randomCode } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import { AppError, forbidden, invalid, notFound } from "../../../platform/errors.ts";
import { isBranchName, repositoryAddress } from "../../projects/projects/index.ts";
import type { AcquiringStore } from "./acquiring.store.ts";
import type { BaseArchives } from "./bases.archives.ts";
import type { BaseCatalogue } from "./bases.service.ts";
import type { BaseShelf } from "./bases.store.ts";
import type { BaseRow } from "../../../db/schema/store.ts";
import { isBaseOwner } from "./bases.present.ts";
import type { MarketplaceLimits } from "./limits.ts";
import { slugOf, type Viewer } from "./viewer.ts";

type User = NonNullable<Viewer>;
type NewBase = Parameters<BaseShelf["insert"]>[1];
const slugAttempts = 10;

export type BaseAuthoring = ReturnType<typeof createBaseAuthoring>;
/** Bases that people submit, change and take away (marketplace-billing-admin 3.5, 13). */
export function createBaseAuthoring({
  shelf,
  catalogue,
  entries,
  archives,
  checkUrl,
  limits,
}: {
  shelf: BaseShelf;
  catalogue: BaseCatalogue;
  entries: AcquiringStore;
  archives: BaseArchives;
  /** Refuses the address of a host that must not be called. */
  checkUrl: (url: string) => Promise<void>;
  limits: MarketplaceLimits;
}) {
  const checkRepository = async (given: string): Promise<string> => {
    const url = repositoryAddress(given);
    await checkUrl(url);
    return url;
  };
  const insert = async (tx: Queries, userId: string, values: Omit<NewBase, "slug">): Promise<BaseRow> => {
    const wanted = slugOf(values.name, "base");
    for (let attempt = 0; attempt < slugAttempts; attempt++) {
      const row = await shelf.insert(tx, { ...values, slug: attempt === 0 ? wanted : `${wanted}-${randomCode(4)}` });
      if (!row) continue;
      await entries.put(tx, "base", userId, row.id, { purchase_type: "free" });
      return row;
    }
    throw new AppError("internal_error", "No free name was found for this base. Try again.");
  };
  /** Held until the transaction ends. Throws 404, 403 for one that may be seen but not changed. */
  const lockOwn = async (tx: Queries, user: User, ref: string): Promise<BaseRow> => {
    const { base } = await catalogue.lock(tx, user, ref);
    if (!base.is_active) throw notFound("Base");
    if (!isBaseOwner(user, base)) throw forbidden("forbidden", "Only its maker may change a base.");
    return base;
  };

  return {
    /** Throws 422, `outbound_refused` for a private host, and what `BaseArchives.make` throws. */
    submit: async (user: User, body: SubmitBase): Promise<BaseDetail> => {
      await limits.write(user.id, "submit");
      if (body.git_repo_url === undefined && body.project_id === undefined)
        throw invalid(["body", "git_repo_url"], "Field required", "missing");
      if (body.git_repo_url !== undefined && body.project_id !== undefined)
        throw invalid(["body", "project_id"], "Give a repository or a project, not both");
      const branch = branchOf(body.default_branch ?? "main");
      const about = {
        name: body.name.trim(),
        description: body.description.trim(),
        long_description: body.long_description ?? null,
        category: body.category,
        icon: body.icon ?? "📦",
        preview_image: body.preview_image ?? null,
        tags: body.tags ?? [],
        features: body.features ?? [],
        tech_stack: body.tech_stack ?? [],
        visibility: body.visibility ?? ("private" as const),
        default_branch: branch,
        created_by_user_id: user.id,
      };
      if (body.git_repo_url !== undefined) {
        const git_repo_url = await checkRepository(body.git_repo_url);
        const { id } = await shelf.transaction((tx) => insert(tx, user.id, { ...about, source_type: "git", git_repo_url }));
        return catalogue.detail(user, id);
      }
      const archive = await archives.make(user.id, body.project_id ?? "");
      try {
        const { id } = await shelf.transaction((tx) =>
          insert(tx, user.id, {
            ...about,
            source_type: "archive",
            archive_path: archive.file,
            archive_size_bytes: archive.bytes,
            source_project_id: archive.project_id,
          }),
        );
        return await catalogue.detail(user, id);
      } catch (error) {
        await archives.remove(archive.file);
        throw error;
      }
    },
    /** Its slug stays. Throws 404, 403, 422, `outbound_refused`. */
    update: async (user: User, ref: string, body: UpdateBase): Promise<BaseDetail> => {
      await limits.write(user.id, "submit");
      const git_repo_url = body.git_repo_url === undefined ? undefined : await checkRepository(body.git_repo_url);
      const branch = body.default_branch === undefined ? undefined : branchOf(body.default_branch);
      const id = await shelf.transaction(async (tx) => {
        const base = await lockOwn(tx, user, ref);
        if (git_repo_url !== undefined && base.source_type !== "git")
          throw invalid(["body", "git_repo_url"], "This base is kept as an archive; it has no repository");
        const { name, description, git_repo_url: _url, default_branch: _branch, ...rest } = body;
        await shelf.update(tx, base.id, {
          ...(Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as Partial<BaseRow>),
          ...(name !== undefined && { name: name.trim() }),
          ...(description !== undefined && { description: description.trim() }),
          ...(git_repo_url !== undefined && { git_repo_url }),
          ...(branch !== undefined && { default_branch: branch }),
        });
        return base.id;
      });
      return catalogue.detail(user, id);
    },
    /** Gone for everybody, and so is its archive; projects made from it stay. Throws 404, 403. */
    remove: async (user: User, ref: string): Promise<void> => {
      const archive = await shelf.transaction(async (tx) => {
        const base = await lockOwn(tx, user, ref);
        await shelf.update(tx, base.id, { is_active: false, archive_path: null });
        return base.archive_path;
      });
      if (archive !== null) await archives.remove(archive);
    },
  };
}

function branchOf(given: string): string {
  if (!isBranchName(given.trim())) throw invalid(["body", "default_branch"], "This is not the name of a branch");
  return given.trim();
}
