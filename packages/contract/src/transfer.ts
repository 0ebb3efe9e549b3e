import { Literals, ProjectParams, Type, Uuid, extend, type Static } from "./schema.ts";
import { Project } from "./projects.ts";
import { route } from "./route.ts";

const tag = "projects";

const CreatedProject = extend(Project, { task_id: Uuid, status_url: Type.String() });
export const ForkProject = Type.Object({ name: Type.Optional(Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" })) });
const DownloadQuery = Type.Object({ format: Type.Optional(Literals("zip", "tar.gz")) });
export type DownloadFormat = NonNullable<Static<typeof DownloadQuery>["format"]>;

/** Projects in and out as a whole (accounts-projects 9): `download`, `import`, `fork`. */
export const transferRoutes = {
  download: route({
    method: "GET",
    path: "/api/projects/{id}/download",
    tag,
    summary: "The project's files as an archive, without what can be installed again",
    auth: "user",
    kind: "raw",
    contentType: "application/zip",
    otherContentTypes: ["application/gzip"],
    params: ProjectParams,
    query: DownloadQuery,
    errors: ["not_found", "project_busy"],
  }),
  /** Multipart with one zip file. A single folder around everything is left out. */
  import: route({
    method: "POST",
    path: "/api/projects/import",
    tag,
    summary: "Create a project from a zip archive (multipart, streamed)",
    auth: "user",
    kind: "upload",
    status: 201,
    query: Type.Object({
      /** Default: the archive's name. */
      name: Type.Optional(Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" })),
    }),
    response: CreatedProject,
    errors: ["bad_archive", "conflict", "payload_too_large", "storage_full", "project_limit_reached"],
  }),
  fork: route({
    method: "POST",
    path: "/api/projects/{id}/fork",
    tag,
    summary: "A copy of a project: files, containers and canvas, without secret values",
    auth: "user",
    status: 201,
    bodyOptional: true,
    params: ProjectParams,
    body: ForkProject,
    response: CreatedProject,
    errors: ["not_found", "project_busy", "project_limit_reached"],
  }),
};
