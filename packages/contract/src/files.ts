import { Literals, Nullable, ProjectRef, Timestamp, Type, Uuid, listOf, pageQuery, type Static } from "./schema.ts";
import { maxBatchPaths, maxListedFiles, maxListedPage } from "./limits.ts";
import { route } from "./route.ts";

const tag = "files";

/** accounts-projects 1, File. A directory's path ends in `/`, its size is 0 and its content null. In a list without contents every file counts as text. */
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

const SearchMatch = Type.Object({
  path: Type.String(),
  /** From 1. */
  line: Type.Integer(),
  /** Of the first hit in its line, in UTF-16 units from 1. */
  column: Type.Integer(),
  /** The line, or the part around the first hit when it is long. */
  text: Type.String(),
  /** Hits in `text`: start and end, in UTF-16 units. */
  ranges: Type.Array(Type.Tuple([Type.Integer(), Type.Integer()])),
});
export type SearchMatch = Static<typeof SearchMatch>;
const SearchDone = Type.Object({
  matches: Type.Integer(),
  files: Type.Integer(),
  /** False: there may be more than what was sent, for the `reason`. */
  is_complete: Type.Boolean(),
  reason: Nullable(Literals("limit", "timeout", "long_lines")),
});
const searchFrame = { seq: Type.Integer() };
/** A stream of `match` events, the first at once and in no order, then one `done`. */
const SearchEvent = Type.Union([
  Type.Object({ ...searchFrame, type: Type.Literal("match"), data: SearchMatch }),
  Type.Object({ ...searchFrame, type: Type.Literal("done"), data: SearchDone }),
]);
export type SearchEvent = Static<typeof SearchEvent>;
export type SearchQuery = Static<typeof SearchQuery>;
const SearchQuery = Type.Object({
  q: Type.String({ minLength: 1, maxLength: 1000, pattern: "^[^\\n\\r\\u0000]+$" }),
  regex: Type.Optional(Type.Boolean({ default: false })),
  case_sensitive: Type.Optional(Type.Boolean({ default: false })),
  /** Only files like this, e.g. `src/**` or `*.css`; with `!` in front all others. Several are separated by commas. */
  glob: Type.Optional(Type.String({ maxLength: 500 })),
});

/** accounts-projects 4.3 and 9 (`file-tree`, `file-search`, `file-batch`, `file-upload`). */
export const filesRoutes = {
  list: route({
    method: "GET",
    path: "/api/projects/{id}/files",
    tag,
    summary: "List the files of a project; with `content=true` also their text, up to 100,000 bytes each",
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
      container_dir: Type.Optional(
        Type.String({ maxLength: 1024, description: "List the files of this folder alone, by their paths in it" }),
      ),
      content: Type.Optional(
        Type.Boolean({ default: false, description: "Also read the files: `content`, `is_binary` and `encoding` are known then" }),
      ),
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
  search: route({
    method: "GET",
    path: "/api/projects/{id}/file-search",
    tag,
    summary: "Search file contents; hits come as they are found",
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
    summary: "Read up to 200 files in one call",
    auth: "user",
    params: ProjectOnly,
    bodyLimit: 1024 * 1024,
    body: Type.Object({ paths: Type.Array(Type.String(), { minItems: 1, maxItems: maxBatchPaths }) }),
    response: Type.Object({ files: Type.Array(File), errors: Type.Array(Type.Object({ path: Type.String(), code: Type.String() })) }),
    errors: ["not_found", "project_busy"],
  }),
  /** Multipart; the name of each part is its path, so that folders keep their form. All files appear, or none. */
  upload: route({
    method: "POST",
    path: "/api/projects/{id}/file-upload",
    tag,
    summary: "Upload files or folders (multipart, streamed)",
    auth: "user",
    kind: "upload",
    status: 201,
    params: ProjectOnly,
    query: Type.Object({
      /** Where in the project; default its root. */
      directory: Type.Optional(Type.String({ maxLength: 1024 })),
      /** Otherwise 409 with `details.paths` when something is there already. */
      overwrite: Type.Optional(Type.Boolean({ default: false })),
    }),
    /** `checkpoint_id`: has what was replaced, to go back to; null when nothing was. */
    response: Type.Object({ files: Type.Array(File), checkpoint_id: Nullable(Uuid) }),
    errors: ["bad_path", "not_found", "conflict", "payload_too_large", "storage_full", "git_directory", "project_busy"],
  }),
  rename: route({
    method: "POST",
    path: "/api/projects/{id}/files/rename",
    tag,
    summary: "Rename or move a file or directory",
    auth: "user",
    params: ProjectOnly,
    body: Type.Object({ old_path: Type.String(), new_path: Type.String(), overwrite: Type.Optional(Type.Boolean({ default: false })) }),
    /** `checkpoint_id`: has what was replaced; null when nothing was. */
    response: Type.Object({ old_path: Type.String(), new_path: Type.String(), checkpoint_id: Nullable(Uuid) }),
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
    summary: "Read a file (?raw=true for its bytes, with Range)",
    auth: "user",
    kind: "raw",
    params: Params,
    query: Type.Object({
      raw: Type.Optional(Type.Boolean({ default: false, description: "Answer with the bytes of the file as `application/octet-stream`" })),
    }),
    response: File,
    otherContentTypes: ["application/octet-stream"],
    isRanged: true,
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
    summary: "Delete a file, or a directory with ?recursive=true. The header Checkpoint-Id names the point in time that has it",
    auth: "user",
    status: 204,
    params: Params,
    query: Type.Object({ recursive: Type.Optional(Type.Boolean({ default: false })) }),
    errors: ["bad_path", "not_found", "is_directory", "etag_mismatch"],
  }),
};
