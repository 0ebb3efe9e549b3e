import { ModelConnectionTest } from "./models.ts";
import { ModelOverride } from "./model-choice.ts";
import { described, IdParams, listOf, Literals, Maybe, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "model-keys";

export const ModelKey = described(
  "Your own key for a provider: used instead of the server's, and not charged. The key is never returned.",
  Type.Object({
    id: Uuid,
    provider: Type.String({ description: "Slug of a built-in or custom provider" }),
    provider_name: Type.String(),
    key_name: Type.String(),
    last4: Type.String({ description: "The last four characters" }),
    base_url: Nullable(Type.String()),
    is_active: Type.Boolean(),
    expires_at: Nullable(Timestamp),
    last_used_at: Nullable(Timestamp),
    created_at: Timestamp,
  }),
);
export type ModelKey = Static<typeof ModelKey>;

export const EndpointApi = described(
  "The API of an endpoint: OpenAI's chat completions, OpenAI's Responses API, or Anthropic's messages.",
  Literals("openai", "openai_responses", "anthropic"),
);
export type EndpointApi = Static<typeof EndpointApi>;

export const CustomProvider = described(
  "Your own OpenAI- or Anthropic-compatible endpoint; its models are `custom/<slug>/<model>`.",
  Type.Object({
    id: Uuid,
    name: Type.String(),
    slug: Type.String(),
    base_url: Type.String(),
    api_type: EndpointApi,
    has_key: Type.Boolean(),
    header_names: Type.Array(Type.String(), { description: "Names of extra headers; their values are write-only" }),
    available_models: Type.Array(Type.String(), { description: "Empty: the models that the endpoint lists" }),
    is_active: Type.Boolean(),
    created_at: Timestamp,
  }),
);
export type CustomProvider = Static<typeof CustomProvider>;

export const KeyProvider = described(
  "A provider that you can store a key for.",
  Type.Object({
    provider: Type.String(),
    name: Type.String(),
    description: Type.String(),
    website: Type.String(),
    base_url: Type.String(),
    needs_key: Type.Boolean(),
    has_own_key: Type.Boolean(),
  }),
);
export const HiddenModels = described(
  "Models that you hide from the model picker.",
  Type.Object({ disabled_models: Type.Array(Type.String()) }),
);

const Key = Type.String({ minLength: 1, maxLength: 500 });
const Url = Type.String({ maxLength: 500, pattern: "^https?://" });
const Headers = Type.Record(Type.String({ pattern: "^[A-Za-z0-9-]{1,100}$" }), Type.String({ maxLength: 1000 }));
const Models = Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: 200 });

