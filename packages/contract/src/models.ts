import { Literals, Maybe, Nullable, Type, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "models";
/** agent-git-deploy 4.17: one usable model. */
export const Model = Type.Object({
  id: Type.String(),
  name: Type.String(),
  source: Literals("system", "provider", "custom", "custom_provider"),
  provider: Type.String(),
  provider_name: Type.Optional(Type.String()),
  pricing: Nullable(Type.Object({ input: Type.Number(), output: Type.Number() })),
  /** Whether it can be shown pictures; null: nobody told us. */
  vision: Nullable(Type.Boolean()),
  available: Type.Boolean(),
  health: Nullable(Literals("healthy", "unhealthy", "timeout")),
  custom_id: Type.Optional(Nullable(Type.String())),
  disabled: Type.Boolean(),
});
export type Model = Static<typeof Model>;
export const Provider = Type.Object({
  provider: Type.String(),
  name: Type.String(),
  description: Type.String(),
  has_key: Type.Boolean(),
  setup_required: Type.Boolean(),
  website: Type.String(),
});

/** agent-git-deploy 4.17 and 10; the set-up card of the web UI. */
export const modelsRoutes = {
  list: route({
    method: "GET",
    path: "/api/marketplace/models",
    tag,
    summary: "Models the caller can use",
    auth: "user",
    query: Type.Object(pageQuery),
    response: Type.Object({ ...listOf(Model).properties, default: Nullable(Type.String()), external_providers: Type.Array(Provider) }),
  }),
  setup: route({
    method: "GET",
    path: "/api/models/setup",
    tag,
    summary: "What can be connected: providers with a key, a local Ollama found, the demo",
    auth: "user",
    response: Type.Object({
      configured: Type.Boolean(),
      default_model: Nullable(Type.String()),
      can_configure: Type.Boolean(),
      demo: Type.Boolean(),
      demo_available: Type.Boolean(),
      ollama: Nullable(Type.Object({ base_url: Type.String(), models: Type.Array(Type.String()) })),
      providers: Type.Array(Provider),
    }),
  }),
  test: route({
    method: "POST",
    path: "/api/models/test",
    tag,
    summary: "Try a provider key live with one tiny call; nothing is stored",
    auth: "superuser",
    body: Type.Object({
      provider: Type.String({ maxLength: 50 }),
      api_key: Maybe(Type.String({ maxLength: 500 })),
      base_url: Maybe(Type.String({ maxLength: 500 })),
      model: Maybe(Type.String({ maxLength: 200 })),
    }),
    response: Type.Object({ ok: Type.Boolean(), message: Type.String(), models: Type.Array(Type.String()) }),
    errors: ["unknown_model", "outbound_refused"],
  }),
  configure: route({
    method: "PUT",
    path: "/api/models/setup",
    tag,
    summary: "Connect a provider for this server (key stored encrypted), or switch the scripted demo on or off",
    auth: "superuser",
    body: Type.Union([
      Type.Object({
        kind: Type.Literal("provider"),
        provider: Type.String({ maxLength: 50 }),
        api_key: Maybe(Type.String({ maxLength: 500 })),
        base_url: Maybe(Type.String({ maxLength: 500 })),
        default_model: Type.String({ maxLength: 200 }),
      }),
      Type.Object({ kind: Type.Literal("demo"), enabled: Type.Boolean() }),
    ]),
    response: Type.Object({ configured: Type.Boolean(), default_model: Nullable(Type.String()), demo: Type.Boolean() }),
    errors: ["unknown_model", "model_auth_failed", "outbound_refused"],
  }),
};
