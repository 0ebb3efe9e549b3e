import { described, Literals, ProjectParams, Type, Uuid, extend, type Static } from "./schema.ts";
import { Project } from "./projects.ts";
import { route } from "./route.ts";

const tag = "projects";

export const ProjectWithTask = extend(Project, { task_id: Uuid, status_url: Type.String() });
export const ForkProject = Type.Object({ name: Type.Optional(Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" })) });
const DownloadQuery = Type.Object({ format: Type.Optional(Literals("zip", "tar.gz")) });
export type DownloadFormat = NonNullable<Static<typeof DownloadQuery>["format"]>;

export const transferRoutes = {
  download: route({
    method: "GET",
    path: "/api/projects/{id}/download",
    tag,
    summary: "Download project",
    description: "The project's files as a zip or tar.gz archive, without installed dependencies and build output.",
    responseHeaders: ["Content-Disposition"],
    auth: "user",
    kind: "raw",
    contentType: "application/zip",
    otherContentTypes: ["application/gzip"],
    params: ProjectParams,
    query: DownloadQuery,
    errors: ["not_found", "project_busy"],
  }),
  import: route({
    method: "POST",
    path: "/api/projects/import",
    tag,
    summary: "Import project",
    description:
      "Creates a project from a zip archive in the multipart field `file`, streamed, at most 500 MiB and 50,000 entries. A single top-level folder is left out.",
    auth: "user",
    kind: "upload",
    status: 201,
    query: Type.Object({
      name: described("Default: the archive's name", Type.Optional(Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" }))),
    }),
    response: ProjectWithTask,
    errors: ["bad_archive", "conflict", "payload_too_large", "storage_full", "project_limit_reached"],
  }),
  fork: route({
    method: "POST",
    path: "/api/projects/{id}/fork",
    tag,
    summary: "Fork project",
    description: "Copies files, containers and canvas into a new project. Secret values are not copied.",
    auth: "user",
    status: 201,
    bodyOptional: true,
    params: ProjectParams,
    body: ForkProject,
    response: ProjectWithTask,
    errors: ["not_found", "project_busy", "project_limit_reached"],
  }),
};
