import { described, Nullable, Type, Uuid, type Static } from "./schema.ts";
import { maxSearchLength } from "./limits.ts";
import { route } from "./route.ts";

export const SearchResults = described(
  "What a text finds, best match first. Each list has at most `limit` entries.",
  Type.Object({
    projects: Type.Array(Type.Object({ id: Uuid, name: Type.String(), slug: Type.String() })),
    chats: described(
      "Your chats with a title",
      Type.Array(Type.Object({ id: Uuid, title: Type.String(), project_name: Type.String(), project_slug: Type.String() })),
    ),
    agents: described(
      "Your own, those in your library, and those in the store",
      Type.Array(
        Type.Object({
          id: Uuid,
          name: Type.String(),
          slug: Type.String(),
          is_own: described("You created it", Type.Boolean()),
          in_library: Type.Boolean(),
        }),
      ),
    ),
    templates: described(
      "Your own, those in your library, and those in the store",
      Type.Array(
        Type.Object({
          id: Uuid,
          name: Type.String(),
          slug: Type.String(),
          is_own: described("You created it", Type.Boolean()),
          in_library: Type.Boolean(),
        }),
      ),
    ),
    people: described(
      "Accounts by name, username or email. Empty unless an administrator searches with their session",
      Type.Array(
        Type.Object({ id: Uuid, name: Type.String(), username: Type.String(), email: Type.String(), avatar_url: Nullable(Type.String()) }),
      ),
    ),
  }),
);
export type SearchResults = Static<typeof SearchResults>;

export const searchRoutes = {
  find: route({
    method: "GET",
    path: "/api/search",
    tag: "search",
    summary: "Search",
    description:
      "Finds your projects and chats, agents, templates and, for administrators, accounts. Every word of the text must occur; matches at the start of a name come first. Only what you may see is found.",
    auth: "user",
    query: Type.Object({
      q: Type.String({ minLength: 1, maxLength: maxSearchLength, pattern: "\\S", description: "Words to find; the first 6 count" }),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 20, default: 6, description: "Entries in each list" })),
    }),
    response: SearchResults,
    errors: ["rate_limited"],
  }),
};
