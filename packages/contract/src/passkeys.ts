import { NewName, IdParams, JsonObject, listOf, Maybe, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { LoginResponse } from "./auth.ts";
import { route } from "./route.ts";
import { Proof, proofErrors } from "./second-factor.ts";

const tag = "account-security";

export const Passkey = Type.Object({
  id: Uuid,
  name: Type.String(),
  is_synced: Type.Boolean({ description: "Synced by a password manager to other devices" }),
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
/** Browsers add further fields, which have no effect. */
const browserFields = { additionalProperties: true };
/** WebAuthn Level 3, RegistrationResponseJSON. */
export const PasskeyRegistration = Type.Object(
  {
    ...credential,
    response: Type.Object(
      {
        clientDataJSON: Base64Url(16_384),
        attestationObject: Base64Url(131_072),
        transports: Maybe(Type.Array(Type.String({ maxLength: 50 }), { maxItems: 20 })),
      },
      browserFields,
    ),
  },
  browserFields,
);
/** WebAuthn Level 3, AuthenticationResponseJSON. */
export const PasskeyAssertion = Type.Object(
  {
    ...credential,
    response: Type.Object(
      {
        clientDataJSON: Base64Url(16_384),
        authenticatorData: Base64Url(16_384),
        signature: Base64Url(4096),
        userHandle: Maybe(Type.String({ maxLength: 200 })),
      },
      browserFields,
    ),
  },
  browserFields,
);
const Name = Type.String({ minLength: 1, maxLength: 100 });

/** Signing in with a passkey replaces password and second factor. */
export const passkeysRoutes = {
  list: route({
    method: "GET",
    path: "/api/auth/passkeys",
    tag,
    summary: "List passkeys",
    description: "Your passkeys, newest first.",
    auth: "user",
    keys: false,
    query: Type.Object(pageQuery),
    response: listOf(Passkey),
  }),
  begin: route({
    method: "POST",
    path: "/api/auth/passkeys/options",
    tag,
    summary: "Start passkey registration",
    description: "Returns WebAuthn creation options for the browser. They work once, within 5 minutes, in this session.",
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
    summary: "Create passkey",
    description: "Stores the passkey that the browser created with the options of `POST /api/auth/passkeys/options`.",
    auth: "user",
    keys: false,
    status: 201,
    body: Type.Object({ name: Maybe(Name), credential: PasskeyRegistration }),
    response: Passkey,
    errors: ["passkey_invalid", "key_limit_reached", "not_configured"],
  }),
  rename: route({
    method: "PATCH",
    path: "/api/auth/passkeys/{id}",
    tag,
    summary: "Rename passkey",
    description: "Changes the name shown in the list of passkeys.",
    auth: "user",
    keys: false,
    params: IdParams,
    body: NewName,
    response: Passkey,
    errors: ["not_found"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/auth/passkeys/{id}",
    tag,
    summary: "Delete passkey",
    description: "Deletes a passkey. The last sign-in method of an account cannot be deleted (`last_way_in`).",
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
    summary: "Start passkey sign-in",
    description: "Returns WebAuthn request options for the browser. They work once, within 5 minutes, in this browser.",
    auth: "none",
    csrf: false,
    response: JsonObject,
    errors: ["not_configured", "rate_limited"],
  }),
  signIn: route({
    method: "POST",
    path: "/api/auth/passkeys/sign-in",
    tag,
    summary: "Sign in with passkey",
    description: "Verifies the browser's assertion and signs in its owner. No second factor is required.",
    auth: "none",
    csrf: false,
    body: Type.Object({ credential: PasskeyAssertion }),
    response: LoginResponse,
    errors: ["passkey_refused", "not_configured", "rate_limited"],
  }),
};
