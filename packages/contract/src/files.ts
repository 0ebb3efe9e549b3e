import { Literals, Nullable, ProjectRef, Timestamp, Type, Uuid, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "files";

/** accounts-projects 1, File. A directory's path ends in `/`, its size is 0 and its content null. */
export const File = Type.Object({
  id: Uuid,
  project_id: Uuid,
  path: Type.String(),
  is_directory: Type.Boolean(),
  size: Type.Integer(),
  etag: Type.String(),
  is_binary: Type.Boolean(),
  encoding: Literals("utf-8", "base64"),
  content: Nullable(Type.String()),
  updated_at: Timestamp,
});
export type File = Static<typeof File>;
export const TreeEntry = Type.Object({
  path: Type.String(),
  is_directory: Type.Boolean(),
  size: Type.Integer(),
  etag: Type.String(),
  mtime: Timestamp,
});
export type TreeEntry = Static<typeof TreeEntry>;

const ProjectOnly = Type.Object({ id: ProjectRef });
const Params = Type.Object({ id: ProjectRef, path: Type.String() });

/** Bytes of one text write; larger is 413. Base64 and JSON escapes make the body larger than that. */
export const maxFileBytes = 10 * 1024 * 1024;

/** accounts-projects 4.3 and 9 (`file-tree`). */
export const filesRoutes = {
  list: route({
    method: "GET",
    path: "/api/projects/{id}/files",
    tag,
    summary: "All files, with contents up to 100 000 bytes each",
    auth: "user",
    params: ProjectOnly,
    query: Type.Object({
      ...pageQuery,
      container_dir: Type.Optional(Type.String({ maxLength: 1024 })),
      content: Type.Optional(Type.Boolean({ default: true })),
    }),
    response: listOf(File),
    errors: ["not_found"],
  }),
  tree: route({
    method: "GET",
    path: "/api/projects/{id}/file-tree",
    tag,
    summary: "The whole tree without contents, in one call",
    auth: "user",
    params: ProjectOnly,
    response: Type.Object({ entries: Type.Array(TreeEntry) }),
    errors: ["not_found"],
  }),
  rename: route({
    method: "POST",
    path: "/api/projects/{id}/files/rename",
    tag,
    summary: "Rename or move a file or directory",
    auth: "user",
    params: ProjectOnly,
    body: Type.Object({ old_path: Type.String(), new_path: Type.String(), overwrite: Type.Optional(Type.Boolean({ default: false })) }),
    response: Type.Object({ old_path: Type.String(), new_path: Type.String() }),
    errors: ["bad_path", "not_found", "conflict"],
  }),
  mkdir: route({
    method: "POST",
    path: "/api/projects/{id}/files/directory",
    tag,
    summary: "Create a directory",
    auth: "user",
    status: [201, 200],
    params: ProjectOnly,
    body: Type.Object({ path: Type.String() }),
    response: File,
    errors: ["bad_path", "not_found", "conflict"],
  }),
  get: route({
    method: "GET",
    path: "/api/projects/{id}/files/{path}",
    tag,
    summary: "Read a file (?raw=true for its bytes)",
    auth: "user",
    kind: "raw",
    params: Params,
    query: Type.Object({ raw: Type.Optional(Type.Boolean({ default: false })) }),
    response: File,
    errors: ["bad_path", "not_found", "is_directory", "payload_too_large"],
  }),
  put: route({
    method: "PUT",
    path: "/api/projects/{id}/files/{path}",
    tag,
    summary: "Write a file atomically (If-Match, If-None-Match: *)",
    auth: "user",
    status: [201, 200],
    params: Params,
    bodyLimit: 24 * 1024 * 1024,
    body: Type.Object({ content: Type.String(), encoding: Type.Optional(Literals("utf-8", "base64")) }),
    response: File,
    errors: ["bad_path", "not_found", "conflict", "etag_mismatch", "payload_too_large", "storage_full", "git_directory"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/projects/{id}/files/{path}",
    tag,
    summary: "Delete a file, or a directory with ?recursive=true",
    auth: "user",
    status: 204,
    params: Params,
    query: Type.Object({ recursive: Type.Optional(Type.Boolean({ default: false })) }),
    errors: ["bad_path", "not_found", "is_directory", "etag_mismatch"],
  }),
};
