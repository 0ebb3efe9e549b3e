import { CostLimit, Literals, Maybe, Nullable, Timestamp, Type, Uuid, listOf, pageQuery, type Static } from "./schema.ts";
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
  /** Tokens. */
  context_window: Type.Integer(),
  /** How it calls tools; null: it was not tried. */
  tools: Nullable(Literals("native", "text", "none")),
  /** 0 to 100, from its last trial: how well it works with tools. */
  score: Nullable(Type.Integer()),
  tokens_per_second: Nullable(Type.Integer()),
  /** What a message like the caller's usual ones costs with it, in cents; 0 where nothing is charged, null where the price is not known. */
  message_cents: Nullable(Type.Number()),
  /** The caller's own key answers. */
  own_key: Type.Boolean(),
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

export const ModelTrial = Type.Object({
  model: Type.String(),
  tools: Literals("native", "text", "none"),
  parallel_tools: Type.Boolean(),
  /** Its JSON had to be repaired. */
  needs_repair: Type.Boolean(),
  reports_usage: Type.Boolean(),
  vision: Nullable(Type.Boolean()),
  score: Type.Integer({ minimum: 0, maximum: 100 }),
  context_window: Nullable(Type.Integer()),
  first_token_ms: Nullable(Type.Integer()),
  tokens_per_second: Nullable(Type.Integer()),
  probed_at: Timestamp,
  expires_at: Timestamp,
});
export type ModelTrial = Static<typeof ModelTrial>;
export const ModelPreferences = Type.Object({
  /** Ordered ids that answer when a model is overloaded; null: the server's list. */
  fallback_models: Nullable(Type.Array(Type.String({ maxLength: 200, pattern: "^[^/\\s]+/\\S+$" }), { maxItems: 10 })),
  /** Cap of a run that names none, in cents; null: the server's alone. Calls with one's own key count at list prices. */
  max_cost_cents: Nullable(CostLimit(1_000_000)),
  /** What calls with one's own keys may cost on one day (UTC), in cents at list prices; null: any amount. */
  own_key_day_cents: Nullable(CostLimit(10_000_000)),
});
export type ModelPreferences = Static<typeof ModelPreferences>;
const ModelId = Type.String({ minLength: 3, maxLength: 200 });

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
  addCustom: route({
    method: "POST",
    path: "/api/marketplace/models/custom",
    tag,
    summary: "Offer a model that its provider does not list",
    auth: "user",
    status: 201,
    body: Type.Object({ model_id: ModelId, name: Maybe(Type.String({ minLength: 1, maxLength: 100 })) }),
    response: Model,
    errors: ["unknown_model", "conflict"],
  }),
  removeCustom: route({
    method: "DELETE",
    path: "/api/marketplace/models/custom/{id}",
    tag,
    summary: "Offer that model no more",
    auth: "user",
    status: 204,
    params: Type.Object({ id: Uuid }),
    errors: ["not_found"],
  }),
  selectForAgent: route({
    method: "POST",
    path: "/api/marketplace/agents/{id}/select-model",
    tag,
    summary: "Choose the model that an agent of the caller's library runs with; null: the agent's own",
    auth: "user",
    params: Type.Object({ id: Type.String({ maxLength: 100 }) }),
    body: Type.Object({ model: Nullable(ModelId) }),
    response: Type.Object({ model: Nullable(Type.String()) }),
    errors: ["not_found", "forbidden", "unknown_model", "model_not_configured"],
  }),
  probe: route({
    method: "POST",
    path: "/api/models/probe",
    tag,
    summary: "Try what a model can do with tools, with a few tiny calls; charged as usage",
    auth: "user",
    body: Type.Object({ model: ModelId }),
    response: ModelTrial,
    errors: ["unknown_model", "model_not_configured", "model_auth_failed", "model_error", "insufficient_credits"],
  }),
  health: route({
    method: "POST",
    path: "/api/models/health",
    tag,
    summary: "Does the model answer? One call of three tokens",
    auth: "user",
    body: Type.Object({ model: ModelId }),
    response: Type.Object({
      model: Type.String(),
      health: Literals("healthy", "unhealthy", "timeout"),
      latency_ms: Nullable(Type.Integer()),
      message: Type.String(),
    }),
    errors: ["unknown_model", "model_not_configured", "insufficient_credits"],
  }),
  preferences: route({
    method: "GET",
    path: "/api/models/preferences",
    tag,
    summary: "Fallbacks and cap of the caller's runs",
    auth: "user",
    response: ModelPreferences,
  }),
  setPreferences: route({
    method: "PATCH",
    path: "/api/models/preferences",
    tag,
    summary: "Change fallbacks and cap of the caller's runs",
    auth: "user",
    body: Type.Partial(ModelPreferences),
    response: ModelPreferences,
    errors: ["unknown_model"],
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
