import { Maybe, Nullable, ProjectRef, Timestamp, Type, Uuid, extend, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "previews";
const ProjectOnly = Type.Object({ id: ProjectRef });
const Params = Type.Object({ id: ProjectRef, preview_id: Uuid });
const Path = Type.String({ maxLength: 2000, pattern: "^/" });
const Coordinate = Type.Number({ minimum: -1e6, maximum: 1e6 });
const Width = Type.Number({ minimum: 200, maximum: 1600, description: "Pixels on the canvas at 100 %" });
const Height = Type.Number({ minimum: 140, maximum: 1600, description: "Pixels on the canvas at 100 %" });

/** accounts-projects 1, Preview: a small browser on the canvas. `url` is its container's address while that runs; `width` and `height` are null until somebody sizes it. */
export const Preview = Type.Object({
  id: Uuid,
  project_id: Uuid,
  connected_container_id: Nullable(Uuid),
  position_x: Type.Number(),
  position_y: Type.Number(),
  width: Nullable(Type.Number()),
  height: Nullable(Type.Number()),
  current_path: Type.String(),
  url: Nullable(Type.String()),
  created_at: Timestamp,
  updated_at: Timestamp,
});
export type Preview = Static<typeof Preview>;

export const CreatePreview = Type.Object({
  position_x: Type.Optional(Coordinate),
  position_y: Type.Optional(Coordinate),
  width: Type.Optional(Nullable(Width)),
  height: Type.Optional(Nullable(Height)),
  connected_container_id: Maybe(Uuid),
  current_path: Type.Optional(Path),
});
export type CreatePreview = Static<typeof CreatePreview>;

/** What one canvas saves at once, after a move of many things or a tidied layout. */
export const SavePositions = Type.Object({
  containers: Type.Optional(Type.Array(Type.Object({ id: Uuid, position_x: Coordinate, position_y: Coordinate }), { maxItems: 500 })),
  previews: Type.Optional(
    Type.Array(
      Type.Object({
        id: Uuid,
        position_x: Coordinate,
        position_y: Coordinate,
        width: Type.Optional(Nullable(Width)),
        height: Type.Optional(Nullable(Height)),
      }),
      { maxItems: 500 },
    ),
  ),
});
export type SavePositions = Static<typeof SavePositions>;

const ShareLink = Type.Object({
  id: Uuid,
  url: Type.String({ description: "Opens the container's preview for whoever has it, until it expires or is withdrawn" }),
  label: Nullable(Type.String()),
  expires_at: Timestamp,
});
export const PreviewShare = extend(ShareLink, {
  created_at: Timestamp,
  visit_count: Type.Integer(),
  last_visited_at: Nullable(Timestamp),
  /** The last 100, the newest first. */
  visits: Type.Array(Type.Object({ visited_at: Timestamp, ip: Type.String(), user_agent: Nullable(Type.String()) })),
});
export type PreviewShare = Static<typeof PreviewShare>;

/** accounts-projects 4.5 and 9, README rule 12. */
export const previewsRoutes = {
  list: route({
    method: "GET",
    path: "/api/projects/{id}/previews",
    tag,
    summary: "The previews on the project's canvas",
    auth: "user",
    params: ProjectOnly,
    query: Type.Object(pageQuery),
    response: listOf(Preview),
    errors: ["not_found"],
  }),
  create: route({
    method: "POST",
    path: "/api/projects/{id}/previews",
    tag,
    summary: "Put a preview on the canvas",
    auth: "user",
    status: 201,
    params: ProjectOnly,
    bodyOptional: true,
    body: CreatePreview,
    response: Preview,
    errors: ["not_found", "conflict"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/projects/{id}/previews/{preview_id}",
    tag,
    summary: "Move, size or re-attach a preview, or change its path; its share links end when it goes to another container",
    auth: "user",
    params: Params,
    body: CreatePreview,
    response: Preview,
    errors: ["not_found"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/projects/{id}/previews/{preview_id}",
    tag,
    summary: "Take a preview off the canvas; its share links end",
    auth: "user",
    status: 204,
    params: Params,
    errors: ["not_found"],
  }),
  positions: route({
    method: "PATCH",
    path: "/api/projects/{id}/positions",
    tag,
    summary: "Save the places of many containers and previews at once",
    auth: "user",
    params: ProjectOnly,
    body: SavePositions,
    response: Type.Object({
      saved: Type.Integer(),
      missing: Type.Array(Uuid, { description: "Ids that are not in this project (any more); the rest is saved" }),
    }),
    errors: ["not_found"],
  }),
  ticket: route({
    method: "POST",
    path: "/api/projects/{id}/preview-ticket",
    tag,
    summary: "A single-use entry URL (30 s) into a container's preview",
    auth: "user",
    status: 201,
    params: ProjectOnly,
    bodyOptional: true,
    body: Type.Object({
      container_id: Type.Optional(Nullable(Uuid)),
      path: Type.Optional(Path),
    }),
    response: Type.Object({ url: Type.String(), expires_in: Type.Integer() }),
    errors: ["not_found", "no_containers"],
  }),
  share: route({
    method: "POST",
    path: "/api/projects/{id}/previews/{preview_id}/share",
    tag,
    summary: "A link that shows the preview's container to people without an account",
    auth: "user",
    status: 201,
    params: Params,
    body: Type.Object({
      expires_in: Type.Integer({ minimum: 60, maximum: 30 * 86_400, description: "Seconds" }),
      label: Maybe(Type.String({ maxLength: 100 })),
    }),
    response: ShareLink,
    errors: ["not_found", "bad_request", "conflict"],
  }),
  shares: route({
    method: "GET",
    path: "/api/projects/{id}/previews/{preview_id}/share",
    tag,
    summary: "The preview's share links that are still open, with their visits",
    auth: "user",
    params: Params,
    query: Type.Object(pageQuery),
    response: listOf(PreviewShare),
    errors: ["not_found"],
  }),
  unshare: route({
    method: "DELETE",
    path: "/api/projects/{id}/previews/{preview_id}/share/{share_id}",
    tag,
    summary: "Withdraw a share link; whoever came in by it is out at once",
    auth: "user",
    status: 204,
    params: Type.Object({ id: ProjectRef, preview_id: Uuid, share_id: Uuid }),
    errors: ["not_found"],
  }),
};
