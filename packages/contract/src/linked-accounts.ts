import { IdParams, listOf, Literals, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";
import { proof, Proof, proofErrors } from "./second-factor.ts";

const tag = "auth";

export const SignInProvider = Literals("google", "github", "oidc");
export type SignInProvider = Static<typeof SignInProvider>;

/** An account elsewhere that opens this one. */
export const LinkedAccount = Type.Object({
  id: Uuid,
  provider: SignInProvider,
  email: Nullable(Type.String({ description: "As the provider said when it was connected" })),
  is_usable: Type.Boolean({ description: "This server still lets people in by that provider" }),
  created_at: Timestamp,
});
export type LinkedAccount = Static<typeof LinkedAccount>;

export const linkedAccountsRoutes = {
  list: route({
    method: "GET",
    path: "/api/auth/linked-accounts",
    tag,
    summary: "Accounts elsewhere that open one's own, the newest first",
    auth: "user",
    keys: false,
    query: Type.Object(pageQuery),
    response: listOf(LinkedAccount),
  }),
  begin: route({
    method: "POST",
    path: "/api/auth/linked-accounts",
    tag,
    summary: "Where to go to connect an account elsewhere; leads back to /settings/security",
    auth: "user",
    keys: false,
    body: Type.Object({ provider: SignInProvider, ...proof }),
    response: Type.Object({ authorization_url: Type.String() }),
    errors: [...proofErrors, "oauth_not_configured", "bad_gateway"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/auth/linked-accounts/{id}",
    tag,
    summary: "Disconnect an account elsewhere; never the last way to sign in",
    auth: "user",
    keys: false,
    status: 204,
    params: IdParams,
    body: Proof,
    bodyOptional: true,
    errors: [...proofErrors, "not_found", "last_way_in"],
  }),
};
