import { Nullable, ProjectParams, Timestamp, Type, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "notes";

/** A project's notes in Markdown (accounts-projects 9); empty and without a time until somebody writes. The `ETag` header names the version. */
export const Notes = Type.Object({ content: Type.String(), updated_at: Nullable(Timestamp) });
export type Notes = Static<typeof Notes>;
/** Characters of one project's notes. */
export const maxNotesLength = 500_000;

export const notesRoutes = {
  get: route({
    method: "GET",
    path: "/api/projects/{id}/notes",
    tag,
    summary: "The project's notes; ETag names their version",
    auth: "user",
    params: ProjectParams,
    response: Notes,
    errors: ["not_found"],
  }),
  put: route({
    method: "PUT",
    path: "/api/projects/{id}/notes",
    tag,
    summary: "Write the project's notes (If-Match guards against lost updates)",
    auth: "user",
    status: [201, 200],
    params: ProjectParams,
    bodyLimit: 4 * 1024 * 1024,
    body: Type.Object({ content: Type.String({ maxLength: maxNotesLength }) }),
    response: Notes,
    errors: ["not_found", "etag_mismatch"],
  }),
};
