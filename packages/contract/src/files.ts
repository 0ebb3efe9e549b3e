import { described, Literals, Nullable, ProjectRef, Timestamp, Type, Uuid, listOf, pageQuery, type Static } from "./schema.ts";
import { maxBatchPaths, maxListedFiles, maxListedPage } from "./limits.ts";
import { route } from "./route.ts";

const tag = "files";

export const File = described(
  "A file or directory of a project. The path of a directory ends in `/`, its size is 0 and its content null. In lists without contents every file counts as text.",
  Type.Object({
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
  }),
);
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

export const SearchMatch = Type.Object({
  path: Type.String(),
  line: described("From 1", Type.Integer()),
  column: described("Of the first match in its line, in UTF-16 units from 1", Type.Integer()),
  text: described("The line, or the part around the first match of a long one", Type.String()),
  ranges: described("Matches in `text`: start and end in UTF-16 units", Type.Array(Type.Tuple([Type.Integer(), Type.Integer()]))),
});
export type SearchMatch = Static<typeof SearchMatch>;
export const SearchSummary = Type.Object({
  matches: Type.Integer(),
  files: Type.Integer(),
  is_complete: described("False: there may be more matches, for the given `reason`", Type.Boolean()),
  reason: Nullable(Literals("limit", "timeout", "long_lines")),
});
const searchFrame = { seq: Type.Integer() };
/** `match` events in no order, then one `done`. */
export const SearchEvent = Type.Union([
  Type.Object({ ...searchFrame, type: Type.Literal("match"), data: SearchMatch }),
  Type.Object({ ...searchFrame, type: Type.Literal("done"), data: SearchSummary }),
]);
export type SearchEvent = Static<typeof SearchEvent>;
export type SearchQuery = Static<typeof SearchQuery>;
const SearchQuery = Type.Object({
  q: Type.String({ minLength: 1, maxLength: 1000, pattern: "^[^\\n\\r\\u0000]+$" }),
  regex: Type.Optional(Type.Boolean({ default: false })),
  case_sensitive: Type.Optional(Type.Boolean({ default: false })),
  glob: described(
    "Only matching files, e.g. `src/**` or `*.css`; `!` in front excludes. Comma-separated",
    Type.Optional(Type.String({ maxLength: 500 })),
  ),
});

