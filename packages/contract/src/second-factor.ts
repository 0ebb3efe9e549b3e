import { described, listOf, Literals, Maybe, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "account-security";

/**
 * Proof for a change of sign-in methods: the password, or a code of the authenticator app. Accounts without either (they sign in with a linked
 * account or a passkey) need none.
 */
export const proof = {
  current_password: Maybe(Type.String({ maxLength: 1024 })),
  code: Maybe(Type.String({ minLength: 6, maxLength: 6, description: "A code of the authenticator app instead of the password" })),
};
export const Proof = Type.Object(proof);
export type Proof = Static<typeof Proof>;
export const proofErrors = ["current_password_required", "current_password_wrong", "code_invalid", "rate_limited"] as const;

/** Second factors of a sign-in. */
export const SecondStep = Literals("totp", "email", "recovery_code");
export type SecondStep = Static<typeof SecondStep>;

export const Security = described(
  "The sign-in methods of your account.",
  Type.Object({
    has_password: Type.Boolean(),
    email_codes: described("Codes by email after the password", Type.Boolean()),
    is_required_here: described("This server requires a second factor from all users", Type.Boolean()),
    totp: Nullable(Type.Object({ confirmed_at: Timestamp, last_used_at: Nullable(Timestamp) })),
    recovery_codes_left: Type.Integer(),
    passkeys: Type.Integer(),
    linked_accounts: Type.Integer(),
  }),
);
export type Security = Static<typeof Security>;

export const SecurityEventKind = Literals(
  "signed_in",
  "second_step_wrong",
  "refresh_reused",
  "password_changed",
  "password_reset",
  "email_changed",
  "email_codes_on",
  "email_codes_off",
  "totp_on",
  "totp_off",
  "recovery_codes_made",
  "passkey_added",
  "passkey_removed",
  "passkey_refused",
  "account_linked",
  "account_unlinked",
);
export type SecurityEventKind = Static<typeof SecurityEventKind>;
export const SecurityEvent = Type.Object({
  id: Uuid,
  kind: SecurityEventKind,
  detail: described("What was used: `password`, `totp`, `passkey`, or the name of a passkey or provider", Nullable(Type.String())),
  ip: Nullable(Type.String()),
  user_agent: Nullable(Type.String()),
  created_at: Timestamp,
});
export type SecurityEvent = Static<typeof SecurityEvent>;

export const RecoveryCodes = Type.Object({
  recovery_codes: Type.Array(Type.String({ description: "Returned only once. Each code works once" })),
});

export const secondFactorRoutes = {
  security: route({
    method: "GET",
    path: "/api/auth/security",
    tag,
    summary: "Get sign-in methods",
    description: "How your account signs in: password, two-factor codes, recovery codes left, passkeys and linked accounts.",
    auth: "user",
    keys: false,
    response: Security,
  }),
  events: route({
    method: "GET",
    path: "/api/auth/security-events",
    tag,
    summary: "List security events",
    description: "Sign-ins and changes to the sign-in methods of your account, newest first.",
    auth: "user",
    keys: false,
    query: Type.Object(pageQuery),
    response: listOf(SecurityEvent),
  }),
  beginTotp: route({
    method: "POST",
    path: "/api/auth/2fa/totp",
    tag,
    summary: "Set up authenticator app",
    description:
      "Returns a new secret for an authenticator app. It takes effect when a code is confirmed at `POST /api/auth/2fa/totp/confirm`.",
    auth: "user",
    keys: false,
    status: 201,
    body: Proof,
    bodyOptional: true,
    response: Type.Object({
      secret: Type.String({ description: "Base32, for manual entry" }),
      otpauth_url: Type.String({ description: "For a QR code" }),
    }),
    errors: [...proofErrors, "two_fa_already_on"],
  }),
  confirmTotp: route({
    method: "POST",
    path: "/api/auth/2fa/totp/confirm",
    tag,
    summary: "Confirm authenticator app",
    description: "Turns on the authenticator app with a code from it. Returns new recovery codes, which are not shown again.",
    auth: "user",
    keys: false,
    body: Type.Object({ code: Type.String({ minLength: 6, maxLength: 6 }) }),
    response: RecoveryCodes,
    errors: ["code_invalid", "two_fa_not_begun", "two_fa_already_on", "rate_limited"],
  }),
  removeTotp: route({
    method: "DELETE",
    path: "/api/auth/2fa/totp",
    tag,
    summary: "Turn off authenticator app",
    description: "Turns off codes from the authenticator app and deletes its recovery codes. Requires the current password or a code.",
    auth: "user",
    keys: false,
    status: 204,
    body: Proof,
    bodyOptional: true,
    errors: [...proofErrors, "not_found"],
  }),
  makeRecoveryCodes: route({
    method: "POST",
    path: "/api/auth/2fa/recovery-codes",
    tag,
    summary: "Create recovery codes",
    description: "Replaces all recovery codes by new ones, which are not shown again. Each works once.",
    auth: "user",
    keys: false,
    status: 201,
    body: Proof,
    bodyOptional: true,
    response: RecoveryCodes,
    errors: [...proofErrors, "two_fa_not_on"],
  }),
};
