import { described, Nullable, ProjectParams, Timestamp, Type, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "notes";

export const Notes = described(
  "A project's notes in Markdown; empty and without a time until the first write.",
  Type.Object({ content: Type.String(), updated_at: Nullable(Timestamp) }),
);
export type Notes = Static<typeof Notes>;
/** Characters of one project's notes. */
export const maxNotesLength = 500_000;

export const notesRoutes = {
  get: route({
    method: "GET",
    path: "/api/projects/{id}/notes",
    tag,
    summary: "Get notes",
    description: "The project's notes in Markdown. The `ETag` names their version.",
    requestHeaders: ["If-None-Match"],
    responseHeaders: ["ETag"],
    auth: "user",
    params: ProjectParams,
    response: Notes,
    errors: ["not_found"],
  }),
  put: route({
    method: "PUT",
    path: "/api/projects/{id}/notes",
    tag,
    summary: "Update notes",
    description: "Replaces the project's notes. `If-Match` prevents lost updates.",
    requestHeaders: ["If-Match"],
    responseHeaders: ["ETag"],
    auth: "user",
    status: [201, 200],
    params: ProjectParams,
    bodyLimit: 4 * 1024 * 1024,
    body: Type.Object({ content: Type.String({ maxLength: maxNotesLength }) }),
    response: Notes,
    errors: ["not_found", "etag_mismatch"],
  }),
};
