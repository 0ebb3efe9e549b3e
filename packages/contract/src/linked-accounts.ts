import {
  described,
  AuthorizationUrl,
  IdParams,
  listOf,
  Literals,
  Nullable,
  pageQuery,
  Timestamp,
  Type,
  Uuid,
  type Static,
} from "./schema.ts";
import { route } from "./route.ts";
import { proof, Proof, proofErrors } from "./second-factor.ts";

const tag = "account-security";

export const SignInProvider = Literals("google", "github", "oidc");
export type SignInProvider = Static<typeof SignInProvider>;

export const LinkedAccount = described(
  "An account at another provider that can sign in to yours.",
  Type.Object({
    id: Uuid,
    provider: SignInProvider,
    email: Nullable(Type.String({ description: "As the provider reported when it was linked" })),
    is_usable: Type.Boolean({ description: "Whether this server still accepts sign-ins of that provider" }),
    created_at: Timestamp,
  }),
);
export type LinkedAccount = Static<typeof LinkedAccount>;

export const linkedAccountsRoutes = {
  list: route({
    method: "GET",
    path: "/api/auth/linked-accounts",
    tag,
    summary: "List linked accounts",
    description: "Google, GitHub or OpenID Connect accounts that can sign in to your account, newest first.",
    auth: "user",
    keys: false,
    query: Type.Object(pageQuery),
    response: listOf(LinkedAccount),
  }),
  begin: route({
    method: "POST",
    path: "/api/auth/linked-accounts",
    tag,
    summary: "Link account",
    description: "Returns the provider's page to open. After approval the browser returns to `/settings/security`.",
    auth: "user",
    keys: false,
    body: Type.Object({ provider: SignInProvider, ...proof }),
    response: AuthorizationUrl,
    errors: [...proofErrors, "oauth_not_configured", "bad_gateway"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/auth/linked-accounts/{id}",
    tag,
    summary: "Unlink account",
    description: "Removes a linked account. The last sign-in method of an account cannot be removed (`last_way_in`).",
    auth: "user",
    keys: false,
    status: 204,
    params: IdParams,
    body: Proof,
    bodyOptional: true,
    errors: [...proofErrors, "not_found", "last_way_in"],
  }),
};
