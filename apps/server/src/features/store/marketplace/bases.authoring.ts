import type { BaseDetail, SubmitBase, UpdateBase } from "@tesslate/contract";
import { randomCode } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import { forbidden, invalid, notFound } from "../../../platform/errors.ts";
import { isBranchName, repositoryAddress } from "../../projects/projects/index.ts";
import type { AcquiringStore } from "./acquiring.store.ts";
import type { BaseArchives } from "./bases.archives.ts";
import type { BaseCatalogue } from "./bases.service.ts";
import type { BaseListings } from "./bases.store.ts";
import type { BaseRow } from "../../../db/schema/store.ts";
import { isBaseOwner } from "./bases.present.ts";
import type { RequireCategory } from "./collections.ts";
import { asPicture } from "./item-picture-encoder.ts";
import type { ItemPicturesStore } from "./item-pictures.store.ts";
import type { MarketplaceLimits } from "./limits.ts";
import { slugOf, type Viewer } from "./viewer.ts";
import { insertUnique } from "../../../platform/insert-unique.ts";

type User = NonNullable<Viewer>;
type NewBase = Parameters<BaseListings["insert"]>[1];

export type BaseAuthoring = ReturnType<typeof createBaseAuthoring>;
/** Submitting, changing and deleting bases. */
export function createBaseAuthoring({
  listings,
  catalogue,
  entries,
  archives,
  checkUrl,
  projectPictures,
  pictures,
  limits,
  requireCategory,
}: {
  listings: BaseListings;
  catalogue: BaseCatalogue;
  entries: AcquiringStore;
  archives: BaseArchives;
  /** Throws for a URL that must not be fetched. */
  checkUrl: (url: string) => Promise<void>;
  /** Of the app of a project that is published. */
  projectPictures: {
    find(projectId: string): Promise<{ light: Buffer; dark: Buffer } | undefined>;
    /** Takes pictures of the running app, which the template gets by `ItemPictures.adopt`. Never throws. */
    request(projectId: string): Promise<void>;
  };
  pictures: Pick<ItemPicturesStore, "setBase">;
  limits: MarketplaceLimits;
  requireCategory: RequireCategory;
}) {
  const checkRepository = async (given: string): Promise<string> => {
    const url = repositoryAddress(given);
    await checkUrl(url);
    return url;
  };
  const insert = async (tx: Queries, userId: string, values: Omit<NewBase, "slug">): Promise<BaseRow> => {
    const wanted = slugOf(values.name, "base");
    const row = await insertUnique("slug for this base", (attempt) =>
      listings.insert(tx, { ...values, slug: attempt === 0 ? wanted : `${wanted}-${randomCode(4)}` }),
    );
    await entries.put(tx, "base", userId, row.id, { purchase_type: "free" });
    return row;
  };
  /** Locks the base until the transaction ends. Throws 404, and 403 for one the user can see but not change. */
  const lockOwn = async (tx: Queries, user: User, ref: string): Promise<BaseRow> => {
    const { base } = await catalogue.lock(tx, user, ref);
    if (!base.is_active) throw notFound("Base");
    if (!isBaseOwner(user, base)) throw forbidden("forbidden", "Only the creator of a base can change it.");
    return base;
  };

  return {
    /** Throws 422, `outbound_refused` for a private host, and the errors of `BaseArchives.make`. */
    submit: async (user: User, body: SubmitBase): Promise<BaseDetail> => {
      await limits.write(user.id, "submit");
      if (body.git_repo_url === undefined && body.project_id === undefined)
        throw invalid(["body", "git_repo_url"], "Field required", "missing");
      if (body.git_repo_url !== undefined && body.project_id !== undefined)
        throw invalid(["body", "project_id"], "Send either git_repo_url or project_id, not both");
      await requireCategory("base", body.category.trim());
      const branch = branchOf(body.default_branch ?? "main");
      const about = {
        name: body.name.trim(),
        description: body.description.trim(),
        long_description: body.long_description ?? null,
        category: body.category.trim(),
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
        const { id } = await listings.transaction((tx) => insert(tx, user.id, { ...about, source_type: "git", git_repo_url }));
        return catalogue.detail(user, id);
      }
      const archive = await archives.make(user.id, body.project_id ?? "");
      try {
        const taken = await projectPictures.find(archive.project_id);
        const { id } = await listings.transaction(async (tx) => {
          const row = await insert(tx, user.id, {
            ...about,
            source_type: "archive",
            archive_path: archive.file,
            archive_size_bytes: archive.bytes,
            source_project_id: archive.project_id,
          });
          if (taken) await pictures.setBase(tx, row.id, { light: asPicture(taken.light), dark: asPicture(taken.dark) });
          return row;
        });
        if (!taken) await projectPictures.request(archive.project_id);
        return await catalogue.detail(user, id);
      } catch (error) {
        await archives.remove(archive.file);
        throw error;
      }
    },
    /** The slug stays. Throws 404, 403, 422, `outbound_refused`. */
    update: async (user: User, ref: string, body: UpdateBase): Promise<BaseDetail> => {
      await limits.write(user.id, "submit");
      const git_repo_url = body.git_repo_url === undefined ? undefined : await checkRepository(body.git_repo_url);
      const branch = body.default_branch === undefined ? undefined : branchOf(body.default_branch);
      const id = await listings.transaction(async (tx) => {
        const base = await lockOwn(tx, user, ref);
        if (git_repo_url !== undefined && base.source_type !== "git")
          throw invalid(["body", "git_repo_url"], "This base is an archive without a repository");
        if (body.category !== undefined) await requireCategory("base", body.category, base.category);
        const { name, description, git_repo_url: _url, default_branch: _branch, ...rest } = body;
        await listings.update(tx, base.id, {
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
    /** Deletes the base and its archive for all users; projects created from it stay. Throws 404, 403. */
    remove: async (user: User, ref: string): Promise<void> => {
      const archive = await listings.transaction(async (tx) => {
        const base = await lockOwn(tx, user, ref);
        await listings.update(tx, base.id, { is_active: false, archive_path: null });
        return base.archive_path;
      });
      if (archive !== null) await archives.remove(archive);
    },
  };
}

function branchOf(given: string): string {
  if (!isBranchName(given.trim())) throw invalid(["body", "default_branch"], "Not a valid git branch name");
  return given.trim();
}
