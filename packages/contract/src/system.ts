import { JsonObject, Literals, Nullable, Type, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "system";
export const DeploymentMode = Literals("sandbox", "docker", "process", "memory");
export const Isolation = Literals("full", "no-netns", "process", "none");

export const PublicConfig = Type.Object({
  app_domain: Type.String(),
  preview_domain: Type.String(),
  deployment_mode: DeploymentMode,
  isolation: Isolation,
  isolation_warnings: Type.Array(Type.String()),
  version: Type.String(),
  /** No administrator exists yet. */
  setup_required: Type.Boolean(),
  /** Registration must carry the setup token printed at start to become administrator (the server is not bound to loopback only). */
  setup_token_required: Type.Boolean(),
  /** Replies come from a script. */
  demo: Type.Boolean(),
  /** How this server's own OpenID Connect provider is called, if it has one. */
  oidc_name: Nullable(Type.String()),
  features: Type.Object({
    stripe: Type.Boolean(),
    google_oauth: Type.Boolean(),
    github_oauth: Type.Boolean(),
    oidc: Type.Boolean(),
    two_fa: Type.Boolean(),
    smtp: Type.Boolean(),
    /** Signing in with a passkey: the studio is reached under a name over https (or on this machine). */
    passkeys: Type.Boolean(),
  }),
});
export type PublicConfig = Static<typeof PublicConfig>;

/** marketplace-billing-admin 10. */
export const systemRoutes = {
  health: route({
    method: "GET",
    path: "/health",
    tag,
    summary: "Liveness: the process answers; no database call",
    auth: "none",
    response: Type.Object({
      status: Type.Literal("healthy"),
      service: Type.String(),
      version: Type.String(),
      runtime: Type.Object({ driver: DeploymentMode, isolation: Isolation }),
    }),
  }),
  ready: route({
    method: "GET",
    path: "/ready",
    tag,
    summary: "Readiness: database, jobs and driver",
    auth: "none",
    response: Type.Object({ status: Type.String(), checks: JsonObject }),
    errors: ["unavailable"],
  }),
  metrics: route({
    method: "GET",
    path: "/metrics",
    tag,
    summary: "Numbers for Prometheus: for whoever has METRICS_TOKEN, an administrator, or (without a token) this machine; 404 for others",
    auth: "optional",
    kind: "raw",
    contentType: "text/plain",
    errors: ["not_found"],
  }),
  config: route({ method: "GET", path: "/api/config", tag, summary: "Public configuration", auth: "none", response: PublicConfig }),
};
