import { maxScreenshots } from "./limits.ts";
import { ItemParams } from "./marketplace.ts";
import { AgentDetail } from "./marketplace-agents.ts";
import { BaseDetail } from "./marketplace-bases.ts";
import { route } from "./route.ts";
import { Type, Uuid } from "./schema.ts";

const upload = {
  method: "POST",
  auth: "user",
  keys: false,
  kind: "upload",
  params: ItemParams,
  errors: ["not_found", "forbidden", "bad_image", "file_too_large", "rate_limited"],
} as const;
const what = "a PNG, JPEG, GIF, WebP or AVIF image of at most 8 MiB as the multipart field `file`";

export const marketplacePicturesRoutes = {
  setIcon: route({
    ...upload,
    path: "/api/marketplace/agents/{id}/icon",
    tag: "marketplace-agents",
    summary: "Upload agent icon",
    description: `Uploads ${what} for your agent. It is cropped to a small square and encoded again; nothing else of the file is kept.`,
    response: AgentDetail,
  }),
  removeIcon: route({
    method: "DELETE",
    path: "/api/marketplace/agents/{id}/icon",
    tag: "marketplace-agents",
    summary: "Delete agent icon",
    description: "Deletes the icon of your agent. It then has a mark that is generated from its id.",
    auth: "user",
    keys: false,
    params: ItemParams,
    response: AgentDetail,
    errors: ["not_found", "forbidden"],
  }),
  addScreenshot: route({
    ...upload,
    path: "/api/marketplace/agents/{id}/screenshots",
    tag: "marketplace-agents",
    summary: "Upload agent screenshot",
    description: `Uploads ${what} for the store page of your agent, which shows at most ${maxScreenshots}. It is reduced to 1280 × 800 pixels and encoded again.`,
    status: 201,
    response: AgentDetail,
    errors: [...upload.errors, "screenshot_limit_reached"],
  }),
  removeScreenshot: route({
    method: "DELETE",
    path: "/api/marketplace/agents/{id}/screenshots/{picture_id}",
    tag: "marketplace-agents",
    summary: "Delete agent screenshot",
    description: "Deletes a screenshot of your agent.",
    auth: "user",
    keys: false,
    params: Type.Object({ ...ItemParams.properties, picture_id: Uuid }),
    response: AgentDetail,
    errors: ["not_found", "forbidden"],
  }),
  setBasePicture: route({
    ...upload,
    path: "/api/marketplace/bases/{id}/picture",
    tag: "marketplace-bases",
    summary: "Upload template picture",
    description: `Uploads ${what} for your template, in place of the one that was taken of its app. It is cropped to 640 × 400 pixels and encoded again.`,
    response: BaseDetail,
  }),
  removeBasePicture: route({
    method: "DELETE",
    path: "/api/marketplace/bases/{id}/picture",
    tag: "marketplace-bases",
    summary: "Delete template picture",
    description: "Deletes the picture of your template.",
    auth: "user",
    keys: false,
    params: ItemParams,
    response: BaseDetail,
    errors: ["not_found", "forbidden"],
  }),
  get: route({
    method: "GET",
    path: "/api/marketplace/pictures/{id}/{version}",
    tag: "marketplace-agents",
    summary: "Get store picture",
    description: "A picture of an agent or a template. The URL changes with the picture, so it can be cached forever.",
    auth: "none",
    kind: "raw",
    contentType: "image/webp",
    params: Type.Object({ id: Uuid, version: Type.String({ pattern: "^[0-9a-f]{16}$" }) }),
    errors: ["not_found"],
  }),
};
