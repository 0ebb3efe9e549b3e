import { Reason } from "./admin.ts";
import { AdminReason } from "./admin-projects.ts";
import { route } from "./route.ts";
import { AverageRating, Literals, listOf, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";

const tag = "admin";
const search = Type.Optional(Type.String({ maxLength: 200, description: "Part of the name, of the slug, or of the username" }));

/** A project template as administrators see it (marketplace-billing-admin 13). */
export const AdminBase = Type.Object({
  id: Uuid,
  name: Type.String(),
  slug: Type.String(),
  description: Type.String(),
  category: Type.String(),
  source_type: Literals("git", "archive"),
  git_repo_url: Nullable(Type.String()),
  visibility: Literals("private", "public"),
  is_featured: Type.Boolean(),
  /** False: hidden from everybody, by an administrator (`is_hidden`) or because its maker took it away. */
  is_active: Type.Boolean(),
  is_hidden: Type.Boolean(),
  downloads: Type.Integer(),
  rating: AverageRating,
  reviews_count: Type.Integer(),
  created_at: Timestamp,
  /** Null: the house's own. */
  created_by_username: Nullable(Type.String()),
});
export type AdminBase = Static<typeof AdminBase>;

/** What somebody said of an agent or a template. */
export const AdminReview = Type.Object({
  id: Uuid,
  rating: Type.Integer(),
  comment: Nullable(Type.String()),
  created_at: Timestamp,
  user_id: Uuid,
  username: Type.String(),
  item_type: Literals("agent", "base"),
  item_id: Uuid,
  item_slug: Type.String(),
  item_name: Type.String(),
});
export type AdminReview = Static<typeof AdminReview>;

export const adminMarketplaceRoutes = {
  bases: route({
    method: "GET",
    path: "/api/admin/bases",
    tag,
    summary: "Every project template, private and hidden ones too, the newest first",
    auth: "superuser",
    query: Type.Object({ ...pageQuery, search, is_active: Type.Optional(Type.Boolean()) }),
    response: listOf(AdminBase),
  }),
  updateBase: route({
    method: "PATCH",
    path: "/api/admin/bases/{id}",
    tag,
    summary: "Feature, hide or show a project template; its files and the projects made from it stay",
    auth: "superuser",
    params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 120, description: "UUID or slug" }) }),
    body: Type.Object({
      is_active: Type.Optional(Type.Boolean()),
      is_featured: Type.Optional(Type.Boolean()),
      /** Needed where `is_active` is false. */
      reason: Type.Optional(Reason),
    }),
    response: AdminBase,
    errors: ["not_found", "nothing_to_change", "conflict"],
  }),
  reviews: route({
    method: "GET",
    path: "/api/admin/reviews",
    tag,
    summary: "Everything that was said of agents and templates, the latest first",
    auth: "superuser",
    query: Type.Object({
      ...pageQuery,
      search: Type.Optional(Type.String({ maxLength: 200, description: "Part of the words, or of the author's username" })),
    }),
    response: listOf(AdminReview),
  }),
  removeReview: route({
    method: "DELETE",
    path: "/api/admin/reviews/{review_id}",
    tag,
    summary: "Take a review away; the item's rating is counted anew",
    auth: "superuser",
    status: 204,
    params: Type.Object({ review_id: Uuid }),
    body: AdminReason,
    errors: ["not_found"],
  }),
};