export const filesRoutes = {
  list: route({
    method: "GET",
    path: "/api/projects/{id}/files",
    tag,
    summary: "List files",
    description: "The files of a project in path order. With `content=true` also their text, up to 100,000 bytes each.",
    auth: "user",
    params: ProjectOnly,
    query: Type.Object({
      skip: pageQuery.skip,
      page: pageQuery.page,
      limit: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: maxListedPage,
          description: `Without it the whole list, up to ${maxListedFiles} files; with \`content=true\` 50. \`total\` counts all files`,
        }),
      ),
      container_dir: Type.Optional(Type.String({ maxLength: 1024, description: "Only files of this folder, with paths relative to it" })),
      content: Type.Optional(
        Type.Boolean({ default: false, description: "Also return `content`; only then `is_binary` and `encoding` are accurate" }),
      ),
    }),
    response: listOf(File),
    errors: ["not_found", "project_busy"],
  }),
  tree: route({
    method: "GET",
    path: "/api/projects/{id}/file-tree",
    tag,
    summary: "Get file tree",
    description: "All files and folders without contents, in one response.",
    auth: "user",
    params: ProjectOnly,
    response: Type.Object({ entries: Type.Array(TreeEntry) }),
    errors: ["not_found", "project_busy"],
  }),
  search: route({
    method: "GET",
    path: "/api/projects/{id}/file-search",
    tag,
    summary: "Search files",
    description:
      "Searches file contents and streams matches as server-sent events as they are found, in no order, then one `done` event with the totals.",
    auth: "user",
    kind: "sse",
    params: ProjectOnly,
    query: SearchQuery,
    events: SearchEvent,
    errors: ["not_found", "bad_request", "project_busy"],
  }),
  batch: route({
    method: "POST",
    path: "/api/projects/{id}/file-batch",
    tag,
    summary: "Read files",
    description: "Reads up to 200 files in one call. Files that cannot be read are listed in `errors`.",
    auth: "user",
    params: ProjectOnly,
    bodyLimit: 1024 * 1024,
    body: Type.Object({ paths: Type.Array(Type.String(), { minItems: 1, maxItems: maxBatchPaths }) }),
    response: Type.Object({ files: Type.Array(File), errors: Type.Array(Type.Object({ path: Type.String(), code: Type.String() })) }),
    errors: ["not_found", "project_busy"],
  }),
  upload: route({
    method: "POST",
    path: "/api/projects/{id}/file-upload",
    tag,
    summary: "Upload files",
    description:
      "Uploads files or folders as multipart parts; the `filename` of each part is its path, folders included. At most 2,000 files, 100 MiB each and 500 MiB together. All files appear or none. Existing files are refused (409 with `details.paths`) unless `overwrite` is true; `checkpoint_id` restores what was replaced.",
    auth: "user",
    kind: "upload",
    status: 201,
    params: ProjectOnly,
    query: Type.Object({
      directory: described("Target directory in the project; default its root", Type.Optional(Type.String({ maxLength: 1024 }))),
      overwrite: described("Otherwise existing files are 409 with `details.paths`", Type.Optional(Type.Boolean({ default: false }))),
    }),
    response: Type.Object({ files: Type.Array(File), checkpoint_id: Nullable(Uuid) }),
    errors: ["bad_path", "not_found", "conflict", "payload_too_large", "storage_full", "git_directory", "project_busy"],
  }),
  rename: route({
    method: "POST",
    path: "/api/projects/{id}/files/rename",
    tag,
    summary: "Move file",
    description: "Renames or moves a file or directory. With `overwrite`, `checkpoint_id` restores what was replaced.",
    auth: "user",
    params: ProjectOnly,
    body: Type.Object({ old_path: Type.String(), new_path: Type.String(), overwrite: Type.Optional(Type.Boolean({ default: false })) }),
    response: Type.Object({ old_path: Type.String(), new_path: Type.String(), checkpoint_id: Nullable(Uuid) }),
    errors: ["bad_path", "not_found", "conflict", "project_busy"],
  }),
  mkdir: route({
    method: "POST",
    path: "/api/projects/{id}/files/directory",
    tag,
    summary: "Create directory",
    description: "Creates a directory with its parents. 200 if it exists already.",
    auth: "user",
    status: [201, 200],
    params: ProjectOnly,
    body: Type.Object({ path: Type.String() }),
    response: File,
    errors: ["bad_path", "not_found", "conflict", "project_busy"],
  }),
  get: route({
    method: "GET",
    path: "/api/projects/{id}/files/{path}",
    tag,
    summary: "Read file",
    description:
      "The file as JSON, text as UTF-8 and other content as base64. With `raw=true` its bytes, and parts of them for a `Range` header.",
    requestHeaders: ["Range"],
    responseHeaders: ["ETag"],
    auth: "user",
    kind: "raw",
    params: Params,
    query: Type.Object({
      raw: Type.Optional(Type.Boolean({ default: false, description: "Return the bytes of the file as `application/octet-stream`" })),
    }),
    response: File,
    otherContentTypes: ["application/octet-stream"],
    isRanged: true,
    errors: ["bad_path", "not_found", "is_directory", "payload_too_large", "project_busy"],
  }),
  put: route({
    method: "PUT",
    path: "/api/projects/{id}/files/{path}",
    tag,
    summary: "Write file",
    description:
      "Writes a file atomically, at most 10 MiB. `If-Match` with the ETag of the version you read prevents lost updates; `If-None-Match: *` only creates. 412 `etag_mismatch` answers the current ETag.",
    requestHeaders: ["If-Match", "If-None-Match"],
    responseHeaders: ["ETag"],
    auth: "user",
    status: [201, 200],
    params: Params,
    bodyLimit: 24 * 1024 * 1024,
    body: Type.Object({ content: Type.String(), encoding: Type.Optional(Literals("utf-8", "base64")) }),
    response: File,
    errors: ["bad_path", "not_found", "conflict", "etag_mismatch", "payload_too_large", "storage_full", "git_directory", "project_busy"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/projects/{id}/files/{path}",
    tag,
    summary: "Delete file",
    description:
      "Deletes a file, or with `recursive` a directory. `If-Match` deletes only that version. The header `Checkpoint-Id` names the checkpoint that restores it.",
    requestHeaders: ["If-Match"],
    responseHeaders: ["Checkpoint-Id"],
    auth: "user",
    status: 204,
    params: Params,
    query: Type.Object({ recursive: Type.Optional(Type.Boolean({ default: false })) }),
    errors: ["bad_path", "not_found", "is_directory", "etag_mismatch", "project_busy"],
  }),
};
