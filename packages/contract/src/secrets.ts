import { described, Literals, ProjectRef, Timestamp, Type, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "secrets";

export const Secret = described(
  "An environment variable of a project. Its value is never returned.",
  Type.Object({
    key: Type.String(),
    masked: Type.Literal("********"),
    created_at: Timestamp,
    updated_at: Timestamp,
  }),
);
export type Secret = Static<typeof Secret>;

export const SecretsImport = Type.Object({
  created: Type.Array(Type.String()),
  replaced: Type.Array(Type.String()),
  refused: Type.Array(
    Type.Object({
      key: Type.String(),
      code: Literals(
        "invalid_line",
        "invalid_key",
        "reserved_key",
        "empty_value",
        "value_too_large",
        "nul_character",
        "secret_limit_reached",
      ),
    }),
  ),
});
export type SecretsImport = Static<typeof SecretsImport>;

const ProjectIdParams = Type.Object({ project_id: ProjectRef });

export const secretsRoutes = {
  list: route({
    method: "GET",
    path: "/api/secrets/{project_id}",
    tag,
    summary: "List secrets",
    description: "Names of the project's secrets. Values are never returned.",
    auth: "user",
    params: ProjectIdParams,
    query: Type.Object(pageQuery),
    response: listOf(Secret),
    errors: ["not_found"],
  }),
  set: route({
    method: "POST",
    path: "/api/secrets/{project_id}",
    tag,
    summary: "Set secret",
    description: "Creates or replaces a secret. Running containers see it after a restart.",
    auth: "user",
    impersonation: false,
    status: [201, 200],
    params: ProjectIdParams,
    body: Type.Object({ key: Type.String({ maxLength: 1024 }), value: Type.String() }),
    response: Secret,
    errors: ["not_found", "invalid_secret", "reserved_key", "secret_limit_reached"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/secrets/{project_id}/{key}",
    tag,
    summary: "Delete secret",
    description: "Deletes a secret. Running containers keep it until a restart.",
    auth: "user",
    impersonation: false,
    status: 204,
    params: Type.Object({ project_id: ProjectRef, key: Type.String({ maxLength: 1024 }) }),
    errors: ["not_found"],
  }),
  import: route({
    method: "POST",
    path: "/api/secrets/{project_id}/import",
    tag,
    summary: "Import secrets",
    description: "Sets the variables of a text in .env format. Lines that cannot be imported are listed in `refused` with the reason.",
    auth: "user",
    impersonation: false,
    params: ProjectIdParams,
    body: Type.Object({ text: Type.String({ maxLength: 1_000_000 }) }),
    response: SecretsImport,
    errors: ["not_found"],
  }),
};
