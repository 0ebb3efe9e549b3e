import type { BaseCard, BaseDetail } from "@tesslate/contract";
import type { FoundBase } from "./bases.store.ts";
import type { BaseRow } from "../../../db/schema/store.ts";
import { creatorOf } from "./creator.ts";
import type { Viewer } from "./viewer.ts";

export const isBaseOwner = (viewer: Viewer, base: Pick<BaseRow, "created_by_user_id">): boolean =>
  viewer !== undefined && base.created_by_user_id === viewer.id;

/** Addresses of the pictures of a bundled template. */
export type TemplatePicturesOf = (slug: string) => BaseCard["pictures"];
/** Its own, else those of the bundled template that it is. */
export const picturesOf = (base: Pick<BaseRow, "pictures" | "template_slug">, ofTemplate: TemplatePicturesOf): BaseCard["pictures"] =>
  base.pictures ?? (base.template_slug === null ? null : ofTemplate(base.template_slug));

export function baseCardOf({ base, creator, entry }: FoundBase, ofTemplate: TemplatePicturesOf): BaseCard {
  return {
    id: base.id,
    name: base.name,
    slug: base.slug,
    description: base.description,
    long_description: base.long_description,
    git_repo_url: base.git_repo_url,
    default_branch: base.default_branch,
    category: base.category,
    icon: base.icon,
    preview_image: base.preview_image,
    pictures: picturesOf(base, ofTemplate),
    pricing_type: base.pricing_type,
    price_cents: base.price_cents,
    downloads: base.downloads,
    rating: base.rating,
    reviews_count: base.reviews_count,
    features: base.features,
    tech_stack: base.tech_stack,
    tags: base.tags,
    is_featured: base.is_featured,
    is_active: base.is_active,
    is_purchased: entry?.is_active === true,
    source_type: base.source_type,
    is_forkable: false,
    usage_count: base.downloads,
    ...creatorOf(creator, base.created_by_user_id === null),
    created_by_user_id: base.created_by_user_id,
    visibility: base.visibility,
    created_at: base.created_at,
    updated_at: base.updated_at,
  };
}

export const baseDetailOf = (
  found: FoundBase,
  viewer: Viewer,
  { reviews, ofTemplate }: Pick<BaseDetail, "reviews"> & { ofTemplate: TemplatePicturesOf },
): BaseDetail => ({
  ...baseCardOf(found, ofTemplate),
  archive_size_bytes: found.base.archive_size_bytes,
  template_slug: found.base.template_slug,
  is_owner: isBaseOwner(viewer, found.base),
  in_library: found.entry !== null && found.entry.removed_at === null,
  reviews,
});