export const modelKeysRoutes = {
  list: route({
    method: "GET",
    path: "/api/secrets/api-keys",
    tag,
    summary: "List model keys",
    description: "Your own provider keys, without the keys themselves.",
    auth: "user",
    keys: false,
    query: Type.Object(pageQuery),
    response: listOf(ModelKey),
  }),
  create: route({
    method: "POST",
    path: "/api/secrets/api-keys",
    tag,
    summary: "Create model key",
    description:
      "Stores your own key for a provider, one per provider. Runs with it cost no credits. Some plans do not include own keys (`byok_not_in_tier`).",
    auth: "user",
    keys: false,
    status: 201,
    body: Type.Object({
      provider: Type.String({ minLength: 1, maxLength: 50 }),
      api_key: Key,
      key_name: Maybe(Type.String({ maxLength: 100 })),
      base_url: Maybe(Url),
      expires_at: Maybe(Timestamp),
    }),
    response: ModelKey,
    errors: ["unknown_provider", "conflict", "byok_not_in_tier", "outbound_refused"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/secrets/api-keys/{id}",
    tag,
    summary: "Update model key",
    description: "Replaces a key, or changes its name, endpoint, expiry or state.",
    auth: "user",
    keys: false,
    params: IdParams,
    body: Type.Object({
      api_key: Type.Optional(Key),
      key_name: Type.Optional(Type.String({ maxLength: 100 })),
      base_url: Maybe(Url),
      is_active: Type.Optional(Type.Boolean()),
      expires_at: Maybe(Timestamp),
    }),
    response: ModelKey,
    errors: ["not_found", "conflict", "byok_not_in_tier", "outbound_refused"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/secrets/api-keys/{id}",
    tag,
    summary: "Delete model key",
    description: "Deletes your key for a provider.",
    auth: "user",
    keys: false,
    status: 204,
    params: IdParams,
    errors: ["not_found"],
  }),
  test: route({
    method: "POST",
    path: "/api/secrets/api-keys/{id}/test",
    tag,
    summary: "Test model key",
    description: "Tests a stored key with one small call. Its provider's list of models is fetched again at its next use.",
    auth: "user",
    keys: false,
    params: IdParams,
    response: ModelConnectionTest,
    errors: ["not_found", "outbound_refused"],
  }),
  providers: route({
    method: "GET",
    path: "/api/secrets/providers",
    tag,
    summary: "List providers for own keys",
    description: "Providers that you can store a key for.",
    auth: "user",
    response: listOf(KeyProvider),
    query: Type.Object(pageQuery),
  }),
  customProviders: route({
    method: "GET",
    path: "/api/secrets/providers/custom",
    tag,
    summary: "List custom providers",
    description: "Your own OpenAI- or Anthropic-compatible endpoints.",
    auth: "user",
    query: Type.Object(pageQuery),
    response: listOf(CustomProvider),
  }),
  createCustomProvider: route({
    method: "POST",
    path: "/api/secrets/providers/custom",
    tag,
    summary: "Create custom provider",
    description:
      "Adds an endpoint; its models are `custom/<slug>/<model>`. Private addresses are refused unless the server allows them (`outbound_refused`).",
    auth: "user",
    keys: false,
    status: 201,
    body: Type.Object({
      name: Type.String({ minLength: 1, maxLength: 100 }),
      slug: Type.String({ pattern: "^[a-z0-9][a-z0-9_-]{0,49}$" }),
      base_url: Url,
      api_type: Type.Optional(EndpointApi),
      api_key: Maybe(Key),
      default_headers: Maybe(Headers),
      available_models: Maybe(Models),
    }),
    response: CustomProvider,
    errors: ["conflict", "byok_not_in_tier", "outbound_refused"],
  }),
  updateCustomProvider: route({
    method: "PATCH",
    path: "/api/secrets/providers/custom/{id}",
    tag,
    summary: "Update custom provider",
    description: "Changes an endpoint. Its slug does not change.",
    auth: "user",
    keys: false,
    params: IdParams,
    body: Type.Object({
      name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
      base_url: Type.Optional(Url),
      api_type: Type.Optional(EndpointApi),
      api_key: Maybe(Key),
      default_headers: Maybe(Headers),
      available_models: Maybe(Models),
      is_active: Type.Optional(Type.Boolean()),
    }),
    response: CustomProvider,
    errors: ["not_found", "byok_not_in_tier", "outbound_refused"],
  }),
  removeCustomProvider: route({
    method: "DELETE",
    path: "/api/secrets/providers/custom/{id}",
    tag,
    summary: "Delete custom provider",
    description: "Deletes an endpoint and its key.",
    auth: "user",
    keys: false,
    status: 204,
    params: IdParams,
    errors: ["not_found"],
  }),
  testCustomProvider: route({
    method: "POST",
    path: "/api/secrets/providers/custom/{id}/test",
    tag,
    summary: "Test custom provider",
    description: "Tests an endpoint with one small call. Its list of models is fetched again at its next use.",
    auth: "user",
    keys: false,
    params: IdParams,
    body: ModelOverride,
    bodyOptional: true,
    response: ModelConnectionTest,
    errors: ["not_found", "outbound_refused"],
  }),
  preferences: route({
    method: "GET",
    path: "/api/secrets/model-preferences",
    tag,
    summary: "List hidden models",
    description: "Models that you hide from the model picker.",
    auth: "user",
    response: HiddenModels,
  }),
  setPreference: route({
    method: "PUT",
    path: "/api/secrets/model-preferences",
    tag,
    summary: "Show or hide model",
    description: "Shows or hides a model in the model picker.",
    auth: "user",
    body: Type.Object({ model_id: Type.String({ minLength: 1, maxLength: 200 }), enabled: Type.Boolean() }),
    response: HiddenModels,
  }),
};
