import { ModelChoice } from "./model-choice.ts";
import { CostLimit, described, Literals, Maybe, Nullable, Timestamp, Type, Uuid, listOf, pageQuery, type Static } from "./schema.ts";
import { Reasoning } from "./reasoning.ts";
import { route } from "./route.ts";

const tag = "models";
export const Model = described(
  "A model that you can use.",
  Type.Object({
    id: Type.String(),
    name: Type.String(),
    source: Literals("system", "provider", "custom", "custom_provider"),
    provider: Type.String(),
    provider_name: Type.Optional(Type.String()),
    pricing: Nullable(Type.Object({ input: Type.Number(), output: Type.Number() })),
    vision: described(
      "Whether it accepts images. Null: unknown; then attached images are sent, but images of tool results are replaced by a sentence",
      Nullable(Type.Boolean()),
    ),
    available: Type.Boolean(),
    health: Nullable(Literals("healthy", "unhealthy", "timeout")),
    custom_id: Type.Optional(Nullable(Type.String())),
    disabled: Type.Boolean(),
    context_window: described("In tokens", Type.Integer()),
    reasoning: described("The levels of `reasoning` that it has; empty: none can be chosen", Type.Array(Reasoning)),
    tools: described(
      "`native`: by function calling. `text`: tools are described in the prompt, and its replies are read for calls. `none`: in its test it made no correct call either way; it gets tools as text, but rarely does useful work. Null: not tested, and its provider does not say",
      Nullable(Literals("native", "text", "none")),
    ),
    score: described("0 to 100, from its last test: how well it works with tools", Nullable(Type.Integer())),
    tokens_per_second: Nullable(Type.Integer()),
    message_cents: described("What a typical message of yours is charged in cents; 0 if nothing is", Type.Number()),
    is_price_known: described(
      "False: the model has no list price, and is charged at the server's default price (`unknown` of the price table)",
      Type.Boolean(),
    ),
    own_key: described("Your own key is used", Type.Boolean()),
  }),
);
export type Model = Static<typeof Model>;
export const ModelProvider = Type.Object({
  provider: Type.String(),
  name: Type.String(),
  description: Type.String(),
  has_key: Type.Boolean(),
  setup_required: Type.Boolean(),
  website: described("Where its keys are created, or where its program is downloaded; empty: no such page", Type.String()),
  needs_key: Type.Boolean(),
  base_url: described("Its own URL; null: it has none, and a connection must name one", Nullable(Type.String())),
});

export const ModelTrial = Type.Object({
  model: Type.String(),
  tools: Literals("native", "text", "none"),
  parallel_tools: Type.Boolean(),
  needs_repair: described("Its JSON had to be repaired", Type.Boolean()),
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
  fallback_models: described(
    "Model ids in order, used when a model is overloaded; null: the server's list",
    Nullable(Type.Array(Type.String({ maxLength: 200, pattern: "^[^/\\s]+/\\S+$" }), { maxItems: 10 })),
  ),
  max_cost_cents: described(
    "Cost limit in cents of a run that names none; null: only the server's limit. Calls with your own key count at list prices",
    Nullable(CostLimit(1_000_000)),
  ),
  own_key_day_cents: described(
    "Daily limit (UTC) in cents at list prices for calls with your own keys; null: no limit",
    Nullable(CostLimit(10_000_000)),
  ),
});
export type ModelPreferences = Static<typeof ModelPreferences>;
export const ModelConnectionTest = Type.Object({
  ok: Type.Boolean(),
  message: Type.String(),
  models: Type.Array(Type.String()),
  needs_model: described("The provider lists no models, so the test needs the name of one", Type.Optional(Type.Boolean())),
});
const ModelId = Type.String({ minLength: 3, maxLength: 200 });
export const OpenaiApi = described(
  "Which of OpenAI's APIs is called: the Responses API or chat completions. Default: the Responses API at OpenAI's own address, chat completions at others",
  Literals("responses", "chat"),
);
export type OpenaiApi = Static<typeof OpenaiApi>;

