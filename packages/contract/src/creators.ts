import { Nullable, Type } from "./schema.ts";
import { route } from "./route.ts";
import { PublicUser } from "./users.ts";

const tag = "creators";
const Username = Type.String({ minLength: 1, maxLength: 50 });

/** marketplace-billing-admin 13: public pages go by username. */
export const creatorsRoutes = {
  checkUsername: route({
    method: "GET",
    path: "/api/creators/check-username",
    tag,
    summary: "Whether one could take this username",
    auth: "user",
    query: Type.Object({ username: Username }),
    /** `reason` is a sentence, when not. */
    response: Type.Object({ available: Type.Boolean(), reason: Nullable(Type.String()) }),
    errors: ["rate_limited"],
  }),
  get: route({
    method: "GET",
    path: "/api/creators/{username}",
    tag,
    summary: "A user's public profile, by username in any case",
    auth: "none",
    params: Type.Object({ username: Username }),
    response: PublicUser,
    errors: ["not_found"],
  }),
};
