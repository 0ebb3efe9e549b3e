import { described, JsonObject, Literals, Nullable, Type, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "system";
export const SandboxDriver = described(
  "How this server runs sandboxes. `remote`: on a runner that it has not reached yet.",
  Literals("sandbox", "docker", "process", "kubernetes", "memory", "remote"),
);
export const IsolationLevel = described(
  "What separates sandboxes from each other and from this server. `unknown`: the runner has not been reached yet.",
  Literals("full", "no-netns", "process", "none", "unknown"),
);

export const PublicConfig = Type.Object({
  app_domain: Type.String(),
  preview_domain: Type.String(),
  deployment_mode: SandboxDriver,
  isolation: IsolationLevel,
  isolation_warnings: Type.Array(Type.String()),
  version: Type.String(),
  setup_required: described("There is no administrator yet", Type.Boolean()),
  setup_token_required: described(
    "Registering the first administrator needs the setup token printed at start, because the server is reachable from other machines",
    Type.Boolean(),
  ),
  no_accounts: described("No one has signed up yet. Until someone does, every page leads to registration", Type.Boolean()),
  landing_page: described("`/` is a landing page for people who are not signed in (setting `LANDING_PAGE`)", Type.Boolean()),
  sign_up: described(
    "Who can create an account (setting `SIGN_UP`): anyone, people who sign in with a provider, or only administrators. The first administrator can always register",
    Literals("open", "providers", "closed"),
  ),
  demo: described("Replies are scripted", Type.Boolean()),
  oidc_name: described("Name of the configured OpenID Connect provider", Nullable(Type.String())),
  features: Type.Object({
    billing: described("Runs cost credits", Type.Boolean()),
    stripe: described("Credits, plans and paid items can be bought", Type.Boolean()),
    google_oauth: Type.Boolean(),
    github_oauth: Type.Boolean(),
    oidc: Type.Boolean(),
    two_fa: Type.Boolean(),
    smtp: Type.Boolean(),
    passkeys: described("Passkeys work: the app is served over https under a host name, or on localhost", Type.Boolean()),
  }),
});
export type PublicConfig = Static<typeof PublicConfig>;

export const systemRoutes = {
  health: route({
    method: "GET",
    path: "/health",
    tag,
    summary: "Check liveness",
    description: "Answers as long as the process runs. Makes no database call, so it suits a liveness probe.",
    auth: "none",
    response: Type.Object({
      status: Type.Literal("healthy"),
      service: Type.String(),
      version: Type.String(),
      runtime: Type.Object({ driver: SandboxDriver, isolation: IsolationLevel }),
    }),
  }),
  ready: route({
    method: "GET",
    path: "/ready",
    tag,
    summary: "Check readiness",
    description:
      "Checks the database, the job queue and the sandbox driver. Answers 503 with the failed checks until all of them work. A check with `is_required: false`, that of a runner on another machine, does not: the status is `degraded` and the response 200, because everything that needs no project works.",
    auth: "none",
    response: Type.Object({ status: Type.String(), checks: JsonObject }),
    errors: ["unavailable"],
  }),
  metrics: route({
    method: "GET",
    path: "/metrics",
    tag,
    summary: "Get Prometheus metrics",
    description:
      "Metrics in the Prometheus text format. Requires the `METRICS_TOKEN` as a bearer token, an administrator's session, or, if no token is set, a request from this machine. All other requests get 404.",
    auth: "optional",
    kind: "raw",
    contentType: "text/plain",
    errors: ["not_found"],
  }),
  config: route({
    method: "GET",
    path: "/api/config",
    tag,
    summary: "Get public configuration",
    description:
      "What a client needs before sign-in: domains, the sandbox's isolation, which sign-in methods exist, whether anyone has an account, and whether the first administrator still has to register.",
    auth: "none",
    response: PublicConfig,
  }),
};
