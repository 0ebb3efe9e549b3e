import { listOf, Literals, Maybe, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "auth";

/**
 * That it is really them who changes how they sign in: the password, or a code of their authenticator app. Accounts that have neither (they come in by an
 * account elsewhere or by a passkey) need not give any.
 */
export const proof = {
  current_password: Maybe(Type.String({ maxLength: 1024 })),
  code: Maybe(Type.String({ minLength: 6, maxLength: 6, description: "Of the authenticator app, in the place of the password" })),
};
export const Proof = Type.Object(proof);
export type Proof = Static<typeof Proof>;
export const proofErrors = ["current_password_required", "current_password_wrong", "code_invalid", "rate_limited"] as const;

/** Ways to take the second step of a sign-in. */
export const SecondStep = Literals("totp", "email", "recovery_code");
export type SecondStep = Static<typeof SecondStep>;

/** How one signs in, for the account's own page. */
export const Security = Type.Object({
  has_password: Type.Boolean(),
  /** Codes by mail after the password. */
  email_codes: Type.Boolean(),
  /** This server asks everybody for a second step. */
  is_required_here: Type.Boolean(),
  totp: Nullable(Type.Object({ confirmed_at: Timestamp, last_used_at: Nullable(Timestamp) })),
  recovery_codes_left: Type.Integer(),
  passkeys: Type.Integer(),
  linked_accounts: Type.Integer(),
});
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
  /** What with: `password`, `totp`, `passkey`, the name of a passkey or of a provider. */
  detail: Nullable(Type.String()),
  ip: Nullable(Type.String()),
  user_agent: Nullable(Type.String()),
  created_at: Timestamp,
});
export type SecurityEvent = Static<typeof SecurityEvent>;

const RecoveryCodes = Type.Object({
  recovery_codes: Type.Array(Type.String({ description: "Shown in this answer and never again; each opens the door once" })),
});

/** accounts-projects 9: authenticator app and recovery codes. */
export const secondFactorRoutes = {
  security: route({
    method: "GET",
    path: "/api/auth/security",
    tag,
    summary: "How one signs in: password, codes, recovery codes, passkeys, linked accounts",
    auth: "user",
    keys: false,
    response: Security,
  }),
  events: route({
    method: "GET",
    path: "/api/auth/security-events",
    tag,
    summary: "What happened to one's own account, the newest first",
    auth: "user",
    keys: false,
    query: Type.Object(pageQuery),
    response: listOf(SecurityEvent),
  }),
  beginTotp: route({
    method: "POST",
    path: "/api/auth/2fa/totp",
    tag,
    summary: "A new secret for an authenticator app; counts once a code of it was confirmed",
    auth: "user",
    keys: false,
    status: 201,
    body: Proof,
    bodyOptional: true,
    response: Type.Object({
      secret: Type.String({ description: "Base32, for typing" }),
      otpauth_url: Type.String({ description: "For a QR code" }),
    }),
    errors: [...proofErrors, "two_fa_already_on"],
  }),
  confirmTotp: route({
    method: "POST",
    path: "/api/auth/2fa/totp/confirm",
    tag,
    summary: "Switch the authenticator app on with a code of it; answers with new recovery codes",
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
    summary: "Switch the authenticator app off",
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
    summary: "New recovery codes in the place of all former ones",
    auth: "user",
    keys: false,
    status: 201,
    body: Proof,
    bodyOptional: true,
    response: RecoveryCodes,
    errors: [...proofErrors, "two_fa_not_on"],
  }),
};
