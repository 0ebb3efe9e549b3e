import { Reason } from "./admin.ts";
import { AdminReason } from "./admin-projects.ts";
import { route } from "./route.ts";
import { described, AverageRating, Literals, listOf, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { ThemeCategory, ThemeMode, ThemeParams } from "./themes.ts";

const tag = "admin-content";
const search = Type.Optional(Type.String({ maxLength: 200, description: "Matches part of the name, slug or creator's username" }));

export const AdminBase = described(
  "A project template as administrators see it.",
  Type.Object({
    id: Uuid,
    name: Type.String(),
    slug: Type.String(),
    description: Type.String(),
    category: Type.String(),
    source_type: Literals("git", "archive"),
    git_repo_url: Nullable(Type.String()),
    visibility: Literals("private", "public"),
    is_featured: Type.Boolean(),
    is_active: described("False: hidden by an administrator (`is_hidden`) or deleted by its creator", Type.Boolean()),
    is_hidden: Type.Boolean(),
    downloads: Type.Integer(),
    rating: AverageRating,
    reviews_count: Type.Integer(),
    created_at: Timestamp,
    created_by_username: described("Null: a bundled template", Nullable(Type.String())),
  }),
);
export type AdminBase = Static<typeof AdminBase>;

/** What an administrator changes of a template or theme in the store. */
export const AdminListingChange = Type.Object({
  is_active: Type.Optional(Type.Boolean()),
  is_featured: Type.Optional(Type.Boolean()),
  reason: described("Required to set `is_active` to false", Type.Optional(Reason)),
});

export const AdminTheme = described(
  "A theme that is or was in the store, as administrators see it.",
  Type.Object({
    id: Type.String(),
    name: Type.String(),
    description: Type.String(),
    mode: ThemeMode,
    category: ThemeCategory,
    is_published: Type.Boolean(),
    is_featured: Type.Boolean(),
    is_active: described("False: hidden by an administrator", Type.Boolean()),
    downloads: Type.Integer(),
    created_at: Timestamp,
    created_by_username: described("Null: a bundled theme", Nullable(Type.String())),
  }),
);
export type AdminTheme = Static<typeof AdminTheme>;

export const AdminReview = described(
  "A review of an agent or a template.",
  Type.Object({
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
  }),
);
export type AdminReview = Static<typeof AdminReview>;

export const adminMarketplaceRoutes = {
  bases: route({
    method: "GET",
    path: "/api/admin/bases",
    tag,
    summary: "List project templates (admin)",
    description: "All templates, private and hidden ones included, newest first.",
    auth: "superuser",
    query: Type.Object({ ...pageQuery, search, is_active: Type.Optional(Type.Boolean()) }),
    response: listOf(AdminBase),
  }),
  updateBase: route({
    method: "PATCH",
    path: "/api/admin/bases/{id}",
    tag,
    summary: "Update project template (admin)",
    description: "Features, hides or shows a template. Its files and the projects made from it stay. Writes to the audit log.",
    auth: "superuser",
    params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 120, description: "UUID or slug" }) }),
    body: AdminListingChange,
    response: AdminBase,
    errors: ["not_found", "nothing_to_change", "conflict"],
  }),
  themes: route({
    method: "GET",
    path: "/api/admin/themes",
    tag,
    summary: "List themes (admin)",
    description: "Bundled themes, those that users published, and hidden ones, newest first. Private themes are not listed.",
    auth: "superuser",
    query: Type.Object({ ...pageQuery, search, is_active: Type.Optional(Type.Boolean()) }),
    response: listOf(AdminTheme),
  }),
  updateTheme: route({
    method: "PATCH",
    path: "/api/admin/themes/{id}",
    tag,
    summary: "Update theme (admin)",
    description: "Features, hides or shows a theme. A hidden one can be used by its creator only. Writes to the audit log.",
    auth: "superuser",
    params: ThemeParams,
    body: AdminListingChange,
    response: AdminTheme,
    errors: ["not_found", "nothing_to_change"],
  }),
  reviews: route({
    method: "GET",
    path: "/api/admin/reviews",
    tag,
    summary: "List reviews",
    description: "All reviews of agents and templates, newest first.",
    auth: "superuser",
    query: Type.Object({
      ...pageQuery,
      search: Type.Optional(Type.String({ maxLength: 200, description: "Matches part of the text or the author's username" })),
    }),
    response: listOf(AdminReview),
  }),
  removeReview: route({
    method: "DELETE",
    path: "/api/admin/reviews/{review_id}",
    tag,
    summary: "Delete review",
    description: "Deletes a review and recalculates the rating. Writes to the audit log.",
    auth: "superuser",
    status: 204,
    params: Type.Object({ review_id: Uuid }),
    body: AdminReason,
    errors: ["not_found"],
  }),
};
