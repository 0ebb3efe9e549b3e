import { IdParams, JsonObject, listOf, Maybe, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { LoginResponse } from "./auth.ts";
import { route } from "./route.ts";
import { Proof, proofErrors } from "./second-factor.ts";

const tag = "auth";

export const Passkey = Type.Object({
  id: Uuid,
  name: Type.String(),
  is_synced: Type.Boolean({ description: "It is kept by a password manager and comes along to other devices" }),
  created_at: Timestamp,
  last_used_at: Nullable(Timestamp),
});
export type Passkey = Static<typeof Passkey>;

const Base64Url = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: "^[\\w-]+$" });
const credential = {
  id: Base64Url(2000),
  rawId: Base64Url(2000),
  type: Type.Literal("public-key"),
  clientExtensionResults: JsonObject,
  authenticatorAttachment: Maybe(Type.String({ maxLength: 50 })),
};
/** What a credential holds besides is up to the browser that made it, and has no effect. */
const madeByBrowser = { additionalProperties: true };
/** WebAuthn Level 3, RegistrationResponseJSON. */
export const NewCredential = Type.Object(
  {
    ...credential,
    response: Type.Object(
      {
        clientDataJSON: Base64Url(16_384),
        attestationObject: Base64Url(131_072),
        transports: Maybe(Type.Array(Type.String({ maxLength: 50 }), { maxItems: 20 })),
      },
      madeByBrowser,
    ),
  },
  madeByBrowser,
);
/** WebAuthn Level 3, AuthenticationResponseJSON. */
export const UsedCredential = Type.Object(
  {
    ...credential,
    response: Type.Object(
      {
        clientDataJSON: Base64Url(16_384),
        authenticatorData: Base64Url(16_384),
        signature: Base64Url(4096),
        userHandle: Maybe(Type.String({ maxLength: 200 })),
      },
      madeByBrowser,
    ),
  },
  madeByBrowser,
);
const Name = Type.String({ minLength: 1, maxLength: 100 });

/** accounts-projects 9: signing in with a passkey, in the place of password and second step. */
export const passkeysRoutes = {
  list: route({
    method: "GET",
    path: "/api/auth/passkeys",
    tag,
    summary: "One's passkeys, the newest first",
    auth: "user",
    keys: false,
    query: Type.Object(pageQuery),
    response: listOf(Passkey),
  }),
  begin: route({
    method: "POST",
    path: "/api/auth/passkeys/options",
    tag,
    summary: "What the browser needs to make a passkey; serves once, within 5 minutes, in this session",
    auth: "user",
    keys: false,
    body: Proof,
    bodyOptional: true,
    response: JsonObject,
    errors: [...proofErrors, "not_configured", "key_limit_reached"],
  }),
  create: route({
    method: "POST",
    path: "/api/auth/passkeys",
    tag,
    summary: "Keep the passkey that the browser made",
    auth: "user",
    keys: false,
    status: 201,
    body: Type.Object({ name: Maybe(Name), credential: NewCredential }),
    response: Passkey,
    errors: ["passkey_invalid", "key_limit_reached", "not_configured"],
  }),
  rename: route({
    method: "PATCH",
    path: "/api/auth/passkeys/{id}",
    tag,
    summary: "Rename a passkey",
    auth: "user",
    keys: false,
    params: IdParams,
    body: Type.Object({ name: Name }),
    response: Passkey,
    errors: ["not_found"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/auth/passkeys/{id}",
    tag,
    summary: "Remove a passkey; never the last way to sign in",
    auth: "user",
    keys: false,
    status: 204,
    params: IdParams,
    body: Proof,
    bodyOptional: true,
    errors: [...proofErrors, "not_found", "last_way_in"],
  }),
  beginSignIn: route({
    method: "POST",
    path: "/api/auth/passkeys/sign-in/options",
    tag,
    summary: "What the browser needs to sign in with a passkey; serves once, within 5 minutes, in this browser",
    auth: "none",
    csrf: false,
    response: JsonObject,
    errors: ["not_configured", "rate_limited"],
  }),
  signIn: route({
    method: "POST",
    path: "/api/auth/passkeys/sign-in",
    tag,
    summary: "Sign in with a passkey, which says by itself whose it is",
    auth: "none",
    csrf: false,
    body: Type.Object({ credential: UsedCredential }),
    response: LoginResponse,
    errors: ["passkey_refused", "not_configured", "rate_limited"],
  }),
};