export const modelsRoutes = {
  list: route({
    method: "GET",
    path: "/api/marketplace/models",
    tag,
    summary: "List models",
    description:
      "Models that you can use, from this server's keys and your own. The list of a provider is cached for five minutes, a failed one for 30 seconds; a test of your key or endpoint ends that.",
    auth: "user",
    query: Type.Object(pageQuery),
    response: Type.Object({ ...listOf(Model).properties, default: Nullable(Type.String()), external_providers: Type.Array(ModelProvider) }),
  }),
  addCustom: route({
    method: "POST",
    path: "/api/marketplace/models/custom",
    tag,
    summary: "Create custom model",
    description: "Adds a model that its provider does not list.",
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
    summary: "Delete custom model",
    description: "Removes a custom model from your list.",
    auth: "user",
    status: 204,
    params: Type.Object({ id: Uuid }),
    errors: ["not_found"],
  }),
  selectForAgent: route({
    method: "POST",
    path: "/api/marketplace/agents/{id}/select-model",
    tag,
    summary: "Select model for agent",
    description: "Chooses the model that an agent of your library runs with. Null selects the agent's own.",
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
    summary: "Probe model",
    description: "Tests with a few small calls how well a model uses tools. Costs credits like any model call.",
    auth: "user",
    body: ModelChoice,
    response: ModelTrial,
    errors: ["unknown_model", "model_not_configured", "model_auth_failed", "model_error", "insufficient_credits"],
  }),
  health: route({
    method: "POST",
    path: "/api/models/health",
    tag,
    summary: "Check model health",
    description: "Makes one call of three tokens to see whether the model responds.",
    auth: "user",
    body: ModelChoice,
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
    summary: "Get run preferences",
    description: "Fallback models and cost limits of your runs.",
    auth: "user",
    response: ModelPreferences,
  }),
  setPreferences: route({
    method: "PATCH",
    path: "/api/models/preferences",
    tag,
    summary: "Update run preferences",
    description: "Changes fallback models and cost limits of your runs. Absent fields stay.",
    auth: "user",
    body: Type.Partial(ModelPreferences),
    response: ModelPreferences,
    errors: ["unknown_model"],
  }),
  setup: route({
    method: "GET",
    path: "/api/models/setup",
    tag,
    summary: "Get model setup",
    description:
      "What can be connected: providers with their state, an Ollama that runs at its default or configured address (only administrators are told), and the demo model.",
    auth: "user",
    response: Type.Object({
      configured: Type.Boolean(),
      default_model: Nullable(Type.String()),
      can_configure: Type.Boolean(),
      demo: Type.Boolean(),
      demo_available: Type.Boolean(),
      ollama: Nullable(Type.Object({ base_url: Type.String(), models: Type.Array(Type.String()) })),
      providers: Type.Array(ModelProvider),
    }),
  }),
  test: route({
    method: "POST",
    path: "/api/models/test",
    tag,
    summary: "Test provider key",
    description: "Tests a provider key with one small call. Nothing is stored.",
    auth: "superuser",
    body: Type.Object({
      provider: Type.String({ maxLength: 50 }),
      api_key: Maybe(Type.String({ maxLength: 500 })),
      base_url: Maybe(Type.String({ maxLength: 500 })),
      openai_api: Maybe(OpenaiApi),
      model: Maybe(Type.String({ maxLength: 200 })),
    }),
    response: ModelConnectionTest,
    errors: ["unknown_model", "outbound_refused"],
  }),
  configure: route({
    method: "PUT",
    path: "/api/models/setup",
    tag,
    summary: "Configure model provider",
    description: "Connects a provider for this server, or turns the demo model on or off. The key is stored encrypted.",
    auth: "superuser",
    body: Type.Union([
      Type.Object({
        kind: Type.Literal("provider"),
        provider: Type.String({ maxLength: 50 }),
        api_key: Maybe(Type.String({ maxLength: 500 })),
        base_url: Maybe(Type.String({ maxLength: 500 })),
        openai_api: Maybe(OpenaiApi),
        default_model: Type.String({ maxLength: 200 }),
      }),
      Type.Object({ kind: Type.Literal("demo"), enabled: Type.Boolean() }),
    ]),
    response: Type.Object({ configured: Type.Boolean(), default_model: Nullable(Type.String()), demo: Type.Boolean() }),
    errors: ["unknown_model", "model_auth_failed", "outbound_refused"],
  }),
};
