import { described, Literals, Nullable, ProjectRef, Timestamp, Type, Uuid, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "assets";

/** Bytes of one asset; the upload of a larger one is refused with 413. */
export const maxAssetBytes = 20 * 1024 * 1024;
export const assetFileTypes = ["image", "video", "font", "document", "audio", "other"] as const;
export type AssetFileType = (typeof assetFileTypes)[number];

/** Allowed asset types: MIME type, its other names, and the extensions of its files, the usual one first. */
export const assetTypes: readonly { mime: string; also?: readonly string[]; extensions: readonly string[] }[] = [
  { mime: "image/jpeg", also: ["image/jpg", "image/pjpeg"], extensions: ["jpg", "jpeg"] },
  { mime: "image/png", extensions: ["png"] },
  { mime: "image/gif", extensions: ["gif"] },
  { mime: "image/svg+xml", extensions: ["svg"] },
  { mime: "image/webp", extensions: ["webp"] },
  { mime: "image/bmp", also: ["image/x-ms-bmp"], extensions: ["bmp"] },
  { mime: "image/x-icon", also: ["image/ico", "image/vnd.microsoft.icon"], extensions: ["ico"] },
  { mime: "video/mp4", also: ["video/x-m4v"], extensions: ["mp4", "m4v"] },
  { mime: "video/webm", extensions: ["webm"] },
  { mime: "video/ogg", extensions: ["ogv"] },
  { mime: "video/quicktime", extensions: ["mov"] },
  { mime: "video/x-msvideo", also: ["video/avi", "video/vnd.avi"], extensions: ["avi"] },
  { mime: "font/woff", also: ["application/font-woff", "application/x-font-woff"], extensions: ["woff"] },
  { mime: "font/woff2", also: ["application/font-woff2", "application/x-font-woff2"], extensions: ["woff2"] },
  { mime: "font/ttf", also: ["application/font-ttf", "application/x-font-ttf", "application/x-font-truetype"], extensions: ["ttf"] },
  { mime: "font/otf", also: ["application/font-otf", "application/x-font-otf", "application/x-font-opentype"], extensions: ["otf"] },
  { mime: "application/pdf", extensions: ["pdf"] },
  { mime: "audio/mpeg", also: ["audio/mp3"], extensions: ["mp3"] },
  { mime: "audio/wav", also: ["audio/x-wav", "audio/wave", "audio/vnd.wave"], extensions: ["wav"] },
  { mime: "audio/ogg", also: ["application/ogg"], extensions: ["ogg", "oga"] },
  { mime: "audio/webm", extensions: ["weba"] },
];

export const Asset = described(
  "A media file of a project. `directory` starts with a slash, `path` does not; the project's root is `/`.",
  Type.Object({
    id: Uuid,
    project_id: Uuid,
    filename: Type.String(),
    directory: Type.String(),
    path: Type.String(),
    file_type: Literals(...assetFileTypes),
    file_size: Type.Integer(),
    mime_type: Type.String(),
    width: described("In pixels; null if it is not a raster image", Nullable(Type.Integer())),
    height: Nullable(Type.Integer()),
    created_at: Timestamp,
    url: Type.String(),
  }),
);
export type Asset = Static<typeof Asset>;
export const AssetDirectory = described(
  "A folder of the project with the number of assets directly in it.",
  Type.Object({ directory: Type.String(), asset_count: Type.Integer() }),
);
export type AssetDirectory = Static<typeof AssetDirectory>;

const ProjectOnly = Type.Object({ id: ProjectRef });
const Params = Type.Object({ id: ProjectRef, asset_id: Uuid });
const Directory = Type.String({ maxLength: 1024 });

/** Rows follow the files: a file that was deleted from the tree is not listed, a moved one is listed at its new path. */
export const assetsRoutes = {
  list: route({
    method: "GET",
    path: "/api/projects/{id}/assets",
    tag,
    summary: "List assets",
    description: "The project's images, fonts, videos and documents, newest first.",
    auth: "user",
    params: ProjectOnly,
    query: Type.Object({
      ...pageQuery,
      directory: described("Only this directory, without subdirectories", Type.Optional(Directory)),
      file_type: Type.Optional(Literals(...assetFileTypes)),
      q: Type.Optional(Type.String({ maxLength: 200, description: "Matches part of the file name, case-insensitive" })),
    }),
    response: listOf(Asset),
    errors: ["bad_path", "not_found", "project_busy"],
  }),
  upload: route({
    method: "POST",
    path: "/api/projects/{id}/assets",
    tag,
    summary: "Upload asset",
    description: "Uploads one file of at most 20 MiB as the multipart field `file` into `directory` (default `public`).",
    auth: "user",
    kind: "upload",
    status: 201,
    params: ProjectOnly,
    formFields: { directory: Type.String({ maxLength: 1024, default: "public" }) },
    response: Asset,
    errors: [
      "asset_type_not_allowed",
      "bad_path",
      "path_traversal",
      "git_directory",
      "not_found",
      "conflict",
      "payload_too_large",
      "storage_full",
      "project_busy",
    ],
  }),
  directories: route({
    method: "GET",
    path: "/api/projects/{id}/assets/directories",
    tag,
    summary: "List asset directories",
    description: "Folders of the project, with the number of assets directly in each.",
    auth: "user",
    params: ProjectOnly,
    query: Type.Object(pageQuery),
    response: listOf(AssetDirectory),
    errors: ["not_found", "project_busy"],
  }),
  createDirectory: route({
    method: "POST",
    path: "/api/projects/{id}/assets/directories",
    tag,
    summary: "Create asset directory",
    description: "Creates a folder for assets. 200 if it exists already.",
    auth: "user",
    status: [201, 200],
    params: ProjectOnly,
    body: Type.Object({ directory: Directory }),
    response: AssetDirectory,
    errors: ["bad_path", "path_traversal", "git_directory", "not_found", "conflict", "storage_full", "project_busy"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/projects/{id}/assets/{asset_id}",
    tag,
    summary: "Update asset",
    description: "Renames or moves an asset together with its file.",
    auth: "user",
    params: Params,
    body: Type.Object({
      filename: Type.Optional(Type.String({ minLength: 1, maxLength: 255, pattern: "\\S" })),
      directory: Type.Optional(Directory),
    }),
    response: Asset,
    errors: ["bad_path", "path_traversal", "git_directory", "not_found", "conflict", "project_busy"],
  }),
  file: route({
    method: "GET",
    path: "/api/projects/{id}/assets/{asset_id}/file",
    tag,
    summary: "Download asset",
    description: "The bytes of an asset; supports `Range`. SVG is sent as an attachment.",
    requestHeaders: ["If-None-Match", "Range"],
    responseHeaders: ["ETag", "Content-Disposition"],
    isRanged: true,
    auth: "user",
    kind: "raw",
    contentType: "application/octet-stream",
    params: Params,
    query: Type.Object({
      v: Type.Optional(Type.String({ maxLength: 100, description: "Any value, to bypass the browser's cache" })),
    }),
    errors: ["not_found", "project_busy"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/projects/{id}/assets/{asset_id}",
    tag,
    summary: "Delete asset",
    description: "Deletes an asset and its file. The header `Checkpoint-Id` names the checkpoint that restores it.",
    responseHeaders: ["Checkpoint-Id"],
    auth: "user",
    status: 204,
    params: Params,
    errors: ["not_found", "project_busy"],
  }),
};
