import { Nullable, ProjectRef, Type, Uuid } from "./schema.ts";
import { route } from "./route.ts";

const tag = "previews";
/** README rule 12. */
export const previewsRoutes = {
  ticket: route({
    method: "POST",
    path: "/api/projects/{id}/preview-ticket",
    tag,
    summary: "A single-use entry URL (30 s) into a container's preview",
    auth: "user",
    status: 201,
    params: Type.Object({ id: ProjectRef }),
    bodyOptional: true,
    body: Type.Object({
      container_id: Type.Optional(Nullable(Uuid)),
      path: Type.Optional(Type.String({ maxLength: 2000, pattern: "^/" })),
    }),
    response: Type.Object({ url: Type.String(), expires_in: Type.Integer() }),
    errors: ["not_found", "no_containers"],
  }),
};
