import { described, Maybe, Nullable, ProjectRef, Timestamp, Type, Uuid, extend, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "previews";
const ProjectOnly = Type.Object({ id: ProjectRef });
const Params = Type.Object({ id: ProjectRef, preview_id: Uuid });
const Path = Type.String({ maxLength: 2000, pattern: "^/" });
const Coordinate = Type.Number({ minimum: -1e6, maximum: 1e6 });
const Width = Type.Number({ minimum: 200, maximum: 1600, description: "Pixels on the canvas at 100 %" });
const Height = Type.Number({ minimum: 140, maximum: 1600, description: "Pixels on the canvas at 100 %" });

export const Preview = described(
  "A preview window on the canvas. `url` is the container's address while it runs; `width` and `height` are null until it is resized.",
  Type.Object({
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
  }),
);
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

export const SavePositions = described(
  "Positions to save together, after a move of many items or a tidied layout.",
  Type.Object({
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
  }),
);
export type SavePositions = Static<typeof SavePositions>;

export const ShareLink = Type.Object({
  id: Uuid,
  url: Type.String({ description: "Opens the preview without an account until it expires or is revoked" }),
  label: Nullable(Type.String()),
  expires_at: Timestamp,
});
export const PreviewShare = extend(ShareLink, {
  created_at: Timestamp,
  visit_count: Type.Integer(),
  last_visited_at: Nullable(Timestamp),
  visits: described(
    "The latest 100, newest first",
    Type.Array(Type.Object({ visited_at: Timestamp, ip: Type.String(), user_agent: Nullable(Type.String()) })),
  ),
});
export type PreviewShare = Static<typeof PreviewShare>;

export const previewsRoutes = {
  list: route({
    method: "GET",
    path: "/api/projects/{id}/previews",
    tag,
    summary: "List previews",
    description: "The preview windows on the project's canvas.",
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
    summary: "Create preview",
    description: "Adds a preview window to the canvas.",
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
    summary: "Update preview",
    description:
      "Moves or resizes a preview, changes its path, or connects it to another container. Connecting it elsewhere revokes its share links.",
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
    summary: "Delete preview",
    description: "Removes a preview from the canvas and revokes its share links.",
    auth: "user",
    status: 204,
    params: Params,
    errors: ["not_found"],
  }),
  positions: route({
    method: "PATCH",
    path: "/api/projects/{id}/positions",
    tag,
    summary: "Save canvas positions",
    description: "Saves the positions of many containers and previews in one call.",
    auth: "user",
    params: ProjectOnly,
    body: SavePositions,
    response: Type.Object({
      saved: Type.Integer(),
      missing: Type.Array(Uuid, { description: "Ids that are not in this project; the rest is saved" }),
    }),
    errors: ["not_found"],
  }),
  ticket: route({
    method: "POST",
    path: "/api/projects/{id}/preview-ticket",
    tag,
    summary: "Create preview ticket",
    description:
      "Returns a URL that opens a container's preview once, within 30 seconds, and sets a cookie on the preview's host. Without `container_id` it opens the project's first app.",
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
    summary: "Create share link",
    description:
      "Returns a signed URL that opens the container's preview without an account, for `expires_in` seconds (at most 30 days). Visits are logged.",
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
    summary: "List share links",
    description: "The active share links of a preview, with their latest 100 visits each.",
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
    summary: "Revoke share link",
    description: "Revokes a share link. People who use it lose access at once.",
    auth: "user",
    status: 204,
    params: Type.Object({ id: ProjectRef, preview_id: Uuid, share_id: Uuid }),
    errors: ["not_found"],
  }),
};
