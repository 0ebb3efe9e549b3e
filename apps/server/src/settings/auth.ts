import { Type } from "typebox";
import { baseUrl, day, flag, group, integer, list, minute, oneOf, second, secret, text, url } from "./kinds.ts";

/** `config.auth` consists of `keys` (storage.ts), `sessions`, `signIn`, `oidc` and `forwardAuth` (http.ts). */
export const sessionSettings = group("Sessions and sign-in", {
  accessTokenMs: integer("ACCESS_TOKEN_EXPIRE_MINUTES", {
    minimum: 1,
    unit: "minutes",
    factor: minute,
    default: "15",
    description: "Lifetime of an access token in minutes",
  }),
  refreshTokenMs: integer("REFRESH_TOKEN_EXPIRE_DAYS", {
    minimum: 1,
    unit: "days",
    factor: day,
    default: "14",
    description: "Days of inactivity after which a session expires",
  }),
  signUp: Type.Object({
    mode: oneOf("SIGN_UP", ["open", "providers", "closed"], {
      default: "open",
      example: "closed",
      description:
        "Who can create an account: anyone (open), people who sign in with a provider (providers), or only administrators, with ./studio admin create --user (closed). The first administrator can always register",
    }),
    emailDomains: list("SIGN_UP_EMAIL_DOMAINS", Type.String({ pattern: "^[A-Za-z0-9.-]+\\.[A-Za-z0-9-]+$" }), {
      default: "",
      example: "example.com,example.org",
      description: "With SIGN_UP=providers: only email addresses of these domains get an account; empty: all",
    }),
  }),
  cookie: Type.Object({
    secure: Type.Optional(
      flag("COOKIE_SECURE", { example: "true", description: "Secure attribute of cookies. Default: true if APP_BASE_URL is https" }),
    ),
    sameSite: oneOf("COOKIE_SAMESITE", ["lax", "strict", "none"], {
      default: "lax",
      example: "strict",
      description: "SameSite attribute of cookies",
    }),
    domain: Type.Optional(
      text("COOKIE_DOMAIN", { example: "studio.example.com", description: "Domain attribute of cookies; empty: host-only cookies" }),
    ),
  }),
  csrfKey: secret("CSRF_SECRET_KEY", {
    example: "another-random-value-of-32-characters",
    description: "Signs CSRF tokens. Default: derived from SECRET_KEY",
  }),
  csrfMaxAgeMs: integer("CSRF_TOKEN_MAX_AGE", {
    minimum: 60,
    unit: "seconds",
    factor: second,
    default: "86400",
    description: "Lifetime of a CSRF token in seconds",
  }),
  twoFactor: Type.Object({
    isForAll: flag("TWO_FA_ENABLED", {
      default: "false",
      example: "true",
      description: "Require a code sent by email after the password, for all users",
    }),
    codeMs: integer("TWO_FA_CODE_EXPIRY_SECONDS", {
      minimum: 30,
      unit: "seconds",
      factor: second,
      default: "600",
      description: "Lifetime of a two-factor code in seconds",
    }),
    maxTries: integer("TWO_FA_MAX_ATTEMPTS", {
      minimum: 1,
      maximum: 20,
      default: "5",
      description: "Wrong attempts after which a two-factor code is invalid",
    }),
    attemptMs: integer("TWO_FA_TEMP_TOKEN_EXPIRY_SECONDS", {
      minimum: 30,
      unit: "seconds",
      factor: second,
      default: "600",
      description: "Seconds a sign-in waits for its two-factor code",
    }),
  }),
});

export const signIn = group("Sessions and sign-in", {
  google: Type.Object({
    clientId: text("GOOGLE_CLIENT_ID", {
      example: "1234.apps.example.com",
      description: "OAuth client for sign-in with Google; empty: disabled",
    }),
    clientSecret: secret("GOOGLE_CLIENT_SECRET", { example: "…", description: "Secret of the Google OAuth client" }),
    redirectUri: Type.Optional(
      url("GOOGLE_OAUTH_REDIRECT_URI", {
        example: "https://studio.example.com/api/auth/google/callback",
        description: "Redirect URI of sign-in with Google. Default: APP_BASE_URL/api/auth/google/callback",
      }),
    ),
    issuer: url("GOOGLE_ISSUER", {
      default: "https://accounts.google.com",
      example: "https://keycloak.example.com/realms/studio",
      description: "OpenID Connect issuer used for sign-in with Google",
    }),
  }),
  github: Type.Object({
    clientId: text("GITHUB_CLIENT_ID", {
      example: "Iv1.0123456789abcdef",
      description: "OAuth client for sign-in with GitHub and access to its repositories; empty: disabled",
    }),
    clientSecret: secret("GITHUB_CLIENT_SECRET", { example: "…", description: "Secret of the GitHub OAuth client" }),
    redirectUri: Type.Optional(
      url("GITHUB_OAUTH_REDIRECT_URI", {
        example: "https://studio.example.com/api/auth/github/callback",
        description: "Redirect URI of sign-in with GitHub. Default: APP_BASE_URL/api/auth/github/callback",
      }),
    ),
    baseUrl: baseUrl("GITHUB_BASE_URL", {
      default: "https://github.com",
      example: "https://github.example.com",
      description: "URL of GitHub or a GitHub Enterprise Server",
    }),
    apiUrl: baseUrl("GITHUB_API_URL", {
      default: "https://api.github.com",
      example: "https://github.example.com/api/v3",
      description: "API URL of GitHub or the GitHub Enterprise Server",
    }),
  }),
});

export const oidc = group("Sessions and sign-in", {
  issuer: url("OIDC_ISSUER", {
    example: "https://keycloak.example.com/realms/studio",
    description: "OpenID Connect issuer for single sign-on (Keycloak, Authentik, Entra, Okta …); empty: disabled",
  }),
  clientId: text("OIDC_CLIENT_ID", { example: "tesslate-studio", description: "OpenID Connect client" }),
  clientSecret: secret("OIDC_CLIENT_SECRET", {
    example: "…",
    description: "Secret of the OpenID Connect client; empty for a public client",
  }),
  name: text("OIDC_NAME", { default: "Single sign-on", example: "Example Corp", description: "Label of the single sign-on button" }),
  redirectUri: Type.Optional(
    url("OIDC_OAUTH_REDIRECT_URI", {
      example: "https://studio.example.com/api/auth/oidc/callback",
      description: "Redirect URI of single sign-on. Default: APP_BASE_URL/api/auth/oidc/callback",
    }),
  ),
  trustsEmail: flag("OIDC_TRUST_EMAIL", {
    default: "false",
    example: "true",
    description:
      "Trust email addresses the provider does not mark as verified (Entra). Only if users there cannot choose their own address",
  }),
});
